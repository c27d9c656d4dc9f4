import { describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import type { Schedule } from '../schedule/schedule.js';
import { type Home, inputOf, NOON_MS } from './decide.fixture.js';
import { StaggeredPlan } from './staggered-plan.js';

const homes: Home[] = Array.from({ length: 20 }, (_, index) => ({ id: `home-${index}` }));
const { plant } = inputOf(homes);
const STEP_MS = 15 * MINUTE_MS;

/** A plan of two quarter-hours with one power for all batteries in each. */
const planOf = (powersW: readonly [number, number], startMs = NOON_MS): Schedule =>
  ({
    issuedAtMs: startMs,
    steps: [0, 1].map((step) => ({ startMs: startMs + step * STEP_MS, endMs: startMs + (step + 1) * STEP_MS })),
    sites: homes.map(({ id }) => ({ siteId: id, gridW: [0, 0], pvW: [0, 0], curtailedW: [0, 0], loadW: [0, 0] })),
    batteries: homes.map(({ id }) => ({ batteryId: `${id}-battery`, siteId: id, powerW: powersW, energyWh: [0, 0] })),
    generators: [],
    loads: [],
  }) as unknown as Schedule;

const powersW = (stagger: StaggeredPlan, plan: Schedule | undefined, atMs: number): (number | undefined)[] => {
  const planned = stagger.at(plant, plan, atMs);
  return homes.map(({ id }) => {
    const step = planned?.get(`${id}-battery`);
    return step?.kind === 'battery' ? step.step.batteryW : undefined;
  });
};
const count = (values: readonly (number | undefined)[], value: number): number => values.filter((one) => one === value).length;

describe('a fleet that follows its plan', () => {
  it('goes over to the next step site by site, within half a minute', () => {
    const stagger = new StaggeredPlan();
    const plan = planOf([1_000, 3_000]);
    expect(count(powersW(stagger, plan, NOON_MS), 1_000)).toBe(20);
    const borderMs = NOON_MS + STEP_MS;
    const movedAfter = [-1, 0, 3, 9, 26, 27].map((seconds) => count(powersW(stagger, plan, borderMs + seconds * SECOND_MS), 3_000));
    expect(movedAfter).toEqual([0, 2, 4, 8, 18, 20]);
  });

  it('goes over to a new plan in the same way', () => {
    const stagger = new StaggeredPlan();
    const [first, second] = [planOf([1_000, 1_000]), planOf([-2_000, -2_000], NOON_MS + 5 * MINUTE_MS)];
    powersW(stagger, first, NOON_MS);
    const newMs = NOON_MS + 5 * MINUTE_MS;
    const after = [0, 15, 27].map((seconds) => powersW(stagger, second, newMs + seconds * SECOND_MS));
    expect(after.map((told) => count(told, -2_000))).toEqual([2, 12, 20]);
    expect(after.map((told) => count(told, 1_000))).toEqual([18, 8, 0]);
  });

  it('follows its first plan at once, and none where there is none', () => {
    const stagger = new StaggeredPlan();
    expect(stagger.at(plant, undefined, NOON_MS)).toBeUndefined();
    expect(count(powersW(stagger, planOf([500, 500]), NOON_MS), 500)).toBe(20);
    expect(stagger.at(plant, undefined, NOON_MS + 1_000)).toBeUndefined();
  });
});
