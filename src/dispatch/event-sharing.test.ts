import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { sum } from '../kernel/sum.js';
import type { DeviceDecision, PlannedDevice } from './decision.js';
import { decide } from './decide.js';
import { type Home, inputOf, NOON_MS } from './decide.fixture.js';

/** What each battery is told in an event of `powerW` W, by the plan's way for each home; baselines at 0 W. */
const told = (homes: readonly (Home & { readonly planW: number })[], powerW: number, direction: 'up' | 'down' = 'up'): DeviceDecision[] => {
  const baselineW = new Map(homes.map(({ id }) => [id, 0]));
  const event = { id: 'EV-0001', direction, powerW, baselineW, optedOut: new Set<string>(), endMs: NOON_MS + 900_000 };
  const planned = new Map<string, PlannedDevice>(
    homes.map(({ id, planW }) => [`${id}-battery`, { kind: 'battery', step: { batteryW: planW, gridW: planW < 0 ? -1_000 : 1_000 } }]),
  );
  const { devices } = decide(inputOf(homes, { event, planned }));
  return homes.map(({ id }) => devices.find(({ deviceId }) => deviceId === `${id}-battery`)!);
};
const powerOf = ({ setpoint }: DeviceDecision): number => (setpoint?.kind === 'battery-power' ? setpoint.powerW : 0);

describe('what an event has beyond what it asks for', () => {
  it('is for batteries to charge with as the plan has it, but for a little that is kept back', () => {
    const homes = ['a', 'b'].map((id) => ({ id, gridW: -3_500, pvW: 4_000, planW: -2_500 }));
    expect(told(homes, 3_000).map(powerOf)).toEqual([-1_925, -1_925]);
    expect(told(homes, 3_000)[0]).toMatchObject({
      owner: 'plan',
      reason: expect.stringMatching(/^plan has .*; EV-0001 has all that it asks for$/),
    });
    expect(told(homes, 1_000).map(powerOf)).toEqual([-2_500, -2_500]);
    expect(told(homes, 6_900).map(powerOf)).toEqual([0, 0]);
    expect(told(homes, 9_000).map(powerOf)).toEqual([1_000, 1_000]);
  });

  it('is given back at once when a cloud comes', () => {
    const charging = { id: 'a', gridW: -600, batteryW: -1_900, pvW: 3_000, planW: -2_500 };
    expect(told([charging], 2_400).map(powerOf)).toEqual([0]);
  });

  it('takes no home below its own baseline, though another gives enough for both', () => {
    const homes = [
      { id: 'a', gridW: -6_000, pvW: 6_000, planW: -1_000 },
      { id: 'b', gridW: -200, pvW: 1_000, planW: -2_500 },
      { id: 'c', gridW: 300, pvW: 0, planW: -2_500 },
    ];
    // The third is first brought to its baseline.
    expect(told(homes, 1_000).map(powerOf)).toEqual([-1_000, -200, 0]);
  });

  it('is for batteries to discharge where less is wanted', () => {
    const homes = ['a', 'b'].map((id) => ({ id, gridW: 3_500, planW: 2_500 }));
    expect(told(homes, 3_000, 'down').map(powerOf)).toEqual([1_925, 1_925]);
  });

  const anyHome = fc.record({
    gridW: fc.integer({ min: -8_000, max: 8_000 }),
    batteryW: fc.integer({ min: -4_000, max: 4_000 }),
    socPct: fc.integer({ min: 30, max: 90 }),
    planW: fc.integer({ min: -5_000, max: 5_000 }),
  });
  test.prop([
    fc.array(anyHome, { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 30_000 }),
    fc.constantFrom('up' as const, 'down' as const),
  ])('is all that batteries go the other way with', (some, powerW, direction) => {
    const homes = some.map((home, index) => ({ ...home, id: `h${index}` }));
    const sign = direction === 'up' ? 1 : -1;
    const powersW = told(homes, powerW, direction).map(powerOf);
    const restW = homes.map(({ gridW, batteryW }) => -sign * (gridW + batteryW));
    const againstW = powersW.map((eachW) => Math.max(0, -sign * eachW));
    expect(sum(againstW)).toBeLessThanOrEqual(Math.max(0, sum(restW) - powerW));
    againstW.forEach((eachW, index) => expect(eachW).toBeLessThanOrEqual(Math.max(0, restW[index]!)));
  });
});
