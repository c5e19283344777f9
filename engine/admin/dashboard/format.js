// Figures as text: plain digits in groups, one unit, no locale.

const THIN = '\u202f'; // keeps a figure and its unit on one line

// count writes a whole number with its thousands apart.
export function count(n) {
  if (!Number.isFinite(n)) return '–';
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, THIN);
}

// significant writes three digits of a number, as much as an eye takes in of one
// that changes every second. Its zeros stay, so that its width does.
function significant(n) {
  if (n === 0) return '0';
  return n.toFixed(n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2);
}

function scaled(n, step, units) {
  let i = 0;
  while (n >= step * 0.9995 && i < units.length - 1) {
    n /= step;
    i++;
  }
  return significant(n) + THIN + units[i];
}

export function bytes(n) {
  if (!Number.isFinite(n)) return '–';
  return n < 1024 ? count(n) + THIN + 'B' : scaled(n, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
}

export const byteRate = (n) => (Number.isFinite(n) ? bytes(n) + '/s' : '–');

// rate writes how often something happens in a second.
export function rate(n) {
  if (!Number.isFinite(n)) return '–';
  return (n < 1000 ? significant(n) : count(n)) + '/s';
}

// duration writes seconds, as short as they are told: 0.4 ms, 12.5 s, 3 d 4 h.
export function duration(s) {
  if (!Number.isFinite(s)) return '–';
  if (s === 0) return '0' + THIN + 's';
  if (s < 0.9995) return s < 0.0009995 ? significant(s * 1e6) + THIN + 'µs' : significant(s * 1e3) + THIN + 'ms';
  if (s < 60) return significant(s) + THIN + 's';
  return long(Math.floor(s));
}

function long(s) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([size]) => s >= size);
  return parts.slice(first, first + 2)
    .map(([size, unit], i) => [Math.floor(i === 0 ? s / size : (s % parts[first][0]) / size), unit])
    .filter(([n], i) => i === 0 || n > 0)
    .map(([n, unit]) => n + THIN + unit).join(' ');
}

// ago is duration in whole seconds: an age that isn't measured any finer.
export const ago = (s) => (s < 60 ? count(Math.floor(s)) + THIN + 's' : duration(s));

export const percent = (share) => (Number.isFinite(share) ? significant(share * 100) + THIN + '%' : '–');

// clock is the time of day of a Date, in the viewer's time zone, ISO 8601.
export function clock(date) {
  const two = (n) => String(n).padStart(2, '0');
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

// inText is a name that clients choose, for within a sentence: what would turn the rest of it
// around is replaced.
export const inText = (name) => String(name).replace(/[\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

// words makes a name of the API readable: backend_gone is backend gone.
export const words = (name) => String(name ?? '').replaceAll('_', ' ');

export const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;
