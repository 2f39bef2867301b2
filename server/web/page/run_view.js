// One run: its filling table while it goes on; verdict, causes and advice when it is over.
import { stems } from './chart.js';
import { bytes, make, modelLink, number, runLink, sign, span, table, time } from './dom.js';

export const verdictText = (run) => {
  if (run.state !== 'finished') return `The run is ${run.state}.`;
  if (run.error) return `Not compared: ${run.error.message}`;
  if (run.verdict === 'match') return 'Match: the board computes what the simulator says.';
  if (run.verdict === 'mismatch') return 'Mismatch: the board and the simulator differ.';
  return 'Not compared.';
};

const tone = (run) => run.state !== 'finished' ? '' : { match: 'good', mismatch: 'bad' }[run.verdict] ?? 'warn';

function meter(part, role, label) {
  if (!part) return make('span', { class: 'soft' }, 'waits');
  return make('span', { class: 'meter' },
    make('progress', { class: role, max: part.total || 1, value: part.received, 'aria-label': label }),
    part.received >= part.total ? bytes(part.total) : `${Math.floor(100 * part.received / part.total)} % of ${bytes(part.total)}`);
}

// Every output that anybody spoke of, in order.
function rowsOf(run, report) {
  const rows = new Map();
  const at = (index) => rows.get(index) ?? rows.set(index, { index, name: `output ${index}` }).get(index);
  for (const model of [run.reference_model, run.target_model]) {
    model?.outputs.forEach((output, index) => Object.assign(at(index), { name: output.name, type: output.element_type, shape: output.shape }));
  }
  for (const part of run.progress) at(part.index)[part.role] = part;
  for (const tensor of report?.tensors ?? run.tensors) {
    Object.assign(at(tensor.index), { name: tensor.name, type: tensor.element_type, shape: tensor.shape, tensor });
  }
  return [...rows.values()].sort((a, b) => a.index - b.index);
}

function compared(row) {
  const tensor = row.tensor;
  if (!tensor) return ['–', '–', '–', '–', make('span', { class: 'soft' }, 'waits')];
  const going = tensor.complete === false;
  const said = going ? make('span', { class: 'soft' }, `${tensor.count} of ${tensor.total}`)
    : [sign(tensor.verdict), tensor.rule ? make('span', { class: 'soft' }, ` ${tensor.rule}`) : null];
  return [number(tensor.rel_l1), tensor.cosine === null || tensor.cosine === undefined ? '–' : Number(tensor.cosine).toFixed(6),
    number(tensor.max_abs_error), String(tensor.different_elements), said];
}

function tensors(rows) {
  const live = rows.some((row) => row.reference || row.target);
  const columns = [['tensor', 'name'], ['type', 'mono word', 'type'],
    ...(live ? [['simulator', '', 'simulator'], ['board', '', 'board']] : []),
    ['rel_l1', 'number', 'rel_l1'], ['cosine', 'number', 'cosine'], ['max |d|', 'number', 'max |d|'],
    ['different', 'number', 'different'], ['verdict', '', 'verdict']];
  return table('Outputs of the network', columns, rows.map((row) => [row.name,
    row.type ? `${row.type}[${row.shape.join('×')}]` : '',
    ...(live ? [meter(row.reference, 'reference', `simulator's bytes of ${row.name}`),
      meter(row.target, 'target', `board's bytes of ${row.name}`)] : []),
    ...compared(row)]), { empty: 'Nothing has arrived yet.' });
}

function causes(run) {
  if (!run.diagnosis?.length) return [];
  return [make('h2', {}, 'What is wrong, and what to do'), make('ol', { class: 'causes' }, run.diagnosis.map((cause) =>
    make('li', {}, make('strong', {}, cause.cause.replaceAll('_', ' ')),
      cause.tensor ? [' in ', make('code', {}, cause.tensor)] : null,
      cause.confidence !== undefined ? make('span', { class: 'soft' }, ` (confidence ${number(cause.confidence, 2)})`) : null,
      make('p', {}, cause.evidence ?? ''), cause.advice ? make('p', {}, make('strong', {}, 'Do: '), cause.advice) : null)))];
}

function chart(rows) {
  const points = rows.map((row) => ({ name: row.name, value: row.tensor?.rel_l1, out: row.tensor?.verdict === 'mismatch' }));
  if (!points.some((point) => point.value !== null && point.value !== undefined)) return [];
  return [make('h2', {}, 'Error of each tensor'),
    stems('rel_l1 of each tensor (logarithmic; a ring is exactly equal, a square is out of bounds)', points, 'first tensor', 'last tensor')];
}

export function runView(run, report) {
  const rows = rowsOf(run, report);
  const facts = [['model', modelLink(run.model_name, run.model_sha256)], ['run', make('span', { class: 'mono' }, run.run_id)],
    ['board', run.board], ['reference', run.reference?.source],
    ['SDK', report?.identity?.sdk || run.target_model?.sdk], ['submitted', time(run.created_unix_ms)],
    ['took', span(run.created_unix_ms, run.finished_unix_ms)], ['attempt', run.attempt > 1 ? String(run.attempt) : ''],
    ['says', run.state === 'finished' ? '' : run.note]].filter((fact) => fact[1]);
  return [make('h1', {}, run.model_name || run.run_id),
    make('p', { id: 'verdict', class: `verdict ${tone(run)}` }, sign(run.state === 'finished' ? run.verdict : run.state, verdictText(run))),
    run.error?.hint ? make('p', {}, make('strong', {}, 'Do: '), run.error.hint) : null,
    run.first_divergence ? make('p', {}, 'First out of bounds: ', make('code', {}, run.first_divergence.name), ` (${run.first_divergence.rule})`) : null,
    make('dl', {}, facts.map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
    ...causes(run), make('h2', {}, 'Outputs'), tensors(rows), ...chart(rows),
    run.notes?.length ? [make('h2', {}, 'Limits of this statement'), make('ul', {}, run.notes.map((note) => make('li', {}, note)))] : null,
    run.report ? make('p', {}, make('a', { href: run.report }, 'The whole report (JSON)')) : null].flat();
}

export function historyView(history) {
  const runs = history.runs;
  const newestFirst = runs.map((run) => [time(run.finished_unix_ms), run.sdk || 'not known', run.board || '–',
    sign(run.verdict), number(run.worst_rel_l1), run.first_divergence || run.worst_tensor || '', runLink(run.run_id)]);
  const points = [...runs].reverse().map((run) => ({ name: `${run.run_id} on ${run.board}, ${run.sdk}`, value: run.worst_rel_l1, out: run.verdict === 'mismatch' }));
  return [make('h1', {}, `History of ${runs[0]?.model_name || 'a model'}`),
    make('p', { class: 'soft mono' }, history.model_sha256),
    runs.length ? stems('worst rel_l1 of each run (logarithmic; a ring is exactly equal, a square is out of bounds)', points, 'oldest run', 'newest run') : null,
    make('h2', {}, 'Runs'),
    table('Runs of this model', [['finished', 'word', 'finished'], ['SDK', '', 'SDK'], ['board', '', 'board'], ['verdict', 'word'],
      ['worst rel_l1', 'number', 'worst rel_l1'], ['tensor', '', 'tensor'], ['run', 'word']], newestFirst,
    { empty: 'No run of this model is finished.' })];
}
