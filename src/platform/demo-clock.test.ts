import { afterEach, expect, it, vi } from 'vitest';
import { DemoClock } from './demo-clock.js';

const T0 = Date.UTC(2026, 5, 1, 12);

afterEach(() => vi.useRealTimers());

it('leaps, and waits, as the clock of its computer does', () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: T0 });
  const clock = new DemoClock(0);
  clock.run();
  vi.setSystemTime(T0 + 300_000);
  expect([clock.now(), clock.leaptMs(), clock.aheadOfWallMs()]).toEqual([300_000, 300_000, 0]);
  vi.setSystemTime(T0);
  expect([clock.now(), clock.leaptMs(), clock.aheadOfWallMs()]).toEqual([300_000, 300_000, 300_000]);
});
