import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../kernel/units.js';
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

/** Whether the watch asks for a new plan, minute by minute, as a home's charger goes on. */
const watched = (homes: readonly Home[]): boolean[] => {
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
  for (; minute < homes.length; minute += 1) asked.push(watch.surprised(NOON_MS + minute * MINUTE_MS));
  return asked;
};
const home = (gridW: number, drawsW: number, state: number): Home => ({ id: 'home', gridW, charger: { drawsW, state } });

describe('what asks for a new plan', () => {
  it('is a car that comes, goes, or is full', () => {
    expect(watched([home(1_000, 0, 0), home(1_000, 0, 2), home(1_000, 0, 2), home(1_000, 0, 1)])).toEqual([false, true, false, true]);
  });

  it('is not what a load draws that is planned apart', () => {
    const quiet = Array.from({ length: 6 }, () => home(12_000, 11_000, 3));
    expect(watched(quiet)).toEqual(quiet.map(() => false));
    const loud = Array.from({ length: 6 }, () => home(22_000, 11_000, 3));
    expect(watched(loud)).toContain(true);
  });
});
