// Small helpers. Text from the server only ever becomes text nodes and attribute values.
const SVG = 'http://www.w3.org/2000/svg';

function build(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

export const make = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
export const draw = (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

// A table whose rows become cards on a narrow screen. Columns: [title, css]; rows: arrays of cells,
// each text or nodes.
export function table(caption, columns, rows, { cards = true, empty = 'none' } = {}) {
  if (rows.length === 0) return make('div', { class: 'panel empty' }, empty);
  const body = rows.map((cells) => make('tr', {}, cells.map((cell, i) =>
    make('td', { class: columns[i][1], 'data-label': cards ? columns[i][2] : undefined }, cell))));
  return make('div', { class: 'panel scroll', tabindex: cards ? undefined : 0, role: cards ? undefined : 'region',
    'aria-label': cards ? undefined : caption },
    make('table', { class: cards ? 'cards' : undefined },
      make('caption', { class: 'unseen' }, caption),
      make('thead', {}, make('tr', {}, columns.map(([title, css]) => make('th', { scope: 'col', class: css === 'number' ? css : undefined }, title)))),
      make('tbody', {}, body)));
}

export const number = (value, digits = 4) =>
  value === null || value === undefined ? '–' : value === 0 ? '0' : String(Number(Number(value).toPrecision(digits)));

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function time(ms) {
  if (!ms) return '';
  const date = new Date(ms);
  const two = (n) => String(n).padStart(2, '0');
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const today = new Date().toDateString() === date.toDateString();
  return make('time', { datetime: date.toISOString() }, today ? clock : `${day} ${clock}`);
}

export function span(from, to) {
  if (!from || !to || to < from) return '';
  const seconds = (to - from) / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

// A word with a shape of its own, so that colour is never the only sign.
const SHAPES = {
  circle: () => draw('circle', { cx: 8, cy: 8, r: 6, 'stroke-width': 0 }),
  ring: () => draw('circle', { class: 'hollow', cx: 8, cy: 8, r: 5.5, 'stroke-width': 2.5 }),
  square: () => draw('rect', { x: 2, y: 2, width: 12, height: 12, 'stroke-width': 0 }),
  triangle: () => draw('path', { d: 'M8 1 L15 14 L1 14 Z', 'stroke-width': 0 }),
  diamond: () => draw('path', { d: 'M8 1 L15 8 L8 15 L1 8 Z', 'stroke-width': 0 }),
  half: () => draw('g', {}, draw('circle', { class: 'hollow', cx: 8, cy: 8, r: 6, 'stroke-width': 2 }),
    draw('path', { d: 'M8 2 A6 6 0 0 1 8 14 Z', 'stroke-width': 0 })),
  cross: () => draw('path', { d: 'M3 3 L13 13 M13 3 L3 13', 'stroke-width': 3, class: 'hollow' }),
  check: () => draw('path', { d: 'M2 9 L6 13 L14 3', 'stroke-width': 2.5, class: 'hollow' }),
};

const SIGNS = {
  idle: ['ring', 'good'], leased: ['circle', ''], preparing: ['half', ''], draining: ['square', 'warn'],
  quarantined: ['triangle', 'bad'], offline: ['cross', 'soft'],
  queued: ['ring', 'soft'], running: ['circle', ''], judging: ['half', ''],
  match: ['check', 'good'], mismatch: ['cross', 'bad'], not_compared: ['triangle', 'warn'],
};

// `text`: what is written beside the shape, by default the word itself.
export function sign(word, text = word.replaceAll('_', ' ')) {
  const [shape, css] = SIGNS[word] ?? ['diamond', 'soft'];
  return make('span', { class: `state ${css}` },
    draw('svg', { class: 'shape', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, SHAPES[shape]()), text);
}

export const runLink = (id) => make('a', { href: `#/runs/${encodeURIComponent(id)}`, class: 'mono' }, id);
export const modelLink = (name, sha256) => sha256
  ? make('a', { href: `#/models/${encodeURIComponent(sha256)}` }, name || sha256.slice(0, 12)) : name || '–';
