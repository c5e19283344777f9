// The table of resources.

import { get, isOffered } from './api.js';
import { confirm, menu } from './actions.js';
import { $, setHidden, setText } from './dom.js';
import { RowRates } from './history.js';
import { ago, byteRate, count, inText, plural, words } from './format.js';
import { badge, button, idle, isolated, Table } from './table.js';

const LIMIT = 500; // the first in the server's order; a search looks among all

// The server's orders, by the column that is sorted by; by sessions otherwise.
const ORDERS = { name: 'name', to: 'traffic', from: 'traffic', last: 'activity' };

const LEVELS = { ready: 'good', starting: 'info', cold: 'quiet', draining: 'warn', blocked: 'bad', unknown: 'quiet' };

const key = (r) => `${r.protocol} ${r.name}`;
const quiet = (r) => (r.last_activity ? Math.max(0, (Date.now() - Date.parse(r.last_activity)) / 1000) : NaN);
const moved = (r) => r.to_clients_rate + r.from_clients_rate;

export class Resources {
  #table;
  #rates = new RowRates();

  // pick is called with a resource whose sessions somebody wants to see.
  constructor(pick, refresh) {
    this.pick = pick;
    $('resources-search').addEventListener('input', () => { this.#show(); refresh(); });
    this.#table = new Table($('resources-table'), {
      label: 'Resources', key, sort: { id: 'active', down: true }, none: 'No resource has been asked for, or none has that name.',
      columns: [
        { id: 'name', title: 'Resource', value: (r) => r.name, show: (c, r) => isolated(c, r.name, places(r)) },
        { id: 'state', title: 'State', value: (r) => r.state ?? '', show: showState },
        { id: 'protocol', title: 'Protocol', value: (r) => r.protocol, show: (c, r) => setText(c, r.protocol) },
        { id: 'active', title: 'Sessions', figure: true, value: (r) => r.sessions, show: (c, r) => this.#sessions(c, r) },
        { id: 'waiting', title: 'Waiting', figure: true, value: (r) => r.waiting ?? 0, show: showWaiting },
        { id: 'to', title: 'To clients', figure: true, value: (r) => r.to_clients_rate, show: (c, r) => setText(c, byteRate(r.to_clients_rate)) },
        { id: 'from', title: 'From clients', figure: true, value: (r) => r.from_clients_rate, show: (c, r) => setText(c, byteRate(r.from_clients_rate)) },
        { id: 'last', title: 'Last activity', figure: true, value: (r) => -quiet(r), show: (c, r) => setText(c, Number.isFinite(quiet(r)) ? ago(quiet(r)) : '–') },
        { id: 'actions', title: 'Actions', plain: true, value: moved, show: showActions },
      ],
    });
  }

  get #search() { return $('resources-search').value; }

  async poll() {
    const rows = await get('resources', { limit: LIMIT, name: this.#search, sort: ORDERS[this.#table.sort.id] });
    setHidden($('resources'), rows === null);
    if (rows === null) return [];
    this.#rows = this.#rates.update(rows, key, ['to_clients', 'from_clients']);
    this.#show();
    return rows;
  }

  #rows = [];

  // #show filters by itself as well: a key pressed isn't to wait for the server.
  #show() {
    const rows = this.#rows.filter((r) => r.name.includes(this.#search));
    setText($('resources-count'), this.#rows.length < LIMIT ? count(rows.length) : `the first ${count(LIMIT)}`);
    this.#table.show(rows);
  }

  #sessions(cell, row) {
    button(cell, row, {
      label: '', title: `${plural(row.sessions, 'session')} of ${row.name}: show them`,
      press: (r) => this.pick(r.name),
    });
    cell.firstElementChild.className = 'link';
    setText(cell.firstElementChild, count(row.sessions));
  }
}

function places(r) {
  const [first, ...others] = r.endpoints ?? [];
  if (!first) return '';
  return others.length ? `${first} and ${others.length} more` : first;
}

function showWaiting(cell, row) {
  setText(cell, row.waiting ? count(row.waiting) : '–');
  idle(cell, !row.waiting);
}

function showState(cell, row) {
  if (row.state) badge(cell, words(row.state), LEVELS[row.state] ?? 'info');
  else setText(cell, '–');
}

function showActions(cell, row) {
  if (actionsOf(row).length === 0) return;
  button(cell, row, { label: '⋯', title: `Actions on ${row.name}`, menu: true, press: (r, b) => menu(b, actionsOf(r).map((a) => ({
    label: a.label + '…', danger: a.danger, run: () => confirm(a),
  }))) });
}

// actionsOf are those the server offers that make sense in the resource's state. One that is
// ofAll goes for the resource of every protocol.
function actionsOf(r) {
  const sessions = plural(r.sessions, 'session');
  const all = [
    {
      verb: 'wake', when: ['cold', 'unknown'], label: 'Wake',
      text: 'It is started now, if it sleeps, as if a client had come.',
      facts: [`${plural(r.waiting ?? 0, 'client')} ${r.waiting === 1 ? 'waits' : 'wait'} for it.`],
    },
    {
      verb: 'drain', label: 'Drain', danger: true, unless: r.sessions === 0,
      text: 'The sessions it has end in order. Their clients may come back at once: block it as well to keep them out.',
      facts: [`${sessions} will end.`],
    },
    {
      verb: 'block', label: 'Block', danger: true, when: ['ready', 'cold', 'starting', 'draining', 'unknown'],
      text: 'New sessions and requests are refused from now on, and those that wait for its start.',
      facts: [`${sessions} it has ${r.sessions === 1 ? 'goes' : 'go'} on.`, `${plural(r.waiting ?? 0, 'client')} waiting will be refused.`],
    },
    { verb: 'unblock', label: 'Unblock', when: ['blocked'], text: 'New sessions are let through again.' },
    {
      verb: 'purge', ofAll: true, label: 'Purge', text: 'What is cached about it is forgotten: the next session asks the resolver anew.',
      facts: [`${sessions} it has ${r.sessions === 1 ? 'goes' : 'go'} on.`],
    },
  ];
  return all.filter((a) => isOffered(`resources/${a.verb}`) && !a.unless && (!a.when || a.when.includes(r.state ?? 'unknown')))
    .map((a) => ({ ...a, title: `${a.label} ${inText(r.name)} (${r.protocol})?`, path: `resources/${a.verb}`, parameters: { ...(a.ofAll ? {} : { protocol: r.protocol }), resource: r.name } }));
}
