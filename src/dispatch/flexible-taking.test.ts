import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { decide } from './decide.js';
import { CHARGER, inputOf, NOON_MS } from './decide.fixture.js';
import type { DecisionInput, GridLimits, PlannedDevice } from './decision.js';
import type { Taking } from './load-taking.js';

const FIRST = 'home-flexible-load';
const SECOND = 'second';
type Draws = readonly [firstW: number, secondW: number];

/** A home with two chargers of 11 kW, of which the first is known to take this. */
const two = ([firstW, secondW]: Draws, taking: Taking | undefined, more: Partial<DecisionInput> = {}): DecisionInput => {
  const home = { id: 'home', gridW: firstW + secondW, importLimitW: 60_000, charger: { drawsW: firstW } };
  const { plant, image, ...input } = inputOf([home], { ...(taking ? { takings: new Map([[FIRST, taking]]) } : {}), ...more });
  const site = plant.sites[0]!;
  const second = { ...site.devices.find(({ flexibleLoad }) => flexibleLoad)!, id: SECOND };
  const values = { 'flexible.powerW': 0 - secondW, 'flexible.state': secondW > 0 ? 3 : 2 };
  return {
    ...input,
    plant: { ...plant, sites: [{ ...site, devices: [...site.devices, second] }] },
    image: { ...image, devices: new Map(image.devices).set(SECOND, { ...image.devices.get(FIRST)!, deviceId: SECOND, values }) },
  };
};
const toldW = (input: DecisionInput): (number | undefined)[] =>
  [FIRST, SECOND].map((id) => {
    const setpoint = decide(input).devices.find(({ deviceId }) => deviceId === id)?.setpoint;
    return setpoint?.kind === 'load-limit' ? setpoint.maxW : undefined;
  });
const at = (limits: GridLimits): Pick<DecisionInput, 'siteLimits'> => ({ siteLimits: new Map([['home', limits]]) });
const planned = (drawW: number): Pick<DecisionInput, 'planned'> => ({
  planned: new Map<string, PlannedDevice>([[FIRST, { kind: 'flexible-load', drawW, toComeWh: drawW }]]),
});
const TAKES_5: Taking = { takesW: 5_000, share: 1 };
/** What is of use to it. */
const USEFUL_W = 5_000 + 3 * 230 + 250;

describe('a car that takes less than its charger gives', () => {
  it('leaves to another what is of no use to it', () => {
    expect(toldW(two([5_000, 8_000], undefined, at({ loadW: 16_000 })))).toEqual([8_000, 8_000]);
    expect(toldW(two([5_000, 8_000], TAKES_5, at({ loadW: 16_000 })))).toEqual([USEFUL_W, 16_000 - USEFUL_W]);
  });

  it('is told so much that together they could not draw more than the limit', () => {
    const [first, second] = toldW(two([5_000, 11_000], TAKES_5, at({ loadW: 18_000 })));
    expect([first! + (second ?? 11_000), second]).toEqual([18_000, undefined]);
  });

  it('is told nothing where nothing is scarce', () => {
    expect(toldW(two([5_000, 11_000], TAKES_5))).toEqual([undefined, undefined]);
  });

  it('follows a plan that was made for what it takes, and may show that it takes more', () => {
    expect(toldW(two([5_000, 0], TAKES_5, planned(5_000)))[0]).toBe(USEFUL_W);
    expect(toldW(two([5_000, 0], TAKES_5, planned(4_500)))[0]).toBe(4_500);
  });

  it('is told three times its power where it is known to be on one phase', () => {
    expect(toldW(two([3_680, 0], { share: 1 / 3 }, planned(2_000)))[0]).toBe(6_000);
  });

  it('takes no more from a limit than it draws on the one phase it is on', () => {
    const onOnePhase: Taking = { takesW: 3_680, share: 1 / 3 };
    const [first, second] = toldW(two([3_680, 11_000], onOnePhase, at({ loadW: 14_000 })));
    expect([first, second]).toEqual([3 * 3_500, 14_000 - 3_500]);
    expect(toldW(two([3_680, 0], { share: 1 / 3 }, at({ loadW: 2_000 })))).toEqual([6_000, 0]);
  });

  it('goes on at the fuse of the one phase it is on', () => {
    const home = { id: 'home', gridW: 3_680, charger: { drawsW: 3_680 }, phaseLimitA: 16, currentsA: [16, 0, 0] as const };
    const told = (taking: Taking): number | undefined => {
      const { devices } = decide(inputOf([home], { takings: new Map([[FIRST, taking]]) }));
      const setpoint = devices.find(({ deviceId }) => deviceId === FIRST)?.setpoint;
      return setpoint?.kind === 'load-limit' ? setpoint.maxW : undefined;
    };
    expect(told({ share: 1 / 3 }) ?? 11_000).toBeGreaterThanOrEqual(3 * 3_600);
  });

  it('does not wait for an event where what it takes would not do in time', () => {
    const event = { id: 'EV', direction: 'up', powerW: 3_000, baselineW: new Map([['home', 5_000]]), optedOut: new Set<string>() } as const;
    const busy = {
      event: { ...event, endMs: NOON_MS + HOUR_MS },
      planned: new Map<string, PlannedDevice>([[FIRST, { kind: 'flexible-load', drawW: 5_000, toComeWh: 29_000 }]]),
    };
    expect(toldW(two([5_000, 0], undefined, busy))[0]).toBe(0);
    expect(toldW(two([5_000, 0], TAKES_5, busy))[0]).toBe(USEFUL_W);
  });

  it('is asked by an event for what it takes, and another for the rest', () => {
    const event = { id: 'EV', direction: 'down', powerW: 8_000, baselineW: new Map([['home', 0]]), optedOut: new Set<string>() } as const;
    const waits = new Map<string, PlannedDevice>([FIRST, SECOND].map((id) => [id, { kind: 'flexible-load', drawW: 0, toComeWh: 0 }]));
    const asked = { event: { ...event, endMs: NOON_MS + HOUR_MS, powerW: 14_000 }, planned: waits };
    expect(toldW(two([0, 0], undefined, asked))).toEqual([7_000, 7_000]);
    expect(toldW(two([0, 0], TAKES_5, asked))).toEqual([USEFUL_W, 9_000]);
  });

  test.prop([
    fc.record({ takesW: fc.integer({ min: 230, max: 11_000 }), share: fc.constantFrom(1, 1 / 3, 2 / 3) }),
    fc.integer({ min: 0, max: 25_000 }),
    fc.integer({ min: 4_140, max: 11_000 }),
  ])('never gets more than a limit leaves, nor has another get less than without it being known', (taking, loadW, drawsW) => {
    const [firstW, secondW] = toldW(two([4_000, drawsW], taking, at({ loadW }))).map((watts) => watts ?? 11_000) as [number, number];
    const [, beforeW] = toldW(two([4_000, drawsW], undefined, at({ loadW }))).map((watts) => watts ?? 11_000) as [number, number];
    expect(taking.share * firstW + secondW).toBeLessThanOrEqual(Math.max(loadW, 0));
    expect(secondW).toBeGreaterThanOrEqual(beforeW);
    expect(firstW === 0 || firstW >= CHARGER.minW).toBe(true);
  });
});
