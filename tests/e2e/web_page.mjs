// The web page in a real browser: node web_page.mjs PLAYWRIGHT URL RUN_ID SHOTS
// Says "seen: filling" once it has seen the run's table filling, then waits for the verdict on the
// same page, without loading it again. SHOTS: folder for pictures, "" for none.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [playwright, url, runId, shots] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const complaints = [];

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('request', (request) => { if (!request.url().startsWith(url)) complaints.push(`asked elsewhere: ${request.url()}`); });
  return page;
}

const shoot = (page, name) => shots ? page.screenshot({ path: join(shots, `${name}.png`), fullPage: true }) : null;
const focused = (page) => page.evaluate(() => document.activeElement.textContent);
// Asked from here again and again: waitForFunction() would eval inside the page, which its own
// Content-Security-Policy forbids from the second look on.
async function until(page, holds) {
  for (const limit = Date.now() + 30000; Date.now() < limit; await page.waitForTimeout(20)) {
    if (await page.evaluate(holds)) return;
  }
  assert.fail(`in vain waited for ${holds}`);
}
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function keyboardAndNames(page) {
  await page.goto(url);
  await page.getByRole('heading', { name: 'Recent runs' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  // Names are text: no element comes of them, and none of their code runs.
  await page.getByText('<img src=x onerror=window.hurt=1>').first().waitFor();
  assert.equal(await page.locator('main img, main b').count(), 0);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  await page.getByText('the fan is <b>loud</b>').waitFor();
  assert.equal(await page.locator('svg.shape').count() > 0, true);
  await shoot(page, 'overview-light');
  // By keyboard alone to the run.
  for (let i = 0; i < 60 && await focused(page) !== runId; i += 1) await page.keyboard.press('Tab');
  assert.equal(await focused(page), runId);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(outline, 'none');
  await page.keyboard.press('Enter');
}

async function filling(page) {
  await until(page, () => {
    const bar = document.querySelector('progress.target');
    return bar && bar.value > 0 && bar.value < bar.max;
  });
  assert.equal(await page.locator('#verdict').textContent().then((text) => text.includes('Match')), false);
  await shoot(page, 'run-filling');
  console.log('seen: filling');
}

async function verdict(page) {
  await page.locator('#verdict', { hasText: 'Match' }).waitFor();
  await until(page, () => document.getElementById('said').textContent.startsWith('Match'));
  assert.equal(await page.locator('#said').getAttribute('aria-live'), 'polite');
  await page.locator('.chart svg').waitFor();
  assert.equal(await overflow(page) <= 0, true, 'the run scrolls sideways');
  assert.equal((await page.locator('main').textContent()).includes('[object'), false);
  await shoot(page, 'run-light');
  await page.locator('dd a').click();
  await page.getByRole('heading', { name: 'History of' }).waitFor();
  await page.locator('td', { hasText: 'virtual IPU' }).first().waitFor();
  await shoot(page, 'history-light');
}

async function darkAndPhone() {
  const dark = await open({ colorScheme: 'dark' });
  const phone = await open({ viewport: { width: 360, height: 740 }, hasTouch: true });
  for (const [name, path] of [['overview', '#/'], ['run', `#/runs/${runId}`]]) {
    for (const [kind, page] of [['dark', dark], ['phone', phone]]) {
      await page.goto(url + path);
      await page.locator('h2').first().waitFor();
      await shoot(page, `${name}-${kind}`);
    }
    assert.equal(await overflow(phone) <= 0, true, `${name} scrolls sideways at 360 px`);
  }
  const history = await phone.locator('dd a').getAttribute('href');
  await phone.goto(url + history);
  await phone.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
  assert.equal(await overflow(phone) <= 0, true, 'history scrolls sideways at 360 px');
  await shoot(phone, 'history-phone');
  const ground = await dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const brightest = Math.max(...ground.match(/\d+/g).slice(0, 3).map(Number));
  assert.equal(brightest < 64, true, `dark ground is ${ground}`);
}

try {
  const page = await open();
  await keyboardAndNames(page);
  await filling(page);
  await verdict(page);
  await darkAndPhone();
  assert.deepEqual(complaints, []);
  console.log('seen: all');
} finally {
  await browser.close();
}
