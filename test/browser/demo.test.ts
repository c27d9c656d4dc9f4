import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './browser.js';
import { DemoProcess } from './demo-process.js';
import { expectAccessible, expectNoSidewaysScroll, expectToMove, numberIn, shoot, untilWorthShooting } from './looking.js';

const PATIENCE_MS = 120_000;
const DESK = { width: 1440, height: 1000 };
const PHONE = { width: 390, height: 844 };
/** Nobody is logged in yet, nothing is planned yet, and the form asks for a time that an event has already. */
const EXPECTED_REFUSALS = /\/api\/(session|plan|events\/answer)$/;
const NUMBER = /^−?[\d,]*\.?\d+$/;

let demo: DemoProcess;
let browser: Browser;
const faults: string[] = [];

const newContext = async (viewport: { width: number; height: number }): Promise<BrowserContext> => {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', colorScheme: 'light', viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
};

const newPage = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('response', (response) => {
    if (response.status() >= 400 && !EXPECTED_REFUSALS.test(response.url())) faults.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(demo.url);
  return page;
};

/** What the read-out above a chart says of one flow while the pointer is over the chart at `share` of its width. */
const readAt = async (chart: Locator, share: number, flow: string, kind: string): Promise<string> => {
  const place = (await chart.locator('canvas').boundingBox())!;
  await chart.page().mouse.move(place.x + place.width * share, place.y + place.height / 2);
  return chart.locator(`.read-out [data-flow="${flow}"] .read-line`, { hasText: kind }).locator('.read-value').innerText();
};

const stateOf = (event: Locator, ...states: string[]): Locator =>
  event.locator(states.map((state) => `[data-testid="event-state"][data-state="${state}"]`).join(', '));

beforeAll(async () => {
  [demo, browser] = await Promise.all([DemoProcess.start(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await demo?.clear();
});

describe('the demo, as its users see it', () => {
  let page: Page;
  let ownEvent: Locator;
  let firstEventId: string;

  it('offers its logins, says that it is simulated, and lets the operator in', async () => {
    page = await newPage(await newContext(DESK));
    await page.getByTestId('simulated-badge').waitFor();
    for (const { name } of demo.logins) await page.getByTestId(`login-demo-${name}`).waitFor();
    await expect.poll(() => page.evaluate('[...document.images].every((image) => image.naturalWidth > 0)')).toBe(true);
    await expectAccessible(page);
    await shoot(page, 'login');
    await page.getByTestId('login-demo-operator').click();
    await page.getByTestId('fleet-now').waitFor();
  });

  it('bears a browser whose language is none, and speaks the first that it knows', async () => {
    const odd = await newContext(DESK);
    await odd.addInitScript(`
      Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true });
      Object.defineProperty(navigator, 'languages', { value: ['fr-FR', 'de-DE'], configurable: true });
    `);
    const strange = await newPage(odd);
    await strange.getByTestId('login-demo-operator').click();
    await strange.getByTestId('fleet-now').waitFor();
    expect(await strange.evaluate('document.documentElement.lang')).toBe('de');
    await odd.close();
  });

  it('shows the operator power that moves, on the plant’s own clock', async () => {
    await page.getByTestId('simulated-badge').waitFor();
    await Promise.all([expectToMove(page.getByTestId('plant-clock')), expectToMove(page.getByTestId('power-load'))]);
    expect(await page.getByTestId('power-pv').innerText()).toMatch(/\d kW/);
  });

  /** How much of a table lies beside what is shown of it. */
  const hiddenWidth = (testId: string): Promise<unknown> => {
    const around = `document.querySelector('[data-testid="${testId}"]').parentElement`;
    return page.evaluate(`${around}.scrollWidth - ${around}.clientWidth`);
  };

  it('lists the devices with their power, one inverter of them silent', async () => {
    const table = page.getByTestId('devices-table');
    const silent = table.getByTestId('device-home-07-pv');
    await silent.locator('[data-health="offline"]').waitFor();
    await silent.getByText(/unit \d+: no answer/).waitFor();
    await expect.poll(() => table.locator('.device-health[data-health="offline"]').count(), { timeout: PATIENCE_MS }).toBe(1);
    const power = table.getByTestId('device-home-01-meter').locator('td.number').last();
    await expect.poll(() => power.innerText(), { timeout: PATIENCE_MS }).toMatch(NUMBER);
    const unfold = table.getByTestId('device-home-02-battery').locator('button');
    await unfold.click();
    await table
      .getByTestId('why-home-02-battery')
      .getByText(/plan|EV-|limit/)
      .waitFor();
    expect(await hiddenWidth('devices-table')).toBe(0);
    await unfold.click();
  });

  it('shows what the plant is held to, by whom and since when it is kept, and what is locked out and why', async () => {
    const ask = (method: string, path: string, body?: object): Promise<unknown> =>
      page.evaluate(
        `fetch('${path}', { method: '${method}', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(body && JSON.stringify(body))} }).then((answer) => answer.text())`,
      );
    const { nowMs } = JSON.parse((await ask('GET', '/api/plant')) as string) as { nowMs: number };
    // Of one site: while another is silent, as happens in the demo, nobody knows what the whole fleet takes.
    const limit = { scope: 'home-05', kind: 'import', valueW: 25_000, startMs: nowMs, endMs: nowMs + 1_800_000, reason: 'line work' };
    const { id } = JSON.parse((await ask('POST', '/api/limits', limit)) as string) as { id: number };
    await ask('PUT', '/api/lock-outs/home-09-pv', { reason: 'roof work' });
    const limits = page.getByTestId('limits');
    await limits.locator('.limit[data-state="kept"]', { hasText: 'home-05 import' }).waitFor();
    await limits.getByText(/operator, until .* · line work/).waitFor();
    await limits.getByText('home-09-pv roof work').waitFor();
    await expectAccessible(page);
    await shoot(page, 'operator-limits', 1_700);
    expect(await limits.locator('.limit').count()).toBe(2);
    await ask('DELETE', `/api/limits/${id}`);
    await ask('DELETE', '/api/lock-outs/home-09-pv');
  });

  it('draws what was measured, forecast and planned', async () => {
    const chart = page.getByTestId('chart-power');
    await expect.poll(() => readAt(chart, 0.3, 'load', 'measured'), { timeout: PATIENCE_MS }).toMatch(NUMBER);
    await expect.poll(() => readAt(chart, 0.7, 'load', 'forecast'), { timeout: PATIENCE_MS }).toMatch(NUMBER);
    await expect.poll(() => readAt(chart, 0.7, 'battery', 'planned'), { timeout: PATIENCE_MS }).toMatch(NUMBER);
  });

  it('announces a grid event by itself and dispatches it', async () => {
    // Events of the past that is being filled in may have taken the numbers before it.
    const ownId = (): Promise<string | undefined> =>
      page.evaluate(
        `fetch('/api/events').then((answer) => answer.json()).then((all) => all.find(({ announcedBy }) => announcedBy === 'demo')?.id)`,
      );
    await expect.poll(ownId, { timeout: PATIENCE_MS, interval: 500 }).toBeDefined();
    firstEventId = (await ownId())!;
    const event = page.getByTestId(`event-row-${firstEventId}`);
    await stateOf(event, 'announced', 'active').waitFor();
    await stateOf(event, 'active').waitFor();
    await expect.poll(async () => numberIn(await event.getByTestId('event-delivered').innerText()), { timeout: 50_000 }).toBeGreaterThan(0);
    // Also what an event has devices do, the longest words of all, fits beside what they are and do.
    await page.getByTestId('devices-table').getByText(`by event:${firstEventId}`).first().waitFor();
    expect(await hiddenWidth('devices-table')).toBe(0);
  });

  it('takes a request for another, which starts when the first is over', async () => {
    const before = await page.locator('.event').count();
    await page.getByTestId('event-powerKw').fill('20');
    await page.getByTestId('event-pricePerKwh').fill('0.40');
    await page.getByTestId('event-startInMinutes').fill('0');
    await page.getByTestId('event-durationMinutes').fill('1');
    // What the plant would accept is told before anything is announced.
    await page
      .getByTestId('event-expected')
      .getByText(/\d of 20\.0 kW/)
      .waitFor();
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().endsWith('/api/events') && response.request().method() === 'POST'),
      page.getByTestId('event-submit').click(),
    ]);
    const { id } = (await answer.json()) as { id: string };
    ownEvent = page.getByTestId(`event-row-${id}`);
    await stateOf(ownEvent, 'announced').waitFor();
    await ownEvent
      .getByTestId('event-accepted')
      .getByText(/\d of 20\.0 kW/)
      .waitFor();
    expect(await page.locator('.event').count()).toBeGreaterThan(before);
    await expectAccessible(page);
    await stateOf(ownEvent, 'active').waitFor();
    await expect
      .poll(async () => numberIn(await ownEvent.getByTestId('event-delivered').innerText()), { timeout: 50_000 })
      .toBeGreaterThan(0);
    await stateOf(page.getByTestId(`event-row-${firstEventId}`), 'settled').waitFor();
    await shoot(page, 'operator');
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(page, 'operator-dark');
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('fits a phone, for operators and households', async () => {
    const context = await newContext(PHONE);
    const phone = await newPage(context);
    await phone.getByTestId('simulated-badge').waitFor();
    await expectNoSidewaysScroll(phone);
    await phone.getByTestId('login-demo-home-04').click();
    await phone.getByTestId('home-earnings').locator('.earned').waitFor();
    await phone.getByTestId('proof-row').first().waitFor();
    await expectNoSidewaysScroll(phone);
    await phone.getByTestId('logout').click();
    await phone.getByTestId('login-demo-operator').click();
    await phone.getByTestId('fleet-now').waitFor();
    await phone.getByTestId('devices-table').waitFor();
    await expectNoSidewaysScroll(phone);
    expect(await phone.getByTestId('release-all').isVisible()).toBe(true);
    await context.close();
  });

  it('counts what both events brought, and pays it', async () => {
    for (const event of [page.getByTestId(`event-row-${firstEventId}`), ownEvent]) {
      await stateOf(event, 'ended', 'settled').waitFor();
      await stateOf(event, 'settled').waitFor();
      expect(numberIn(await event.getByTestId('event-delivered').innerText())).toBeGreaterThan(0);
      expect(numberIn(await event.getByText(/^paid/).innerText())).toBeGreaterThan(0);
    }
  });

  it('hands every device back at the red button, and goes on when told to', async () => {
    const leases = page.getByTestId('dispatch-leases');
    await expect.poll(async () => numberIn(await leases.innerText()), { timeout: PATIENCE_MS }).toBeGreaterThan(0);
    await page.getByTestId('release-all').click();
    await page.getByTestId('release-reason').fill('a drill');
    await page.getByTestId('release-confirm').click();
    await page.locator('[data-testid="dispatch-mode"][data-mode="released"]').waitFor();
    await page.getByTestId('dispatch-stopped').getByText('a drill').waitFor();
    await expect.poll(async () => numberIn(await leases.innerText()), { timeout: PATIENCE_MS }).toBe(0);
    await page.getByTestId('resume').click();
    await page.locator('[data-testid="dispatch-mode"][data-mode="running"]').waitFor();
    await expect.poll(async () => numberIn(await leases.innerText()), { timeout: PATIENCE_MS }).toBeGreaterThan(0);
  });

  it('shows a household its own home, and nothing of the fleet', async () => {
    await page.getByTestId('logout').click();
    const { name, password } = demo.login('home-01');
    await page.getByTestId('login-name').fill(name);
    await page.getByTestId('login-password').fill(password);
    await page.getByTestId('login-submit').click();
    // Each of a home's powers may stand for a minute as it is written; not all of them.
    await expectToMove(page.locator('.home-figures'));
    // For a moment one of its devices may be late, and then nobody knows what the home draws.
    await page
      .getByTestId('home-load')
      .filter({ hasText: /\d k?W$/ })
      .waitFor();
    await page
      .getByTestId('home-load-home-01-charger')
      .filter({ hasText: /kW.*(draws|held back|wants nothing|nothing connected)/ })
      .waitFor();
    expect((await page.request.get(`${demo.url}/api/me/now`)).status()).toBe(200);
    expect((await page.request.get(`${demo.url}/api/fleet/now`)).status()).toBe(403);
  });

  it('tells the household what it earned, and how that was reckoned', async () => {
    const earnings = page.getByTestId('home-earnings');
    await page
      .getByTestId(`home-event-${firstEventId}`)
      .getByText(/You earned €0\.\d+/)
      .waitFor();
    await earnings.locator('summary').first().click();
    const line = earnings.locator('.statement-line', { hasText: 'Helping the grid' }).first();
    await line.waitFor();
    expect(await line.locator('.arithmetic').innerText()).toMatch(/^[\d.]+ kWh × 0\.[45]000 EUR\/kWh = [\d.]+ EUR$/);
  });

  it('lets the household check a proof in its own browser', async () => {
    await page.getByTestId('proof-check').first().click();
    const result = page.getByTestId('proof-result');
    await result.waitFor();
    expect(await result.getAttribute('data-ok')).toBe('true');
    expect(await result.locator('.proof-steps li[data-ok="false"]').count()).toBe(0);
    await expectAccessible(page);
    await untilWorthShooting(page);
    await shoot(page, 'household', 1300);
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);
    await shoot(page, 'household-phone', 1500);
  });

  it('met no fault in any page', () => {
    expect(faults).toEqual([]);
  });

  it('ends at Ctrl-C, with everything handed back', async () => {
    await browser.close();
    const { code, tookMs } = await demo.interrupt();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5_000);
  });
});
