// Ties the page together: asks the server every second while somebody looks, and shows
// what it says.

import { blob, discover, get, hasToken, isOffered, keepToken, Refused, Unauthorized } from './api.js';
import * as actions from './actions.js';
import { Changes } from './changes.js';
import { $, download, el, keyed, setAttribute, setHidden, setText } from './dom.js';
import { Endpoints } from './endpoints.js';
import { History } from './history.js';
import { clock, count, duration, plural } from './format.js';
import { Panels } from './panels.js';
import { Resources } from './resources.js';
import { Sessions } from './sessions.js';
import { findings } from './verdict.js';

const EVERY = 1000; // ms
const SLOWEST = 15_000; // ms between questions to a server that doesn't answer
const DISCOVER = 60; // rounds
const SHOWN_CHANGES = 6;
const SHOWN_FINDINGS = 20;

const history = new History();
const changes = new Changes();
const panels = new Panels();
const endpoints = new Endpoints();
const sessions = new Sessions(poke);
const resources = new Resources((name) => { sessions.of(name); poke(); }, poke);

let timer = 0;
let asking = false; // a round is under way
let again = false; // another is wanted right behind it
let failures = 0; // in a row
let rounds = 0; // since it was last asked what it offers
let lastSeen = null;

// --- asking

// poke asks now, whatever the clock says.
function poke() {
  clearTimeout(timer);
  if (asking) again = true;
  else round();
}

function next(wait) {
  clearTimeout(timer);
  if (!document.hidden && !$('token').open) timer = setTimeout(round, wait);
}

// round asks for everything once. Rounds never overlap.
async function round() {
  asking = true;
  again = false;
  try {
    await ask();
    recovered();
    next(again ? 0 : EVERY);
  } catch (e) {
    if (e instanceof Unauthorized) askToken();
    else failed(e);
  } finally {
    asking = false;
  }
}

async function ask() {
  if (rounds % DISCOVER === 0) await learn();
  rounds++;
  const stats = await get('stats');
  if (stats === null) throw new Refused('no /stats there: is this a proxy-engine?');
  const [, rows] = await Promise.all([resources.poll(), endpoints.poll(), sessions.poll()]);
  if (!history.add(stats)) rounds = 0; // another process, maybe another version
  changes.stats(stats);
  changes.endpoints(rows);
  show(stats, rows);
}

// learn finds out what this server offers.
async function learn() {
  await discover();
  setHidden($('reload'), !isOffered('config/reload'));
  setHidden($('drain'), !isOffered('drain'));
  setHidden($('purge-all'), !isOffered('resources/purge'));
  await showLog();
}

// --- the server is gone, or back

function recovered() {
  if (failures > 0) changes.add('good', 'The server answers again.');
  failures = 0;
  document.body.classList.remove('stale', 'waiting');
  setHidden($('retry'), true);
  showBanner('');
}

function failed(error) {
  if (failures++ === 0) {
    history.interrupt();
    changes.add('bad', 'The server stopped answering.');
    showChanges();
  }
  const wait = Math.min(SLOWEST, EVERY * 2 ** (failures - 1));
  document.body.classList.add('stale');
  setText($('state'), 'no answer');
  setAttribute($('state'), 'data-level', 'bad');
  setHidden($('retry'), false);
  const since = lastSeen ? ` What is shown is of ${clock(lastSeen)}.` : '';
  showBanner(`No answer from the server (${reasonOf(error)}).${since} It is asked again every ${duration(wait / 1000)}.`);
  document.title = `No answer – proxy-engine ${location.host}`;
  next(wait);
}

const reasonOf = (e) => (e instanceof Refused ? e.message : e.name === 'TimeoutError' ? 'it takes too long' : 'no connection');

function showBanner(text) {
  setText($('banner-text'), text);
  $('banner').classList.toggle('shown', text !== '');
}

// --- the token

