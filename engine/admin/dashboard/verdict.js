// What an operator wants to know in the first second: is it healthy, and if not,
// where is the problem? A finding is {level, text, at}: bad or warn, a sentence, and
// the section that has more.

import { blame, troubleOf } from './reasons.js';
import { SPAN } from './history.js';
import { count, duration, inText, percent, plural, words } from './format.js';

const NEARLY = 0.9; // of a limit
const BUSY = 0.9; // of a loop's time, over the last seconds
const LAGGING = 0.1; // seconds that a session waited for its loop
const SLOW_START = 30; // seconds

export function findings({ history, endpoints }) {
  const { stats } = history.latest;
  return [
    ...limits(stats), ...bugs(stats), ...faults(history), ...loops(history),
    ...starts(history), ...closes(history), ...endpoints.flatMap(endpointFindings), // which may be very many
  ].sort((a, b) => (a.level === 'bad' ? 0 : 1) - (b.level === 'bad' ? 0 : 1));
}

const bad = (text, at) => ({ level: 'bad', text, at });
const warn = (text, at) => ({ level: 'warn', text, at });

function limits({ active, max_sessions: most, process }) {
  const near = (used, max, what) => (max > 0 && used >= max * NEARLY
    ? [(used >= max ? bad : warn)(`${count(used)} of ${count(max)} ${what} are in use.`, 'gauges')] : []);
  return [...near(active, most, 'sessions'), ...near(process?.files, process?.max_files, 'file descriptors')];
}

// bugs are told for as long as the process lives: somebody should read its log.
const bugs = ({ panics }) => (panics > 0 ? [bad(`${plural(panics, 'session')} ended by a bug of the proxy since its start.`, 'closes')] : []);

// faults are what shouldn't grow.
function faults(history) {
  const grown = (figure, text) => {
    const { by } = history.grown((s) => s[figure] ?? 0, SPAN);
    return by > 0 ? [bad(`${text}: ${count(by)} in the last minutes.`, 'gauges')] : [];
  };
  return [
    ...grown('accept_exhausted', 'Clients not accepted for want of descriptors or memory'),
    ...grown('tracking_dropped', 'Reports to the resolver dropped'),
  ];
}

// utilisation is how much of its time a loop works.
export const utilisation = (history, i) => Math.min(1, history.rate((s) => s.loops?.[i]?.busy_seconds));

function loops(history) {
  return (history.latest.stats.loops ?? []).flatMap((loop, i) => {
    if (loop.lag_seconds >= LAGGING) return [bad(`Event loop ${i} lags: sessions waited up to ${duration(loop.lag_seconds)}.`, 'loops')];
    const busy = utilisation(history, i);
    return busy >= BUSY ? [warn(`Event loop ${i} is ${percent(busy)} busy.`, 'loops')] : [];
  });
}

function endpointFindings(e) {
  const why = troubleOf(e) ? ` (${words(troubleOf(e))})` : '';
  if (e.forced === 'open') return [warn(`${e.name} is forced open: nobody is let through.`, 'endpoints')];
  if (e.forced === 'drain') return [warn(`${e.name} is being drained.`, 'endpoints')];
  if (e.breaker === 'open') return [bad(`${e.name} is failing; its breaker is open${why}.`, 'endpoints')];
  if (e.health === 'down') return [bad(`${e.name} is down, its health checks say${why}.`, 'endpoints')];
  return e.breaker === 'half-open' ? [warn(`${e.name} is being tried again${why}.`, 'endpoints')] : [];
}

function starts(history) {
  const c = history.latest.stats.cold_starts ?? {};
  const failed = history.grown((s) => (s.cold_starts?.failed ?? 0) + (s.cold_starts?.timed_out ?? 0), SPAN).by;
  const slow = (c.under_way ?? []).filter((s) => s.age_seconds >= SLOW_START);
  return [
    ...(failed > 0 ? [bad(`${plural(failed, 'cold start')} failed in the last minutes.`, 'starts')] : []),
    ...slow.map((s) => warn(`${inText(s.resource)} has been starting for ${duration(s.age_seconds)}; ${plural(s.waiting, 'client')} ${s.waiting === 1 ? 'waits' : 'wait'}.`, 'starts')),
  ];
}

// recentCloses is how many sessions ended for each reason in the last minutes.
export function recentCloses(history) {
  const reasons = Object.entries(history.latest.stats.closed ?? {});
  return reasons.map(([reason, total]) => ({
    reason, total, blame: blame(reason), recent: history.grown((s) => s.closed?.[reason] ?? 0, SPAN).by,
  }));
}

function closes(history) {
  return recentCloses(history)
    .filter((c) => c.blame === 'problem' && c.recent > 0)
    .sort((a, b) => b.recent - a.recent)
    .map((c) => warn(`${plural(c.recent, 'session')} ended in the last minutes because of: ${words(c.reason)}.`, 'closes'));
}
