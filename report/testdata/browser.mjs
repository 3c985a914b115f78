// Opens reports in Chromium as somebody would, and says what is wrong; called by TestTortureBrowser.
//   node browser.mjs FOLDER-OF-PLAYWRIGHT SMALL.html HOSTILE.html BIG.html
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const [tools, small, hostile, big] = process.argv.slice(2);
const { chromium } = createRequire(tools + '/')('playwright-core');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });

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
  assert.match(await page.locator('#rows .row').first().textContent(), /2 m 0 s/);

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
  assert.match(await page.locator('#detail').textContent(), /hail logs 20261123-150405-k3f9 -w web03/);
  await page.locator('#detail button', { hasText: 'next' }).click();
  assert.equal(await page.locator('#detail h3').textContent(), 'web04');
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#detail').isHidden());
  await page.keyboard.press('ArrowDown'); // the table has the keyboard again
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#detail h3').textContent(), 'web05');
  await page.keyboard.press('Escape');

  // A check leads to the hosts where it did not pass; the matrix has a square for each check of each host, and sorts by it.
  await page.locator('[data-check="0"]').click();
  assert.equal(await shown(page), '6 of 40 hosts');
  assert.equal(await page.locator('#rows .row').first().locator('.check').count(), 3);
  await page.locator('#filters button', { hasText: 'file:/etc/passwd did not pass' }).click();
  assert.equal(await shown(page), '40 hosts');
  await page.locator('#head button.check').first().click();
  const failed = page.locator('#rows .row').first().locator('.check').first();
  assert.equal(await failed.textContent(), '✗');
  await failed.hover();
  assert.equal(await failed.getAttribute('title'), 'file:/etc/passwd: fail · mode: expected 0644');
  await page.locator('#search').fill('nothing like that');
  assert.ok(await page.locator('#none').isVisible());
  await page.locator('#search').fill('');

  // Groups open, and show what differs.
  await page.locator('#groups details summary').nth(1).click();
  await page.locator('#groups details').nth(1).locator('pre').last().waitFor();
  assert.deepEqual(troubles, []);
  const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(back, colorScheme === 'dark' ? 'rgb(16, 20, 24)' : 'rgb(246, 247, 249)');
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${colorScheme}.png`, fullPage: true });
  await page.setViewportSize({ width: 400, height: 800 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400, 'a phone has to scroll sideways');
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await page.locator('#rows .row').count(), 40);
  await page.close();
}

// What a run printed: its output is there, and does nothing.
{
  const [page, troubles] = await open(hostile);
  for (let i = 0; i < 10; i++) {
    await page.locator('#rows .row').nth(i).click();
    await page.locator('#detail pre').first().waitFor();
    await page.keyboard.press('Escape');
  }
  for (const summary of await page.locator('#groups summary').all()) await summary.click();
  assert.match(await page.locator('#groups details pre').first().textContent(), /<\/script><script>alert\(1\)<\/script>/);
  assert.equal(await page.locator('script').count(), 2);
  assert.deepEqual(troubles, []);
  await page.close();
}

const begun = performance.now();
const [page, troubles] = await open(big);
assert.equal(await shown(page), '10,000 hosts');
assert.ok((await page.locator('#rows .row').count()) > 20, 'the rows in sight are not there');
const opened = performance.now() - begun;
// A fold of hundreds of hosts leaves room for what they say.
const share = await page.locator('.stacks tr').first().evaluate(tr => tr.lastElementChild.offsetWidth / tr.offsetWidth);
assert.ok(share > 0.4, `the message has ${share} of the table`);
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
console.log('10,000 hosts: open in ' + opened.toFixed(0) + ' ms; the slowest search took ' + slowest.toFixed(0) + ' ms');
await page.locator('#head button', { hasText: 'took' }).click();
assert.ok((await page.locator('#rows .row').count()) < 100, 'all rows are in the page');
await page.locator('#head button', { hasText: 'host' }).click();
await page.locator('#table').evaluate(t => { t.scrollTop = t.scrollHeight; });
await page.waitForFunction(() => [...document.querySelectorAll('#rows .row .cell:first-child')].some(c => c.textContent === 'node09999'));
assert.deepEqual(troubles, []);
await browser.close();
