import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

/** Debian's; without these flags it looks for hosts of its maker at every start. */
const BROWSER = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
};

let scratch: Awaited<ReturnType<typeof scratchDirectory>>;
let browser: Browser;
let html: string;
let junit: string;

beforeAll(async () => {
  scratch = await scratchDirectory();
  await using fleet = await startSimulatedFleet({ hosts: 6 });
  const files = await fleet.writeFiles(scratch.directoryPath);
  const [first, second] = fleet.hosts;
  if (first === undefined || second === undefined) throw new Error('no hosts');
  const site = ['-i', files.inventoryFile, '--known-hosts', files.knownHostsFile, '--volume', 'data'];
  const env = { LONGSHORE_STATE_DIR: join(scratch.directoryPath, 'state') };
  await longshore(['attach', ...site], { env });
  first.mount('dm-0', '/srv/orders');
  expect((await longshore(['detach', ...site], { env })).code).toBe(5);
  html = join(scratch.directoryPath, 'run.html');
  junit = join(scratch.directoryPath, 'run.xml');
  const made = await longshore(['report', 'last', '--html', html, '--junit', junit], { env });
  expect(made).toEqual({ code: 0, stdout: `wrote ${html}\nwrote ${junit}\n`, stderr: '' });
  browser = await chromium.launch(BROWSER);
});

afterAll(async () => {
  await browser.close();
  await scratch[Symbol.asyncDispose]();
});

describe('the report of a run', () => {
  it('stands in a browser by itself: no other file, no script, no error, nothing wider than the window', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const asked: string[] = [];
    const errors: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(pathToFileURL(html).href);
    expect(asked).toEqual([pathToFileURL(html).href]);
    expect(errors).toEqual([]);
    expect(await page.locator('script').count()).toBe(0);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(1280);
    await page.close();
  });

  it('shows who refused and why, and a bar for each host', async () => {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(html).href);
    expect(await page.locator('h1').innerText()).toBe('longshore detach');
    expect(await page.locator('section > p').innerText()).toMatch(/6 hosts: ?1 refused 5 changed/);
    const refused = page.locator('.card', { has: page.locator('.badge.refused') });
    expect(await refused.innerText()).toContain('/srv/orders');
    const bars = page.locator('svg[aria-label=timeline] rect.bar');
    expect(await bars.count()).toBe(6);
    for (const bar of await bars.all()) expect((await bar.boundingBox())?.width).toBeGreaterThan(0);
    await page.close();
  });

  it('is JUnit XML, too', async () => {
    const xml = await readFile(junit, 'utf8');
    expect(xml).toMatch(/<testsuites tests="6" failures="1" errors="0" skipped="0"/);
    const page = await browser.newPage();
    const root = 'new DOMParser().parseFromString(xml, "application/xml").documentElement.tagName';
    expect(await page.evaluate(`((xml) => ${root})(${JSON.stringify(xml)})`)).toBe('testsuites');
    await page.close();
    expect(xml).toMatch(/<failure type="E_DEVICE_BUSY" message="refused: .*\/srv\/orders/);
  });
});

describe('without a run', () => {
  it('report says where it looked, and how to look elsewhere', async () => {
    const env = { LONGSHORE_STATE_DIR: join(scratch.directoryPath, 'empty') };
    const { code, stderr } = await longshore(['report', 'last'], { env });
    expect(code).toBe(3);
    expect(stderr).toContain(`there is no run in ${env.LONGSHORE_STATE_DIR}`);
    expect(stderr).toContain('--state-dir');
  });
});
