// What stands beside the tables: the figures, protocols and listeners, closes, phases,
// loops and cold starts.

import { Chart } from './chart.js';
import { $, el, keyed, setAttribute, setHidden, setText, svg } from './dom.js';
import { byteRate, bytes, count, duration, percent, plural, rate, words } from './format.js';
import { badge, isolated, Table, text } from './table.js';
import { recentCloses, utilisation } from './verdict.js';

export class Panels {
  #charts = {
    sessions: new Chart($('chart-sessions'), count),
    new: new Chart($('chart-new'), rate),
    to: new Chart($('chart-to'), byteRate),
    from: new Chart($('chart-from'), byteRate),
  };
  #closes = closesTable();
  #listeners = listenersTable();

  show(history) {
    const { stats } = history.latest;
    this.#traffic(history, stats);
    showGauges(history, stats);
    showStarts(stats.cold_starts);
    showLoops(history, stats.loops ?? []);
    showPhases(history, stats.phases ?? {});
    showProtocols(stats.listeners ?? []);
    this.#listeners.show((stats.listeners ?? []).map((l, i) => ({ ...l, ...listenerRates(history, i) })));
    setText($('closes-span'), `last ${duration(Math.round(history.span))}`);
    this.#closes.show(recentCloses(history).filter((c) => c.total > 0));
  }

  #traffic(history, stats) {
    const { at } = history.latest;
    const most = stats.max_sessions > 0 ? `of ${count(stats.max_sessions)}, ${percent(stats.active / stats.max_sessions)}` : '';
    this.#charts.sessions.show(history.points((s) => s.active), at, stats.active, most);
    const curve = (chart, figure) => chart.show(history.rates(figure), at, history.rate(figure));
    curve(this.#charts.new, (s) => s.accepted);
    curve(this.#charts.to, (s) => s.to_clients);
    curve(this.#charts.from, (s) => s.from_clients);
  }
}

const sum = (counts) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);

// showGauges has the figures of the machine and of the proxy that need no curve.
// One that an older server doesn't tell is left out.
function showGauges(history, stats) {
  const p = stats.process ?? {};
  const routes = (s) => (s.routes?.hits ?? NaN) + (s.routes?.asked ?? 0);
  const gauges = [
    { title: 'CPU', value: history.rate((s) => s.process?.cpu_seconds), write: (n) => `${percent(n)}`, hint: 'of one core' },
    { title: 'Memory', value: p.memory_bytes, write: bytes, hint: 'resident' },
    { title: 'Files', value: p.files, write: count, hint: p.max_files ? `of ${count(p.max_files)}` : '', share: p.files / p.max_files },
    { title: 'HTTP requests', value: history.rate((s) => s.requests), write: rate },
    { title: 'Refused', value: history.rate((s) => sum(s.refused), 60), write: rate, hint: 'sessions, requests' },
    { title: 'Routes cached', value: stats.routes?.routes, write: count },
    { title: 'Cache hits', value: history.ratio((s) => s.routes?.hits, routes), write: percent, hint: 'of route look-ups' },
  ];
  keyed($('gauges'), gauges.filter((g) => Number.isFinite(g.value)), {
    key: (g) => g.title,
    create: (g) => el('div', {}, el('dt', {}, g.title), el('dd', {}), el('small')),
    update: (node, g) => {
      setText(node.children[1], g.write(g.value));
      setText(node.children[2], g.hint ?? '');
      setAttribute(node, 'data-level', g.share >= 0.9 ? 'warn' : null);
    },
  });
}

// bar is a share as a picture; what it says stands beside it as text.
function bar() {
  return svg('svg', { class: 'bar-of', viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'track', width: 100, height: 4 }), svg('rect', { class: 'fill', width: 0, height: 4 }));
}

const setBar = (node, share) => setAttribute(node.lastElementChild, 'width', (100 * Math.min(1, Math.max(0, share || 0))).toFixed(1));

// showBars lists {name, share, figure, note}.
function showBars(list, rows) {
  keyed(list, rows, {
    key: (r) => r.name,
    create: (r) => el('li', {}, el('span.what', {}, r.name), el('b'), el('small'), bar()),
    update: (li, r) => {
      setText(li.children[1], r.figure);
      setText(li.children[2], r.note ?? '');
      setBar(li.children[3], r.share);
    },
  });
}

function showProtocols(listeners) {
  const active = new Map();
  for (const l of listeners) active.set(l.protocol, (active.get(l.protocol) ?? 0) + l.active);
  const all = [...active.values()].reduce((a, b) => a + b, 0);
  showBars($('protocols'), [...active].sort((a, b) => b[1] - a[1])
    .map(([name, n]) => ({ name, share: n / all, figure: count(n), note: all ? percent(n / all) : '' })));
}

function listenerRates(history, i) {
  const of = (figure) => history.rate((s) => s.listeners?.[i]?.[figure]);
  return { new: of('accepted'), to: of('to_clients'), from: of('from_clients') };
}

function listenersTable() {
  return new Table($('listeners-table'), {
    label: 'Listeners', key: (l) => l.name, sort: { id: 'active', down: true }, none: 'There is no listener.',
    columns: [
      { id: 'name', title: 'Listener', value: (l) => l.name, show: (c, l) => isolated(c, l.name, [l.protocol, l.address].filter(Boolean).join(' ')) },
      { id: 'active', title: 'Sessions', figure: true, value: (l) => l.active, show: text((l) => count(l.active)) },
      { id: 'new', title: 'New', figure: true, value: (l) => l.new, show: text((l) => rate(l.new)) },
      { id: 'to', title: 'To, from clients', figure: true, value: (l) => l.to, show: showBoth },
    ],
  });
}

