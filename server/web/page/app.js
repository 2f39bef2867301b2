// Which view is shown, and how it is kept fresh: a question every so often, answered with 304
// while nothing changed; none while nobody looks.
import { make, modelLink, runLink, sign, span, table, time } from './dom.js';
import { historyView, runView, verdictText } from './run_view.js';

const main = document.getElementById('main');
const link = document.getElementById('link');
const PATIENCE = 10000;
let shown = 0;      // counts views: answers to an older one are dropped
let timer = null;
const tags = new Map();
const reports = new Map();

async function ask(path) {
  const headers = tags.has(path) ? { 'If-None-Match': tags.get(path) } : {};
  const reply = await fetch(path, { headers, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
  if (reply.status === 304) return null;
  const answer = await reply.json();
  if (!reply.ok) throw Object.assign(new Error(answer.error?.message ?? reply.statusText), { hint: answer.error?.hint, said: true });
  tags.set(path, reply.headers.get('ETag'));
  return answer;
}

// Puts the view in without taking the focus away from a link that is still there.
function show(nodes) {
  const focused = main.contains(document.activeElement) ? document.activeElement.getAttribute?.('href') : null;
  const scrolled = [...main.querySelectorAll('.scroll')].map((box) => box.scrollLeft);
  main.replaceChildren(...nodes.filter(Boolean));
  [...main.querySelectorAll('.scroll')].forEach((box, i) => { box.scrollLeft = scrolled[i] ?? 0; });
  if (focused) [...main.querySelectorAll('a')].find((a) => a.getAttribute('href') === focused)?.focus({ preventScroll: true });
}

function say(text) {
  const said = document.getElementById('said');
  if (said.textContent !== text) said.textContent = text;
}

function boardRow(board) {
  const since = board.since_unix_ms ? [' since ', time(board.since_unix_ms)] : [];
  const until = board.reserved_by && board.reserved_until_unix_ms ? [' until ', time(board.reserved_until_unix_ms)] : [];
  return [board.name, sign(board.state), [board.reason, ...since, ...until], board.run_id ? runLink(board.run_id) : '',
    board.tags.map((tag) => make('span', { class: 'tag' }, tag))];
}

function overview(farm) {
  document.getElementById('version').textContent = farm.version;
  const count = new Map();
  for (const board of farm.boards) count.set(board.state, (count.get(board.state) ?? 0) + 1);
  const summary = [...count].map(([state, n]) => `${n} ${state}`).join(', ') || 'none';
  const more = farm.queued - farm.queue.length;
  show([make('h1', {}, 'Farm'), make('h2', {}, 'Boards ', make('span', { class: 'soft' }, summary)),
    table('Boards', [['board', 'name'], ['state', 'word'], ['why', ''], ['run', 'word', 'run'], ['tags', '']],
      farm.boards.map(boardRow), { empty: 'No board has ever connected: start plumb-agent on one.' }),
    make('h2', {}, 'Queue ', make('span', { class: 'soft' }, String(farm.queued))),
    table('Queue', [['place', 'number', 'place'], ['model', 'name'], ['why it waits', ''], ['wants', '', 'wants'], ['of', '', 'of'], ['since', 'word', 'since'], ['run', 'word']],
      farm.queue.map((entry) => [entry.position === null ? '' : String(entry.position), entry.model_name || '–', entry.reason, entry.tags || 'any board',
        entry.owner, time(entry.submitted_unix_ms), runLink(entry.run_id)]), { empty: 'Nothing waits.' }),
    more > 0 ? make('p', { class: 'soft' }, `and ${more} more`) : null,
    make('h2', {}, 'Recent runs'),
    table('Recent runs', [['run', 'word'], ['model', 'name'], ['outcome', 'word'], ['board', '', 'board'], ['submitted', 'word', 'submitted'], ['took', 'word', 'took']],
      farm.runs.map((run) => [runLink(run.run_id), modelLink(run.model_name, run.model_sha256),
        sign(run.state === 'finished' ? run.verdict : run.state), run.board || '–', time(run.created_unix_ms),
        span(run.created_unix_ms, run.finished_unix_ms)]), { empty: 'No run yet.' })]);
}

async function oneRun(run) {
  if (run.report && !reports.has(run.report)) {
    reports.clear();
    reports.set(run.report, await (await fetch(run.report, { signal: AbortSignal.timeout(PATIENCE) })).json());
  }
  const report = run.report ? reports.get(run.report) : null;
  return () => { show(runView(run, report?.tensors ? report : null)); say(verdictText(run)); };
}

// What the address asks for: title, document, pause between questions, and what is made of it.
function route() {
  const [, kind, id] = location.hash.match(/^#\/(runs|models)\/([A-Za-z0-9_-]{1,64})$/) ?? [];
  if (kind === 'runs') {
    return { title: `Run ${id}`, path: `/api/v1/runs/${id}`, pause: 300, view: oneRun, over: (run) => run.state === 'finished' };
  }
  if (kind === 'models') {
    return { title: 'History', path: `/api/v1/models/${id}/history`, pause: 5000, view: (history) => () => show(historyView(history)) };
  }
  return { title: 'Farm', path: '/api/v1/farm', pause: 1500, view: (farm) => () => overview(farm) };
}

function fail(error, first) {
  link.textContent = error.said ? error.message : 'The server does not answer; trying again.';
  link.className = 'lost';
  if (first) show([make('h1', {}, 'Nothing to show'), make('p', {}, error.said ? error.message : 'The server does not answer.'),
    error.hint ? make('p', {}, error.hint) : null, make('p', {}, make('a', { href: '#/' }, 'To the farm'))]);
}

async function refresh(number, wanted, first) {
  let over = false;
  let pause = wanted.pause;
  try {
    const answer = await ask(wanted.path);
    const put = answer ? await wanted.view(answer) : null;
    if (number !== shown) return;
    put?.();
    over = answer ? wanted.over?.(answer) ?? false : false;
    link.textContent = over ? '' : 'live';
    link.className = 'soft';
    first = false;
  } catch (error) {
    if (number !== shown) return;
    fail(error, first);
    pause = Math.max(pause, 2000);
  }
  if (!over) timer = setTimeout(() => document.hidden ? waitUntilSeen(number, wanted, first) : refresh(number, wanted, first), pause);
}

function waitUntilSeen(number, wanted, first) {
  document.addEventListener('visibilitychange', () => { if (number === shown) refresh(number, wanted, first); }, { once: true });
}

function open(byHand) {
  if (byHand && location.hash === '#main') { main.focus(); return; }
  shown += 1;
  clearTimeout(timer);
  tags.clear();
  const wanted = route();
  document.title = `${wanted.title} – Plumbline`;
  say('');
  if (byHand) { main.replaceChildren(make('p', { class: 'soft' }, 'Asking the server …')); main.focus(); }
  refresh(shown, wanted, true);
}

document.querySelector('.skip').addEventListener('click', (event) => { event.preventDefault(); main.focus(); });
addEventListener('hashchange', () => open(true));
open(false);
