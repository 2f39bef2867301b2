// The error of each tensor, or of each run, as stems on a logarithmic axis.
import { draw, make, number } from './dom.js';

const WIDTH = 920, HEIGHT = 170, LEFT = 60, TOP = 26;

// `points`: { name, value (null: not known; 0: exact), out, href }.
export function stems(title, points, first, last) {
  const positive = points.map((point) => point.value).filter((value) => value > 0);
  const high = Math.ceil(Math.log10(Math.max(1e-2, ...positive)));
  const low = Math.min(high - 2, Math.floor(Math.log10(Math.min(1, ...positive))));
  const x = (i) => LEFT + (i + 0.5) * WIDTH / points.length;
  const y = (value) => TOP + HEIGHT - (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low) * HEIGHT;
  const svg = draw('svg', { viewBox: `0 0 ${LEFT + WIDTH + 16} ${TOP + HEIGHT + 34}`, role: 'img', 'aria-label': title });
  const step = Math.max(1, Math.ceil((high - low) / 6));
  for (let power = low; power <= high; power += step) {
    const at = y(10 ** power);
    svg.append(draw('line', { class: 'axis', x1: LEFT, x2: LEFT + WIDTH, y1: at, y2: at }),
      draw('text', { x: LEFT - 8, y: at + 4, 'text-anchor': 'end' }, power >= -3 && power <= 2 ? String(10 ** power) : `1e${power}`));
  }
  svg.append(draw('text', { x: LEFT, y: 14 }, title));
  points.forEach((point, i) => {
    if (point.value === null || point.value === undefined) return;
    const at = point.value > 0 ? y(point.value) : TOP + HEIGHT;
    const css = point.out ? 'out' : '';
    const mark = point.value > 0
      ? draw('g', { class: css }, draw('line', { class: 'stem', x1: x(i), x2: x(i), y1: TOP + HEIGHT, y2: at }),
        point.out ? draw('rect', { class: 'dot out', x: x(i) - 4.5, y: at - 4.5, width: 9, height: 9 })
          : draw('circle', { class: 'dot', cx: x(i), cy: at, r: 4 }))
      : draw('circle', { class: 'exact', cx: x(i), cy: at, r: 4 });
    mark.append(draw('title', {}, `${point.name}: ${point.value > 0 ? number(point.value) : 'exactly equal'}`));
    svg.append(mark);
  });
  svg.append(draw('text', { x: LEFT, y: TOP + HEIGHT + 20 }, first),
    draw('text', { x: LEFT + WIDTH, y: TOP + HEIGHT + 20, 'text-anchor': 'end' }, last));
  return make('div', { class: 'panel chart scroll', tabindex: 0, role: 'region', 'aria-label': title }, svg);
}