function showBoth(cell, listener) {
  if (!cell.firstElementChild) cell.append(el('span'), el('small'));
  setText(cell.firstElementChild, byteRate(listener.to));
  setText(cell.lastElementChild, byteRate(listener.from));
}

const BLAME = {
  problem: { level: 'bad', label: 'problem', rank: 2 },
  client: { level: 'warn', label: 'client', rank: 1 },
  ordinary: { level: 'quiet', label: 'usual', rank: 0 },
};

// gravity sorts what is wrong now before what is usual, and that before what is over.
const gravity = (c) => (c.recent > 0 ? 1e15 * (BLAME[c.blame].rank + 1) : 0) + c.recent * 1e3 + Math.min(c.total, 1e3) / 1e3;

function closesTable() {
  return new Table($('closes-table'), {
    label: 'Reasons for which sessions ended', key: (c) => c.reason, sort: { id: 'recent', down: true }, none: 'No session has ended yet.',
    columns: [
      { id: 'name', title: 'Reason', value: (c) => c.reason, show: (c, r) => isolated(c, words(r.reason)) },
      { id: 'state', title: 'Kind', value: (c) => BLAME[c.blame].rank, show: (c, r) => badge(c, BLAME[r.blame].label, r.recent > 0 ? BLAME[r.blame].level : 'quiet') },
      { id: 'recent', title: 'Recently', figure: true, value: gravity, show: text((c) => (c.recent > 0 ? count(c.recent) : '–')) },
      { id: 'total', title: 'In all', figure: true, value: (c) => c.total, show: text((c) => count(c.total)) },
    ],
  });
}

// In the order of a session's life; others come behind.
const PHASES = ['introducing', 'securing', 'detecting', 'resolving', 'waking', 'connecting', 'securing_backend', 'opening',
  'first_byte', 'asking', 'flushing'];
// How long these are says nothing of the proxy.
const LASTING = new Set(['relaying', 'standing', 'closed']);

function showPhases(history, phases) {
  const order = (name) => (PHASES.includes(name) ? PHASES.indexOf(name) : PHASES.length);
  const rows = Object.keys(phases).filter((n) => !LASTING.has(n) && phases[n].count > 0)
    .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1)).map((name) => phaseRow(history, name));
  const slowest = rows.reduce((most, r) => Math.max(most, r.mean || 0), 0);
  setText($('phases-span'), 'mean of the last minute');
  showBars($('phases-list'), rows.map((r) => ({ ...r, share: r.mean / slowest })));
}

function phaseRow(history, name) {
  const of = (figure) => (s) => s.phases?.[name]?.[figure] ?? 0;
  const mean = history.ratio(of('seconds'), of('count'));
  return { name: words(name), mean, figure: duration(mean), note: rate(history.rate(of('count'), 60)) };
}

function showLoops(history, loops) {
  setHidden($('loops'), loops.length === 0);
  setText($('loops-count'), count(loops.length));
  keyed($('loops-list'), loops.map((loop, i) => ({ ...loop, i })), {
    key: (l) => l.i,
    create: (l) => el('li', {}, el('span.what', {}, `Loop ${l.i}`), el('b'), bar(), el('small')),
    update: (li, l) => showLoop(li, l, utilisation(history, l.i)),
  });
}

function showLoop(li, loop, busy) {
  setText(li.children[1], percent(busy));
  setBar(li.children[2], busy);
  setText(li.children[3], `lag ${duration(loop.lag_seconds)}, ${plural(loop.sessions, 'session')}`);
  setAttribute(li, 'data-level', loop.lag_seconds >= 0.1 ? 'bad' : busy >= 0.9 ? 'warn' : null);
}

const START = { waking: 'info', probing: 'info', admitting: 'good' };

function showStarts(starts) {
  setHidden($('starts'), !starts);
  if (!starts) return;
  const now = starts.under_way ?? [];
  const waiting = `${plural(starts.waiting, 'client')} waiting`;
  setText($('starts-count'), starts.starting > 0 ? `${count(starts.starting)} under way, ${waiting}` : 'none under way');
  keyed($('starts-list'), now, {
    key: (s) => `${s.protocol} ${s.resource}`,
    create: (s) => el('li', {}, el('bdi', {}, s.resource), el('span'), el('b'), el('small')),
    update: (li, s) => {
      badge(li.children[1], s.phase, START[s.phase] ?? 'info');
      setText(li.children[2], `${count(s.waiting)} waiting`);
      setText(li.children[3], `${s.protocol}, for ${duration(s.age_seconds)}`);
    },
  });
  setHidden($('starts-figures'), !starts.begun);
  showFigures($('starts-figures'), [
    ['Begun', count(starts.begun)], ['Ready', count(starts.ready)], ['Failed', count(starts.failed)],
    ['Timed out', count(starts.timed_out)], ['Turned away', count(starts.overflows)], ['Slowest', duration(starts.slowest_seconds)],
  ]);
}

function showFigures(list, figures) {
  keyed(list, figures, {
    key: ([title]) => title,
    create: ([title]) => el('div', {}, el('dt', {}, title), el('dd')),
    update: (node, [, value]) => setText(node.lastElementChild, value),
  });
}
