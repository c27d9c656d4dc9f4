import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import type { PlanService } from '../schedule/plan.service.js';
import type { TelemetryService } from '../telemetry/telemetry.service.js';
import { type Home, imageOf, NOON_MS } from './decide.fixture.js';
import { PlanWatch } from './plan-watch.service.js';
import type { StartFailures } from './start-failures.service.js';

const steps = [{ startMs: NOON_MS, endMs: NOON_MS + HOUR_MS }];
const plan = {
  steps,
  sites: [{ loadW: [1_000], pvW: [0], curtailedW: [0] }],
  loads: [{ loadId: 'home-flexible-load@2026-06-01', siteId: 'home', drawW: [0] }],
};

/** Whether the watch asks for a new plan, minute by minute or as often as is said, as a home's charger goes on; plans are then made, and fail in vain. */
const watched = (homes: readonly Home[], { everyMs = MINUTE_MS, tookMs = 100, fails = false } = {}): boolean[] => {
  let minute = 0;
  const watch = new PlanWatch(
    { current: () => plan } as unknown as PlanService,
    {
      image: () => {
        const image = imageOf([homes[minute]!]);
        const { gridW = 0 } = homes[minute]!;
        return { ...image, fleet: { ...image.fleet, loadW: gridW } };
      },
    } as unknown as TelemetryService,
    { count: () => 0 } as unknown as StartFailures,
  );
  const asked: boolean[] = [];
  const makePlan = (atMs: number, made: boolean): void => {
    watch.begin(atMs);
    watch.end(made, { endedAtMs: atMs + tookMs, tookMs });
  };
  makePlan(NOON_MS - HOUR_MS, true);
  for (; minute < homes.length; minute += 1) {
    const atMs = NOON_MS + minute * everyMs;
    asked.push(watch.surprised(atMs));
    if (asked.at(-1)) makePlan(atMs, !fails);
  }
  return asked;
};
const home = (gridW: number, drawsW: number, state: number): Home => ({ id: 'home', gridW, charger: { drawsW, state } });

describe('what asks for a new plan', () => {
  it('is a car that comes, goes, or is full', () => {
    expect(watched([home(1_000, 0, 0), home(1_000, 0, 2), home(1_000, 0, 2), home(1_000, 0, 1)])).toEqual([false, true, false, true]);
  });

  it('is the first car after a quiet time, and then those together that came soon after it', () => {
    const [away, here] = [home(1_000, 0, 0), home(1_000, 0, 2)];
    const flickers = [away, here, away, here, away, away, away];
    expect(watched(flickers, { everyMs: 5 * SECOND_MS })).toEqual([false, true, false, false, false, false, true]);
    // Who is back where the plan has it needs no other plan; and a large fleet waits for longer.
    expect(watched([away, here, away, here, here, here, here], { everyMs: 5 * SECOND_MS })).toEqual(
      flickers.map((_, index) => index === 1),
    );
    const cars = [away, here, away, away, away, away, away];
    expect(watched(cars, { everyMs: 20 * SECOND_MS, tookMs: 19_000 })).toEqual([false, true, false, false, false, false, true]);
  });

  it('is the same car again, where no plan came of it', () => {
    const cars = [home(1_000, 0, 0), ...Array.from({ length: 6 }, () => home(1_000, 0, 2))];
    expect(watched(cars, { everyMs: 10 * SECOND_MS, fails: true })).toEqual([false, true, false, false, true, false, false]);
  });

  it('is not what a load draws that is planned apart', () => {
    const quiet = Array.from({ length: 6 }, () => home(12_000, 11_000, 3));
    expect(watched(quiet)).toEqual(quiet.map(() => false));
    const loud = Array.from({ length: 6 }, () => home(22_000, 11_000, 3));
    expect(watched(loud)).toContain(true);
  });
});
