// The admin API, as the page uses it. Addresses are relative, so that the page
// works below any path that a front end puts it at.

const TOKEN = 'proxy-engine.token';
const PATIENCE = 8000; // ms
const ABSENT = new Set([404, 405, 501]); // 501: the program has no such part
const ASK_AGAIN = 60_000; // ms; a route that wasn't there may come with an upgrade

// Unauthorized is thrown when the server wants a token, or another one.
export class Unauthorized extends Error {}

// Refused is thrown for an answer that says why it isn't what was asked for.
export class Refused extends Error {}

// What the server says it serves, as "POST /drain"; null as long as it doesn't.
let described = null;
const missing = new Map(); // routes that weren't there, and since when

export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

// The token stays in this tab, and is gone when that is closed.
export const keepToken = (token) => sessionStorage.setItem(TOKEN, token);

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  if (token === null) return more;
  try {
    return new Headers({ ...more, Authorization: `Bearer ${token}` });
  } catch {
    throw new Unauthorized(); // it has what no header can carry
  }
}

// ask returns the response, whatever its status but 401.
async function ask(path, options = {}, patience = PATIENCE) {
  const response = await fetch(path, {
    ...options,
    headers: headers(options.headers),
    cache: 'no-store',
    signal: AbortSignal.timeout(patience),
  });
  if (response.status === 401) throw new Unauthorized();
  return response;
}

export function query(parameters) {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(parameters)) {
    if (v !== '' && v !== undefined && v !== null) q.set(k, v);
  }
  return q.size ? '?' + q : '';
}

// has says that the server may have a route, and that isn't known not to be there.
function has(path) {
  if (described && !described.has(`GET /${path}`)) return false;
  return Date.now() - (missing.get(path) ?? -Infinity) >= ASK_AGAIN;
}

// get returns a route's answer, null if this server, an older one, doesn't have it.
export async function get(path, parameters = {}) {
  if (!has(path)) return null;
  const response = await ask(path + query(parameters));
  if (ABSENT.has(response.status)) {
    missing.set(path, Date.now());
    return null;
  }
  missing.delete(path);
  return answer(response);
}

// act makes a change and returns what was done.
export async function act(path, parameters = {}) {
  return answer(await ask(path + query(parameters), { method: 'POST', headers: { 'X-Proxy-Engine': 'dashboard' } }));
}

// blob is for what a link can't get, because it brings no token.
export async function blob(path) {
  const response = await ask(path, {}, 60_000);
  if (!response.ok) throw new Refused(`${response.status} ${response.statusText}`);
  return response.blob();
}

async function answer(response) {
  const text = await response.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refused(`${response.status} ${text.slice(0, 200)}`);
  }
  if (!response.ok) throw new Refused(body.error ?? String(response.status));
  return body;
}

// discover asks what this server serves.
export async function discover() {
  described = null;
  const paths = (await get('openapi.json'))?.paths;
  described = paths ? new Set(Object.entries(paths).flatMap(
    ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))) : null;
}

// isOffered says that the server has told of an action.
export const isOffered = (path) => described !== null && described.has(`POST /${path}`);
