// Actions: a menu to choose from, and a dialog that says what will happen before
// anything is sent.

import { act, query } from './api.js';
import { $, el, setText } from './dom.js';

let done = () => {};

// init takes what is to be called after an action, with what it says of itself.
export function init(after) {
  done = after;
  $('confirm-cancel').addEventListener('click', () => $('confirm').close());
  $('confirm-go').addEventListener('click', go);
  $('confirm').addEventListener('close', forget);
  $('menu').addEventListener('keydown', walk);
}

// --- the dialog

let pending = null; // the action that is asked about

// confirm asks about an action: {title, text, facts, label, danger, path, parameters}. It
// is sent once, when that is answered with yes.
export function confirm(action) {
  pending = action;
  setText($('confirm-title'), action.title);
  setText($('confirm-text'), action.text);
  $('confirm-facts').replaceChildren(...(action.facts ?? []).map((f) => el('li', {}, f)));
  setText($('confirm-request'), `POST /${action.path}${query(action.parameters ?? {})}`);
  setText($('confirm-error'), '');
  const button = $('confirm-go');
  setText(button, action.label);
  button.disabled = false;
  button.className = action.danger ? 'danger' : 'primary';
  $('confirm').showModal();
}

// forget drops what was cancelled. The event comes a moment later, when the dialog may
// be open again and ask about something else.
function forget() {
  if (!$('confirm').open) pending = null;
}

async function go() {
  const action = pending;
  if (!action) return;
  $('confirm-go').disabled = true; // once is enough
  setText($('confirm-error'), '');
  try {
    const answer = await act(action.path, action.parameters);
    if (pending === action) $('confirm').close();
    done(action, answer);
  } catch (e) {
    failed(action, e);
  }
}

// failed leaves the dialog open: whoever asked is to see why, and may try again.
function failed(action, error) {
  if (pending !== action) return;
  $('confirm-go').disabled = false;
  const why = error.name === 'TimeoutError' ? 'no answer in time; it may have been done nevertheless' : error.message || 'the token is missing or wrong';
  setText($('confirm-error'), `Not done: ${why}`);
}

// --- the menu

let opener = null;

// menu shows actions ({label, danger, run}) below the button that was pressed.
export function menu(button, items) {
  opener = button;
  const panel = $('menu');
  panel.replaceChildren(...items.map((item) => {
    const b = el('button' + (item.danger ? '.danger' : ''), { type: 'button', role: 'menuitem', tabindex: '-1' }, item.label);
    b.addEventListener('click', () => { panel.hidePopover(); item.run(); });
    return b;
  }));
  panel.showPopover();
  place(panel, button.getBoundingClientRect());
  panel.firstElementChild?.focus();
}

// place puts the menu below its button, or above where there is no room.
function place(panel, at) {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = at.bottom + 4 + height <= innerHeight;
  panel.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  panel.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
}

// walk is the keyboard within the menu. Escape is the popover's own.
function walk(event) {
  const items = [...$('menu').children];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === 'Tab') {
    $('menu').hidePopover();
    opener?.focus();
  } else if (next !== undefined) {
    items.at(next % items.length)?.focus();
  } else {
    return;
  }
  event.preventDefault();
}