function askToken() {
  history.interrupt();
  setText($('token-error'), hasToken() ? 'The token is wrong.' : '');
  if (!$('token').open) $('token').showModal();
  $('token-input').focus();
}

function takeToken(event) {
  event.preventDefault();
  keepToken($('token-input').value);
  $('token-input').value = '';
  $('token').close();
  poke();
}

// --- showing

function show(stats, rows) {
  lastSeen = new Date();
  showHeader(stats);
  showVerdict(stats, findings({ history, endpoints: rows }));
  showChanges();
  panels.show(history);
}

function showHeader(stats) {
  setText($('version'), stats.version ?? '–');
  setText($('impl'), stats.impl ?? '–');
  setHidden($('identity'), !stats.started);
  if (stats.started) setText($('uptime'), duration(Math.floor((Date.parse(stats.time) - Date.parse(stats.started)) / 1000)));
  setText($('updated'), clock(lastSeen));
  setAttribute($('updated'), 'datetime', lastSeen.toISOString());
  $('pulse').classList.toggle('beat');
}

function showVerdict(stats, found) {
  const worst = found.some((f) => f.level === 'bad') ? 'bad' : found.length || stats.draining ? 'warn' : 'good';
  const state = stats.draining ? 'draining' : 'ready';
  setText($('state'), state);
  setAttribute($('state'), 'data-level', stats.draining ? 'warn' : 'good');
  setAttribute($('verdict'), 'data-level', worst);
  setText($('verdict-title'), stats.draining ? 'Draining: no new session is taken' : summary(found));
  setText($('verdict-detail'), `${plural(stats.active, 'session')} now, ${count(stats.accepted)} since the start.`);
  showFindings(found);
  document.title = `${found.length ? `(${found.length}) ` : ''}proxy-engine ${location.host}`;
}

// summary says how bad it is, in a few words.
function summary(found) {
  const problems = found.filter((f) => f.level === 'bad').length;
  const others = found.length - problems;
  if (problems > 0) return plural(problems, 'problem') + (others ? ` and ${plural(others, 'thing')} to look at` : '');
  return others ? `${plural(others, 'thing')} to look at` : 'Everything is in order';
}

function showFindings(found) {
  const shown = found.slice(0, SHOWN_FINDINGS);
  const [next] = found.slice(SHOWN_FINDINGS);
  if (next) shown.push({ ...next, text: `And ${count(found.length - SHOWN_FINDINGS)} more.` });
  keyed($('findings'), shown, {
    key: (f) => f.at + f.text.replace(/[\d.\u202f]+/g, '#') + f.text.split(' ')[0],
    create: (f) => el('li', {}, el('a', { href: '#' + f.at })),
    update: (li, f) => {
      setAttribute(li, 'data-level', f.level);
      setText(li.firstElementChild, f.text);
    },
  });
}

function showChanges() {
  const shown = changes.all.slice(0, SHOWN_CHANGES);
  setHidden($('no-changes'), shown.length > 0);
  keyed($('changes'), shown, {
    key: (c) => c.id,
    create: (c) => el('li', { 'data-level': c.level }, el('time', { datetime: c.when.toISOString() }, clock(c.when)), el('span', {}, c.text)),
    update: () => {},
  });
}

let toasting = 0;

function toast(text) {
  setText($('toast'), text);
  $('toast').classList.add('shown');
  clearTimeout(toasting);
  toasting = setTimeout(() => $('toast').classList.remove('shown'), 6000);
}

// --- managing

async function showLog() {
  const log = await get('log');
  // A plain link brings no token: what it would lead to is downloaded instead.
  for (const link of document.querySelectorAll('[data-token]')) setHidden(link, !hasToken());
  for (const link of document.querySelectorAll('[data-plain]')) setHidden(link, hasToken());
  setHidden($('log'), log === null);
  if (log === null || $('log').contains(document.activeElement)) return;
  $('log-level').value = log.level;
  $('log-sessions').value = log.sessions;
}

