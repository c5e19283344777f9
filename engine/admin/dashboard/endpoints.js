// The table of endpoints: backends, as their breakers and health checks see them.

import { get, isOffered } from './api.js';
import { confirm, menu } from './actions.js';
import { $, setHidden, setText } from './dom.js';
import { RowRates } from './history.js';
import { byteRate, count, duration, plural, words } from './format.js';
import { FINE, troubleOf } from './reasons.js';
import { badge, button, idle, isolated, Table } from './table.js';

const BREAKER = { closed: 'good', open: 'bad', 'half-open': 'warn' };
const HEALTH = { up: 'good', down: 'bad', unchecked: 'quiet' };
const FORCED = { open: 'bad', drain: 'warn', closed: 'info', auto: 'quiet' };

// trouble sorts the worst first.
const trouble = (e) => (e.forced === 'open' || e.breaker === 'open' || e.health === 'down' ? 4 : 0)
  + (e.forced === 'drain' || e.breaker === 'half-open' ? 2 : 0) + (e.consecutive_failures > 0 ? 1 : 0);

const failures = (e) => Object.entries(e.attempts ?? {})
  .filter(([outcome]) => !FINE.has(outcome))
  .reduce((sum, [, n]) => sum + n, 0);

export class Endpoints {
  #table;
  #rates = new RowRates();
  #rows = [];

  constructor() {
    $('endpoints-search').addEventListener('input', () => this.#show());
    this.#table = new Table($('endpoints-table'), {
      label: 'Endpoints', key: (e) => e.name, sort: { id: 'breaker', down: true }, none: 'No backend has been connected to, or none has that address.',
      columns: [
        { id: 'name', title: 'Endpoint', value: (e) => e.name, show: (c, e) => isolated(c, e.name, troubleOf(e) ? `last failure: ${words(troubleOf(e))}` : '') },
        { id: 'breaker', title: 'Breaker', value: trouble, figure: false, show: showBreaker },
        { id: 'health', title: 'Health', value: (e) => e.health ?? '', show: (c, e) => badge(c, e.health ?? '–', HEALTH[e.health] ?? 'quiet') },
        { id: 'forced', title: 'Forced', value: (e) => e.forced ?? '', show: showForced },
        { id: 'active', title: 'Sessions', figure: true, value: (e) => e.sessions, show: (c, e) => setText(c, count(e.sessions)) },
        { id: 'failed', title: 'Failures', figure: true, value: failures, show: (c, e) => showFault(c, failures(e)) },
        { id: 'refused', title: 'Refused', figure: true, value: (e) => e.refused, show: (c, e) => showFault(c, e.refused) },
        { id: 'to', title: 'To clients', figure: true, value: (e) => e.to_clients_rate, show: (c, e) => setText(c, byteRate(e.to_clients_rate)) },
        { id: 'from', title: 'From clients', figure: true, value: (e) => e.from_clients_rate, show: (c, e) => setText(c, byteRate(e.from_clients_rate)) },
        { id: 'actions', title: 'Actions', plain: true, value: () => 0, show: showActions },
      ],
    });
  }

  async poll() {
    const rows = await get('endpoints');
    setHidden($('endpoints'), rows === null);
    if (rows === null) return [];
    this.#rows = this.#rates.update(rows, (e) => e.name, ['to_clients', 'from_clients']);
    this.#show();
    return rows;
  }

  #show() {
    const rows = this.#rows.filter((e) => e.name.includes($('endpoints-search').value));
    setText($('endpoints-count'), count(rows.length));
    this.#table.show(rows);
  }
}

function showBreaker(cell, e) {
  const left = e.until ? (Date.parse(e.until) - Date.now()) / 1000 : 0;
  const hint = e.breaker === 'open' && left > 0 ? `a probe is let through in ${duration(left)}` : null;
  badge(cell, e.breaker ?? '–', BREAKER[e.breaker] ?? 'quiet', hint);
}

function showForced(cell, e) {
  badge(cell, e.forced ?? 'auto', FORCED[e.forced] ?? 'quiet');
  idle(cell, (e.forced ?? 'auto') === 'auto');
}

function showFault(cell, n) {
  setText(cell, n > 0 ? count(n) : '–');
  idle(cell, !(n > 0));
}

const FORCE = [
  { state: 'auto', label: 'Let its breaker decide', text: 'It is no longer forced: its breaker and health checks decide who is let through.' },
  { state: 'open', label: 'Force open', danger: true, text: 'No new session is let through to it until that is undone.' },
  { state: 'closed', label: 'Force closed', danger: true, text: 'Every session is let through to it, whatever its failures, until that is undone.' },
  { state: 'drain', label: 'Drain', danger: true, text: 'It gets no new sessions until that is undone, and those it has end in order.' },
];

function showActions(cell, row) {
  if (!isOffered('endpoints/force')) return;
  button(cell, row, { label: '⋯', title: `Actions on ${row.name}`, menu: true, press: (e, b) => menu(b, forcesOf(e)) });
}

function forcesOf(e) {
  return FORCE.filter((f) => f.state !== (e.forced ?? 'auto')).map((f) => ({
    label: f.label + '…', danger: f.danger,
    run: () => confirm({
      ...f, title: `${f.label}: ${e.name}?`, path: 'endpoints/force', parameters: { endpoint: e.name, state: f.state },
      facts: [f.state === 'drain' ? `${plural(e.sessions, 'session')} will end.` : `${plural(e.sessions, 'session')} it has ${e.sessions === 1 ? 'goes' : 'go'} on.`],
    }),
  }));
}
