import { expect, it } from 'vitest';
import { isOverWithin } from './deadline.js';

it('tells work that is over in time, whichever way it ends, from work that is not', async () => {
  expect(await isOverWithin(Promise.resolve(), 1_000)).toBe(true);
  expect(await isOverWithin(Promise.reject(new Error('no')), 1_000)).toBe(true);
  expect(await isOverWithin(new Promise(() => undefined), 1)).toBe(false);
});
