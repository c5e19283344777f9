// The table of sessions, the oldest that match its filter.

import { get, isOffered, Refused } from './api.js';
import { confirm } from './actions.js';
import { $, setHidden, setText } from './dom.js';
import { ago, bytes, count, inText, plural, words } from './format.js';
import { badge, button, isolated, Table } from './table.js';

const LIMIT = 200;
const DEBOUNCE = 300; // ms between the last key and the question

const LEVELS = { relaying: 'good', standing: 'good', flushing: 'warn', waking: 'info' };

export class Sessions {
  #table;
  #visible = false;
  #matching = 0;

  constructor(refresh) {
    this.form = $('sessions-filter');
    let timer;
    this.form.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, DEBOUNCE);
    });
    this.form.addEventListener('submit', (e) => { e.preventDefault(); refresh(); });
    $('close-many').addEventListener('click', () => this.#closeMany());
    // There may be very many: they are asked for while somebody can see them.
    new IntersectionObserver(([entry]) => { this.#visible = entry.isIntersecting; }).observe($('sessions'));
    this.#table = new Table($('sessions-table'), {
      label: 'Sessions', key: (s) => s.id, sort: { id: 'age', down: true }, none: 'No session matches.',
      columns: [
        { id: 'name', title: 'Client', value: (s) => s.client, show: (c, s) => isolated(c, s.client, s.tls ? `${s.listener}, TLS` : s.listener) },
        { id: 'resource', title: 'Resource', value: used, show: (c, s) => isolated(c, used(s) || '–', s.endpoint) },
        { id: 'state', title: 'State', value: (s) => s.state, show: (c, s) => badge(c, words(s.state), LEVELS[s.state] ?? 'quiet') },
        { id: 'protocol', title: 'Protocol', value: (s) => s.protocol, show: (c, s) => setText(c, s.protocol) },
        { id: 'age', title: 'Age', figure: true, value: (s) => s.age_seconds, show: (c, s) => setText(c, ago(s.age_seconds)) },
        { id: 'to', title: 'To client', figure: true, value: (s) => s.to_clients, show: (c, s) => setText(c, bytes(s.to_clients)) },
        { id: 'from', title: 'From client', figure: true, value: (s) => s.from_clients, show: (c, s) => setText(c, bytes(s.from_clients)) },
        { id: 'actions', title: 'Actions', plain: true, value: () => 0, show: showClose },
      ],
    });
  }

  // of shows a resource's sessions.
  of(resource) {
    this.form.reset();
    this.form.elements.resource.value = resource;
    $('sessions').scrollIntoView({ block: 'start' });
    this.form.elements.resource.focus({ preventScroll: true });
    this.#visible = true;
  }

  get #filter() {
    return Object.fromEntries([...new FormData(this.form)].filter(([, v]) => v !== ''));
  }

  async poll() {
    if ($('sessions').hidden || this.#visible) await this.#ask();
  }

  async #ask() {
    try {
      const answer = await get('sessions', { ...this.#filter, limit: LIMIT });
      setHidden($('sessions'), answer === null);
      if (answer !== null) this.#show(answer);
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
      this.#wrong(e.message); // a network that isn't one yet
    }
  }

  #show({ sessions, matching }) {
    this.#matching = matching;
    this.#table.show(sessions);
    const all = matching > sessions.length ? `the oldest ${count(sessions.length)} of ${count(matching)}` : count(matching);
    setText($('sessions-count'), all);
    const filtered = Object.keys(this.#filter).length > 0;
    setHidden($('close-many'), !isOffered('sessions/close'));
    $('close-many').disabled = !filtered || matching === 0;
    setText($('close-many'), filtered ? `Close ${plural(matching, 'session')}…` : 'Close matching…');
  }

  #wrong(why) {
    $('close-many').disabled = true;
    setText($('sessions-count'), why);
  }

  #closeMany() {
    const filter = this.#filter;
    if (Object.keys(filter).length === 0) return;
    confirm({
      title: `Close ${plural(this.#matching, 'session')}?`, text: 'Every session is closed that matches when the server gets this:',
      facts: [...Object.entries(filter).map(([k, v]) => `${FILTERS[k]} ${v}`), `${count(this.#matching)} did a moment ago.`, 'What backends are about to answer arrives, if that comes within seconds.'],
      label: `Close ${plural(this.#matching, 'session')}`, danger: true, path: 'sessions/close', parameters: filter,
    });
  }
}

const FILTERS = { resource: 'resource', client: 'client', min_age: 'at least as old as' };

// used are the resources that a session uses; of most protocols it is one.
const used = (s) => (s.resources ?? [s.resource]).join(', ');

function showClose(cell, row) {
  if (!isOffered('sessions/close')) return;
  button(cell, row, { label: 'Close…', title: `Close the session of ${row.client}`, press: (s) => confirm({
    title: 'Close this session?', text: 'It ends in order: what its backend is about to answer arrives, if that comes within seconds.',
    facts: [`client ${s.client}`, used(s) ? `resource ${inText(used(s))}` : 'no resource yet', `${words(s.state)}, ${ago(s.age_seconds)} old`],
    label: 'Close 1 session', danger: true, path: 'sessions/close', parameters: { id: s.id },
  }) });
}
