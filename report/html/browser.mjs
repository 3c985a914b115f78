// Opens reports in Chromium as somebody would, and says what is wrong; called by TestTortureBrowser.
//   node browser.mjs FOLDER-OF-PLAYWRIGHT SMALL.html BIG.html
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const [tools, small, big] = process.argv.slice(2);
const { chromium } = createRequire(tools + '/')('playwright-core');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

const open = async (file, options) => {
  const page = await browser.newPage(options);
  const troubles = [];
  page.on('console', m => { if (m.type() === 'error' || m.type() === 'warning') troubles.push(m.text()); });
  page.on('pageerror', e => troubles.push(String(e)));
  page.on('dialog', d => { troubles.push('dialog: ' + d.message()); d.dismiss(); });
  page.on('request', r => { if (r.url() !== 'file://' + file) troubles.push('request: ' + r.url()); });
  await page.goto('file://' + file);
  return [page, troubles];
};
const hosts = page => page.locator('#rows .row .cell:first-child').allTextContents();
const shown = page => page.locator('#shown').textContent();

for (const colorScheme of ['light', 'dark']) {
  const [page, troubles] = await open(small, { colorScheme });
  assert.equal(await shown(page), '40 hosts');
  assert.equal((await hosts(page))[0], 'web01');

  // Filters, search, sort.
  await page.locator('#filters button', { hasText: 'failed' }).click();
  assert.deepEqual(await hosts(page), ['web12', 'web13']);
  await page.locator('#filters button', { hasText: 'failed' }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('web2 r1');
  assert.match(await shown(page), /^\d of 40 hosts/);
  await page.locator('#search').fill('');
  await page.locator('#head button', { hasText: 'cpus' }).click();
  await page.locator('#head button', { hasText: 'cpus' }).click();
  assert.equal((await hosts(page))[0], 'web40');
  await page.locator('#head button', { hasText: 'host' }).first().click();

  // By keyboard: down to the third host, open it, and back.
  await page.locator('#table').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#detail h3').textContent(), 'web03');
  assert.match(await page.locator('#detail pre').first().textContent(), /Debian 12/);
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#detail').isHidden());

  // A check leads to the hosts where it did not pass; each host has a square a check.
  await page.locator('[data-check="0"]').click();
  assert.match(await shown(page), /^6 of 40 hosts where file:\/etc\/passwd did not pass$/);
  assert.equal(await page.locator('#rows .row').first().locator('.squares i').count(), 3);
  await page.locator('[data-check="0"]').click();

  // Groups open, and show what differs.
  await page.locator('#groups details summary').nth(1).click();
  await page.locator('#groups details').nth(1).locator('pre').last().waitFor();
  assert.deepEqual(troubles, []);
  const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(back, colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(251, 251, 250)');
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${colorScheme}.png`, fullPage: true });
  await page.close();
}

const [page, troubles] = await open(big);
assert.equal(await shown(page), '10000 hosts');
assert.ok((await page.locator('#rows .row').count()) < 100, 'all rows are in the page');
const slowest = await page.evaluate(() => {
  const search = document.getElementById('search');
  let worst = 0;
  for (const text of ['n', 'no', 'node0', 'node09', 'nothing like that', '']) {
    const begun = performance.now();
    search.value = text;
    search.dispatchEvent(new Event('input'));
    worst = Math.max(worst, performance.now() - begun);
  }
  return worst;
});
console.log('10000 hosts: the slowest search took ' + slowest.toFixed(0) + ' ms');
await page.locator('#table').evaluate(t => { t.scrollTop = t.scrollHeight; });
await page.waitForFunction(() => [...document.querySelectorAll('#rows .row .cell:first-child')].some(c => c.textContent === 'node09999'));
assert.deepEqual(troubles, []);
await browser.close();
