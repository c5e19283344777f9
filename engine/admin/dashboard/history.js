// What the server said in the last five minutes. Counters count from its start: all
// rates here are differences between two of its answers, over its own clock.

export const SPAN = 300; // seconds
const RECENT = 60; // seconds, for what is rare or jumps about
const MOMENT = 2.5; // seconds: the last two or three answers

export class History {
  samples = []; // {at, stats, broken}, the oldest first
  #broken = false;

  // add takes an answer of /stats. It is false if the server has started anew since
  // the one before, when nothing earlier counts any more.
  add(stats, receivedAt = Date.now()) {
    const at = (stats.time ? Date.parse(stats.time) : receivedAt) / 1000;
    const last = this.latest;
    const same = !last || (last.stats.started === stats.started && last.stats.accepted <= stats.accepted);
    if (!same) this.samples = [];
    if (this.latest && at <= this.latest.at) return same;
    this.samples.push({ at, stats, broken: this.#broken });
    this.#broken = false;
    while (this.samples[0].at < at - SPAN) this.samples.shift();
    return same;
  }

  // interrupt says that nobody has asked for a while: the next answer isn't joined to
  // the last one by a line.
  interrupt() { this.#broken = true; }

  get latest() { return this.samples.at(-1); }

  // since returns the first sample of the last so many seconds, but one that is
  // not the latest if there are two.
  since(seconds) {
    const from = this.latest.at - seconds;
    const i = this.samples.findIndex((s) => s.at >= from);
    return this.samples[Math.max(0, Math.min(i, this.samples.length - 2))];
  }

  // grown is how much a figure has grown in the last so many seconds, and in how
  // many of them it was seen to.
  grown(figure, seconds) {
    const last = this.latest;
    const first = this.since(seconds);
    return { by: (figure(last.stats) ?? NaN) - (figure(first.stats) ?? 0), seconds: last.at - first.at };
  }

  // rate is grown per second; NaN as long as there is one answer.
  rate(figure, seconds = MOMENT) {
    const { by, seconds: passed } = this.grown(figure, seconds);
    return passed > 0 ? Math.max(0, by) / passed : NaN;
  }

  // ratio is how much one figure grew for each unit of another, NaN if that did not.
  ratio(figure, per, seconds = RECENT) {
    const below = this.grown(per, seconds).by;
    return below > 0 ? this.grown(figure, seconds).by / below : NaN;
  }

  // span is how many seconds of the last five minutes are known.
  get span() { return this.latest.at - this.samples[0].at; }

  // points are a figure's values over time, for a chart.
  points(figure) {
    return this.samples.map((s) => ({ at: s.at, value: figure(s.stats), broken: s.broken }));
  }

  // rates are a counter's rates over time.
  rates(figure) {
    return this.samples.slice(1).map((s, i) => {
      const before = this.samples[i];
      return { at: s.at, value: Math.max(0, figure(s.stats) - figure(before.stats)) / (s.at - before.at), broken: s.broken };
    });
  }
}

// RowRates keeps counters of rows (endpoints, resources) from one answer to the
// next and makes rates of them.
export class RowRates {
  #last = new Map();

  // update takes the rows of an answer and returns those with their rates.
  update(rows, key, figures, now = performance.now() / 1000) {
    const seen = new Map();
    const rated = rows.map((row) => {
      const k = key(row);
      seen.set(k, { row, now });
      return { ...row, ...this.#rates(this.#last.get(k), row, figures, now) };
    });
    this.#last = seen;
    return rated;
  }

  #rates(before, row, figures, now) {
    const passed = before ? now - before.now : 0;
    return Object.fromEntries(figures.map((f) => [f + '_rate', passed > 0 ? Math.max(0, row[f] - before.row[f]) / passed : NaN]));
  }
}