// setLog asks first as well: at debug a busy proxy writes very much.
function setLog(select, parameter, what) {
  const value = select.value;
  actions.confirm({
    title: `Set ${what} to ${value}?`, text: 'From now on, until it is changed again or the proxy starts anew. No session is touched.',
    label: 'Set', path: 'log', parameters: { [parameter]: value },
  });
}

function managed(action, answer) {
  toast(saying(action, answer));
  changes.add('info', saying(action, answer));
  poke();
}

// saying is what an action's answer comes to.
function saying(action, answer) {
  if (answer.changed) {
    const list = (names) => names.join(', ') || 'nothing';
    return `Configuration reloaded: ${list(answer.changed)} changed` + (answer.waiting?.length ? `; ${list(answer.waiting)} from the next start on.` : '.');
  }
  if (answer.level) return `Log level ${answer.level}, session lines ${answer.sessions}.`;
  const how = answer.count === undefined ? '' : ` (${count(answer.count)})`;
  return `${action.title.replace(/\?$/, '')}: ${answer.status ?? 'done'}${how}.`;
}

function manage() {
  const ask = (id, action) => $(id).addEventListener('click', () => {
    $('manage-panel').hidePopover();
    actions.confirm(action());
  });
  ask('reload', () => ({
    title: 'Reload the configuration?', path: 'config/reload', label: 'Reload',
    text: 'The settings are read again, as with SIGHUP. If anything is wrong with them, nothing changes. No session ends.',
  }));
  ask('purge-all', () => ({
    title: 'Purge all cached routes?', path: 'resources/purge', parameters: { all: 'true' }, label: 'Purge all', danger: true,
    text: 'Everything is forgotten that the resolver has said: it is asked anew for each resource, all at once on a busy proxy. No session ends.',
  }));
  ask('drain', () => ({
    title: 'Drain and stop the proxy?', path: 'drain', label: 'Drain and stop', danger: true,
    text: 'As with SIGTERM: no new session is taken, those there are may end, and then the proxy stops. It can’t be undone.',
    facts: [`${plural(history.latest?.stats.active ?? 0, 'session')} will end.`],
  }));
  $('log-level').addEventListener('change', () => setLog($('log-level'), 'level', 'the log level'));
  $('log-sessions').addEventListener('change', () => setLog($('log-sessions'), 'sessions', 'the lines of sessions'));
  $('confirm').addEventListener('close', () => { if (!$('log').hidden) showLog().catch(() => {}); });
  for (const link of document.querySelectorAll('.links a')) link.addEventListener('click', (e) => follow(e, link));
}

// follow gets with the token what a link couldn't.
async function follow(event, link) {
  if (!hasToken()) return;
  event.preventDefault();
  try {
    download(await blob(link.getAttribute('href')), link.dataset.file);
  } catch (e) {
    toast(`Not downloaded: ${e.message || 'the token is wrong'}`);
  }
}

// --- light and dark

const SCHEMES = ['', 'light', 'dark'];

function showScheme(scheme) {
  if (scheme) document.documentElement.dataset.scheme = scheme;
  else delete document.documentElement.dataset.scheme;
  setText($('scheme'), `Colours: ${scheme || 'as the system’s'}`);
}

function turnScheme() {
  const now = document.documentElement.dataset.scheme ?? '';
  const scheme = SCHEMES[(SCHEMES.indexOf(now) + 1) % SCHEMES.length];
  localStorage.setItem('proxy-engine.scheme', scheme);
  showScheme(scheme);
}

// --- begin

actions.init(managed);
manage();
showScheme(document.documentElement.dataset.scheme ?? '');
$('scheme').addEventListener('click', turnScheme);
$('retry').addEventListener('click', poke);
$('token-form').addEventListener('submit', takeToken);
$('token').addEventListener('cancel', (e) => e.preventDefault());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    clearTimeout(timer);
    history.interrupt();
  } else {
    poke();
  }
});
round();
