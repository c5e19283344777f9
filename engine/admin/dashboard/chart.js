// A figure with its last five minutes as a curve, drawn as SVG.

import { el, setAttribute, setText, svg } from './dom.js';
import { SPAN } from './history.js';
import { clock } from './format.js';

const WIDTH = 300; // one unit a second
const HEIGHT = 56;

export class Chart {
  // root gets the chart after its heading; write makes text of a value.
  constructor(root, write) {
    this.write = write;
    this.title = root.querySelector('h2').textContent;
    this.figure = el('p.figure', {}, '–');
    this.note = el('p.note', {}, '\u00a0');
    this.area = svg('path', { class: 'area' });
    this.line = svg('path', { class: 'line' });
    this.cursor = svg('line', { class: 'cursor', y1: 0, y2: HEIGHT, visibility: 'hidden' });
    this.picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' }, this.area, this.line, this.cursor);
    root.append(this.figure, this.note, this.picture);
    this.picture.addEventListener('pointermove', (e) => this.#point(e.offsetX / this.picture.clientWidth));
    this.picture.addEventListener('pointerleave', () => this.#point(null));
  }

  // show draws points up to now, and the figure of this moment. usual is what the
  // note says while nobody points at the curve; ceiling, if any, is the least the
  // curve's height stands for.
  show(points, now, value, usual = '', ceiling = 0) {
    this.points = points;
    this.now = now;
    const peak = points.reduce((most, p) => Math.max(most, p.value), 0);
    this.usual = usual || `peak ${this.write(peak)}`;
    setText(this.figure, this.write(value));
    const line = this.#path(Math.max(peak * 1.1, ceiling) || 1);
    setAttribute(this.line, 'd', line.d);
    setAttribute(this.area, 'd', line.filled);
    setAttribute(this.picture, 'aria-label', `${this.title}: ${this.write(value)}, ${this.usual} in the last five minutes`);
    this.#describe();
  }

  #x(p) { return Math.max(0, WIDTH - ((this.now - p.at) * WIDTH) / SPAN); }

  // #path is the curve, with a gap where nobody asked, and the area below it.
  #path(top) {
    let d = '', filled = '', begun = null;
    this.points.forEach((p, i) => {
      const at = `${this.#x(p).toFixed(1)} ${(HEIGHT - (p.value / top) * HEIGHT).toFixed(1)}`;
      if (i === 0 || p.broken) {
        if (begun !== null) filled += `L${begun.last} ${HEIGHT}Z`;
        d += `M${at}`;
        filled += `M${this.#x(p).toFixed(1)} ${HEIGHT}L${at}`;
        begun = {};
      } else {
        d += `L${at}`;
        filled += `L${at}`;
      }
      begun.last = this.#x(p).toFixed(1);
    });
    return { d, filled: begun === null ? '' : `${filled}L${begun.last} ${HEIGHT}Z` };
  }

  // #point notes at which moment somebody looks, as a share of the width.
  #point(share) {
    this.pointed = share;
    this.#describe();
  }

  #describe() {
    const p = this.pointed === null || this.pointed === undefined ? null : this.#nearest(this.pointed * WIDTH);
    setAttribute(this.cursor, 'visibility', p ? 'visible' : 'hidden');
    if (p) {
      setAttribute(this.cursor, 'x1', this.#x(p));
      setAttribute(this.cursor, 'x2', this.#x(p));
    }
    setText(this.note, p ? `${this.write(p.value)} at ${clock(new Date(p.at * 1000))}` : this.usual ?? '');
  }

  #nearest(x) {
    return (this.points ?? []).reduce((best, p) => (best && Math.abs(this.#x(best) - x) <= Math.abs(this.#x(p) - x) ? best : p), null);
  }
}
