// What has changed while the page is open: found by comparing an answer with the one
// before. A change is {when, level, text}.

import { inText, words } from './format.js';
import { troubleOf } from './reasons.js';

const KEPT = 50;

export class Changes {
  all = []; // the newest first
  #endpoints = null; // of the last answer, by name
  #stats = null;

  add(level, text, when = new Date()) {
    this.all.unshift({ id: (this.all[0]?.id ?? 0) + 1, when, level, text });
    this.all.length = Math.min(this.all.length, KEPT);
  }

  stats(now) {
    const before = this.#stats;
    this.#stats = now;
    if (!before) return;
    if (before.started !== now.started) this.add('warn', 'The proxy has started anew.');
    if (before.version !== now.version) this.add('info', `Version ${before.version} became ${now.version}.`);
    if (!before.draining && now.draining) this.add('warn', 'The proxy drains.');
    this.#starts(before.cold_starts, now.cold_starts);
  }

  #starts(before, now) {
    const name = (s) => `${inText(s.resource)} (${s.protocol})`;
    const had = new Set((before?.under_way ?? []).map(name));
    for (const s of now?.under_way ?? []) {
      if (!had.has(name(s))) this.add('info', `${name(s)} is being started.`);
    }
  }

  endpoints(rows) {
    const before = this.#endpoints;
    this.#endpoints = new Map(rows.map((e) => [e.name, e]));
    if (!before) return;
    for (const now of rows) this.#endpoint(before.get(now.name), now);
  }

  #endpoint(before, now) {
    if (!before) return;
    if (before.breaker !== now.breaker) {
      const why = now.breaker === 'open' && troubleOf(now) ? `: ${words(troubleOf(now))}` : '';
      this.add(now.breaker === 'open' ? 'bad' : now.breaker === 'closed' ? 'good' : 'info', `${now.name}: breaker ${now.breaker}${why}.`);
    }
    if (before.health !== now.health) this.add(now.health === 'down' ? 'bad' : 'good', `${now.name}: health ${now.health}.`);
    if (before.forced !== now.forced) this.add('info', `${now.name}: forced ${now.forced}.`);
  }
}
