import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Only a run that is asked to touches the pictures of the README. */
const UPDATING = process.env['UPDATE_SCREENSHOTS'] === '1';
const FOLDER = UPDATING ? 'docs/screenshots' : 'test-results';

/** A picture for the README waits until the demo has its past. */
export const untilWorthShooting = async (page: Page): Promise<void> => {
  if (UPDATING) await page.getByTestId('history-progress').waitFor({ state: 'detached', timeout: 180_000 });
};

/** Pictures the page in a window of this height, once what depends on its size has been drawn anew. */
export const shoot = async (page: Page, name: string, height?: number): Promise<void> => {
  const window = page.viewportSize()!;
  await page.setViewportSize({ width: window.width, height: height ?? window.height });
  await page.evaluate('scrollTo(0, 0)');
  await page.mouse.move(0, 0);
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn))))');
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
  await page.setViewportSize(window);
};

/** Nothing that axe can find is in the way of anybody, in either colour scheme. Leaves the page light. */
export const expectAccessible = async (page: Page): Promise<void> => {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${colorScheme}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
      [],
    );
  }
};

export const expectNoSidewaysScroll = async (page: Page): Promise<void> => {
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
};

/** Answers once the text is no longer what it was. */
export const expectToMove = async (figure: Locator, timeout = 60_000): Promise<void> => {
  const before = await figure.innerText();
  await expect.poll(() => figure.innerText(), { timeout, interval: 200 }).not.toBe(before);
};

/** The first number in a text, as the page writes numbers in English. */
export const numberIn = (text: string): number => {
  const found = /[−-]?[\d,]*\.?\d+/.exec(text);
  return found ? Number(found[0].replaceAll(',', '').replace('−', '-')) : NaN;
};
