// The few things the page does with the document. Whatever comes from the server
// goes through textContent or an attribute's value, never through markup: clients
// choose the names of resources.

export const $ = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

// el makes an element: its class, its attributes, and its children or text.
export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  return dress(node, classes, attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), [], attributes, children);
}

function dress(node, classes, attributes, children) {
  if (classes.length) node.setAttribute('class', classes.join(' '));
  for (const [k, v] of Object.entries(attributes)) {
    if (v !== undefined && v !== null) node.setAttribute(k, v);
  }
  node.append(...children);
  return node;
}

// setText, setAttribute and setClass touch the document only for a change, so that
// a selection, a tooltip or a screen reader isn't disturbed every second.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export const setHidden = (node, hidden) => { if (node.hidden !== hidden) node.hidden = hidden; };

// keyed makes parent's children those of the items, one per key, in their order. A
// child stays the same element as long as its key is there. While held nothing is
// moved: a row isn't pulled away from under the pointer or the focus.
export function keyed(parent, items, { key, create, update, held = false }) {
  const known = parent.keyedChildren ??= new Map();
  const wanted = new Set();
  for (const item of items) {
    const k = key(item);
    wanted.add(k);
    let child = known.get(k);
    if (!child) {
      child = create(item);
      known.set(k, child);
      parent.append(child);
    }
    child.classList.remove('gone');
    update(child, item);
  }
  forget(parent, known, wanted);
  if (!held) arrange(parent, items.map((item) => known.get(key(item))));
}

function forget(parent, known, wanted) {
  for (const [k, child] of known) {
    if (wanted.has(k)) continue;
    if (child.contains(document.activeElement)) {
      child.classList.add('gone'); // until the focus has left it
      continue;
    }
    child.remove();
    known.delete(k);
  }
}

function arrange(parent, children) {
  let at = parent.firstElementChild;
  for (const child of children) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}

// download hands text over as a file.
export function download(blob, filename) {
  const link = el('a', { href: URL.createObjectURL(blob), download: filename });
  link.click();
  URL.revokeObjectURL(link.href);
}
