// A table whose rows keep their elements from one answer to the next, and which can be
// sorted by any of its columns. On a narrow screen each row is a card (style.css),
// where cells show their column's title.

import { el, keyed, setAttribute, setHidden, setText } from './dom.js';
import { count } from './format.js';

const MORE = 50; // rows with each "more"
// At first a table shows as many as leave the next one in reach.
const first = () => (matchMedia('(max-width: 680px)').matches ? 6 : 15);

export class Table {
  #columns;
  #key;
  #body = el('tbody', { role: 'rowgroup' });
  #more = el('button.more', { type: 'button' });
  #none;
  #limit = first();
  #rows = [];

  // columns are {id, title, value(row), show(cell, row), first, figure, plain}: what it
  // is sorted by, how a cell shows it, whether the first click sorts it downwards,
  // whether it is a number, and whether it can't be sorted.
  constructor(root, { label, columns, key, sort, none }) {
    this.#columns = columns;
    this.#key = key;
    this.sort = sort; // {id, down}
    this.#none = el('p.none', {}, none);
    this.table = el('table', { role: 'table', 'aria-label': label }, this.#head(), this.#body);
    this.#more.addEventListener('click', () => { this.#limit += MORE; this.#draw(); });
    root.append(this.table, this.#none, this.#more);
  }

  #head() {
    const cells = this.#columns.map((c) => {
      c.head = el(`th.${c.id}` + (c.figure ? '.figure' : ''), { scope: 'col', role: 'columnheader' });
      if (c.plain) c.head.append(el('span.unseen', {}, c.title));
      else c.head.append(this.#sorter(c));
      return c.head;
    });
    return el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...cells));
  }

  #sorter(column) {
    const button = el('button.sort', { type: 'button' }, column.title);
    button.addEventListener('click', () => {
      const again = this.sort.id === column.id;
      this.sort = { id: column.id, down: again ? !this.sort.down : Boolean(column.figure) };
      this.#draw(true);
    });
    return button;
  }

  // show takes the rows of an answer.
  show(rows) {
    this.#rows = rows;
    this.#draw();
  }

  // #draw leaves rows where they are while somebody is at them, unless it was asked for.
  #draw(asked = false) {
    const sorted = this.#sorted();
    const shown = sorted.slice(0, this.#limit);
    keyed(this.#body, shown, {
      key: this.#key,
      create: () => this.#row(),
      update: (tr, row) => this.#columns.forEach((c, i) => c.show(tr.cells[i], row)),
      held: !asked && this.#isTouched(),
    });
    for (const c of this.#columns) setAttribute(c.head, 'aria-sort', c.id === this.sort.id ? (this.sort.down ? 'descending' : 'ascending') : null);
    setHidden(this.#none, shown.length > 0);
    setHidden(this.table, shown.length === 0);
    setHidden(this.#more, sorted.length <= shown.length);
    setText(this.#more, `Show ${count(Math.min(MORE, sorted.length - shown.length))} more of ${count(sorted.length)}`);
  }

  // A finger leaves :hover behind where it was; a mouse doesn't.
  #isTouched() {
    return this.#body.contains(document.activeElement) || (matchMedia('(hover: hover)').matches && this.#body.matches(':hover'));
  }

  #row() {
    return el('tr', { role: 'row' }, ...this.#columns.map((c) => el(
      `td.${c.id}` + (c.figure ? '.figure' : ''), { role: 'cell', 'data-title': c.plain ? '' : c.title })));
  }

  #sorted() {
    const { value } = this.#columns.find((c) => c.id === this.sort.id);
    const down = this.sort.down ? -1 : 1;
    return [...this.#rows].sort((a, b) => down * compare(value(a), value(b)) || compare(this.#key(a), this.#key(b)));
  }
}

function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return (Number.isNaN(a) ? -1 : a) - (Number.isNaN(b) ? -1 : b);
  return a < b ? -1 : a > b ? 1 : 0;
}

// idle marks a cell that says nothing for now: a phone leaves it out.
export const idle = (cell, is) => cell.classList.toggle('idle', is);

// text is a cell that shows a text.
export const text = (of) => (cell, row) => setText(cell, of(row));

// badge is a cell with a state, coloured by its level: good, bad, warn, info or quiet.
export function badge(cell, label, level, title = null) {
  const mark = cell.firstElementChild ?? cell.appendChild(el('span.badge'));
  setText(mark, label);
  setAttribute(mark, 'data-level', level);
  setAttribute(mark, 'title', title);
}

// isolated is a cell with a name that a client may have chosen, and a quiet line
// below it.
export function isolated(cell, name, below = '') {
  if (!cell.firstElementChild) cell.append(el('bdi'), el('small'));
  setText(cell.firstElementChild, name);
  setAttribute(cell.firstElementChild, 'title', name.length > 40 ? name : null);
  setText(cell.lastElementChild, below);
}

// button returns the button of a cell, made at its first use: its row's present state
// is in button.row.
export function button(cell, row, { label, title, press, menu = false }) {
  let b = cell.firstElementChild;
  if (!b) {
    b = cell.appendChild(el('button.row', { type: 'button', 'aria-haspopup': menu ? 'menu' : 'dialog' }, label));
    b.addEventListener('click', () => press(b.row, b));
  }
  b.row = row;
  setAttribute(b, 'aria-label', title);
}
