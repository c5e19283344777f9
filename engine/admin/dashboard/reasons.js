// How sessions and attempts to connect end. Sessions by who can do something about it:
// the names are the engine's, and one that isn't known here is taken for a problem, so
// that it isn't overlooked.

// A session's daily end, and what operators do themselves.
const ORDINARY = new Set(['client_closed', 'backend_closed', 'client_reset', 'backend_reset', 'client_gone', 'idle_timeout',
  'moved', 'drained', 'by_operator']);

// What clients get wrong, or ask for and may not have: anybody can cause these.
const CLIENT = new Set(['proxy_header_malformed', 'proxy_header_timeout', 'handshake_failed', 'handshake_timeout',
  'handshake_crowded', 'detect_timeout', 'malformed', 'unsupported', 'not_found', 'forbidden', 'unknown_key',
  'too_many_from_client', 'too_fast_from_client', 'stall_timeout', 'blocked']);

// blame is ordinary, client, or problem: backends, the resolver, limits, ourselves.
export function blame(reason) {
  if (ORDINARY.has(reason)) return 'ordinary';
  return CLIENT.has(reason) ? 'client' : 'problem';
}

// FINE are the outcomes of an attempt to connect that are no failures.
export const FINE = new Set(['connected', 'served', 'abandoned']);

// troubleOf is why an endpoint's last failure was one, '' if it had none.
export const troubleOf = (endpoint) => (FINE.has(endpoint.last_failure) ? '' : endpoint.last_failure ?? '');
