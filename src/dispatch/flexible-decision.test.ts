import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import type { DecisionInput, DeviceDecision, GridLimits, PlannedDevice } from './decision.js';
import { decide } from './decide.js';
import { CHARGER, type Home, inputOf, NOON_MS } from './decide.fixture.js';

const charging = (drawsW = 8_000, more: Partial<Home> = {}): Home => ({ id: 'home', gridW: drawsW + 500, charger: { drawsW }, ...more });
const at = (limits: GridLimits) => ({ siteLimits: new Map([['home', limits]]) });

const toldOf = (input: DecisionInput, id = 'home'): DeviceDecision =>
  decide(input).devices.find(({ deviceId }) => deviceId === `${id}-flexible-load`)!;
const limitOf = (input: DecisionInput, id = 'home'): number | undefined => {
  const { setpoint } = toldOf(input, id);
  return setpoint?.kind === 'load-limit' ? setpoint.maxW : undefined;
};
const batteryOf = (input: DecisionInput, id = 'home'): number | undefined => {
  const told = decide(input).devices.find(({ deviceId }) => deviceId === `${id}-battery`)?.setpoint;
  return told?.kind === 'battery-power' ? told.powerW : undefined;
};

const planned = (drawW: number, toComeWh = drawW, id = 'home'): ReadonlyMap<string, PlannedDevice> =>
  new Map([[`${id}-flexible-load`, { kind: 'flexible-load', drawW, toComeWh }]]);

const withoutMeter = ({ image, ...input }: DecisionInput): DecisionInput => {
  const { grid: _silent, ...others } = image.sites.get('home')!.powersW;
  return { ...input, image: { ...image, sites: new Map([['home', { ...image.sites.get('home')!, powersW: others }]]) } };
};

describe('a flexible load', () => {
  it('draws as it likes with no plan for it and no limit', () => {
    expect(toldOf(inputOf([charging()]))).toMatchObject({ owner: 'itself', reason: 'no plan for it, and no limit' });
  });

  it('draws what the plan has it draw, or waits', () => {
    expect(toldOf(inputOf([charging()], { planned: planned(6_000) }))).toMatchObject({
      owner: 'plan',
      setpoint: { kind: 'load-limit', maxW: 6_000 },
      waitsWithin: { minW: 0, maxW: 11_000 },
    });
    expect(limitOf(inputOf([charging()], { planned: planned(0) }))).toBe(0);
  });

  it('is told nothing at all where it could not draw so little', () => {
    expect(limitOf(inputOf([charging()], { planned: planned(3_000) }))).toBe(0);
  });

  it('is an operator’s by hand, within limits', () => {
    const overrides = new Map([['home-flexible-load', { setpoint: { kind: 'load-limit', maxW: 9_000 } as const, by: 'anna' }]]);
    expect(toldOf(inputOf([charging()], { overrides, planned: planned(0) }))).toMatchObject({
      owner: 'override:anna',
      setpoint: { maxW: 9_000 },
    });
    expect(limitOf(inputOf([charging()], { overrides, ...at({ loadW: 5_000 }) }))).toBe(5_000);
  });

  it('keeps to a limit on loads, and batteries charge with what it leaves', () => {
    const limited = (loadW: number) => inputOf([charging()], { ...at({ loadW }), overrides: CHARGE });
    expect(toldOf(limited(6_000))).toMatchObject({ owner: 'operator', reason: 'loads take at most 6000 W', setpoint: { maxW: 6_000 } });
    expect(batteryOf(limited(6_000))).toBe(0);
    expect(batteryOf(limited(10_000))).toBe(-2_000);
    expect(limitOf(limited(10_000))).toBe(10_000);
  });

  it('is dimmed to what it may draw from the grid, own sun on top', () => {
    const dimmed = (more: Partial<Home>) => inputOf([charging(8_000, more)], at({ dimmingW: 4_200 }));
    expect(limitOf(dimmed({ gridW: 8_500 }))).toBe(4_200);
    // Sun of 3500 W, of which the house takes 500.
    expect(limitOf(dimmed({ gridW: 5_000, pvW: 3_500 }))).toBe(7_200);
    expect(limitOf(withoutMeter(dimmed({ gridW: 5_000, pvW: 3_500 })))).toBe(4_200);
  });

  it('leaves to a load that is never commanded what is its own, and to a battery of that kind what it takes', () => {
    const uncommanded = (role: 'flexible-load' | 'battery') => {
      const { plant, image, ...input } = inputOf([charging(8_000, { gridW: 12_000, batteryW: -2_000 })], at({ loadW: 6_000 }));
      const [site] = plant.sites;
      const second = { ...site!.devices.find((device) => device.role === role)!, id: 'second', reversion: 'none' as const };
      const values = role === 'battery' ? { 'battery.powerW': -1_500, 'battery.socPct': 50 } : { 'flexible.powerW': -1_500 };
      const now = { ...image.devices.get('home-battery')!, deviceId: 'second', values };
      return limitOf({
        ...input,
        plant: { ...plant, sites: [{ ...site!, devices: [...site!.devices, second] }] },
        image: { ...image, devices: new Map(image.devices).set('second', now) },
      });
    };
    expect(uncommanded('flexible-load')).toBe(6_000);
    expect(uncommanded('battery')).toBe(4_500);
  });

  it('may start under the least that the law leaves one charger', () => {
    const waiting: Home = { id: 'home', gridW: 500, charger: { drawsW: 0 } };
    expect(limitOf(inputOf([waiting], at({ dimmingW: 4_200 })))).toBe(4_200);
    expect(limitOf(inputOf([waiting], at({ loadW: 4_140 })))).toBe(4_140);
    // What is left of an import limit moves with the house, and needs a margin.
    expect(limitOf(inputOf([waiting], at({ importW: 4_700 })))).toBe(0);
  });

  it('is not what a battery is emptied for beyond its plan, nor does the battery import for it', () => {
    const selfUse = new Map<string, PlannedDevice>([['home-battery', { kind: 'battery', step: { batteryW: 0, gridW: 0 } }]]);
    expect(batteryOf(inputOf([charging(7_000, { gridW: 7_500 })], { planned: selfUse }))).toBe(500);
    expect(batteryOf(inputOf([charging(7_000, { gridW: 7_500 })], { planned: new Map([...selfUse, ...planned(7_000)]) }))).toBe(5_000);
    expect(batteryOf(inputOf([charging(7_000, { gridW: 0, pvW: 8_000 })], { planned: selfUse }))).toBe(0);
    expect(batteryOf(inputOf([charging(7_000, { gridW: -1_000, pvW: 8_500 })], { planned: selfUse }))).toBe(-1_000);
  });

  it('leaves to another what it is not to draw', () => {
    const { plant, image, ...input } = inputOf([charging(8_000, { gridW: 9_000, importLimitW: 40_000 })]);
    const site = plant.sites[0]!;
    const second = { ...site.devices.find(({ flexibleLoad }) => flexibleLoad)!, id: 'second' };
    const told = (limits: GridLimits, state: number, plan?: ReadonlyMap<string, PlannedDevice>) =>
      decide({
        ...input,
        ...at(limits),
        ...(plan ? { planned: plan } : {}),
        plant: { ...plant, sites: [{ ...site, devices: [...site.devices, second] }] },
        image: {
          ...image,
          devices: new Map(image.devices).set('second', {
            ...image.devices.get('home-flexible-load')!,
            deviceId: 'second',
            values: { 'flexible.powerW': 0, 'flexible.state': state },
          }),
        },
      })
        .devices.filter(({ control }) => control === 'load-limit')
        .map(({ setpoint }) => (setpoint?.kind === 'load-limit' ? setpoint.maxW : undefined));
    // One is empty, has failed, or waits by plan; where both would draw they share.
    expect(told({ loadW: 12_000 }, 0)).toEqual([undefined, 0]);
    expect(told({ loadW: 12_000 }, 4)).toEqual([undefined, 0]);
    expect(told({ loadW: 12_000 }, 2, new Map([...planned(11_000), ['second', { kind: 'flexible-load', drawW: 0, toComeWh: 0 }]]))).toEqual(
      [11_000, 0],
    );
    expect(told({ loadW: 12_000 }, 2)).toEqual([6_000, 6_000]);
  });

  it('counts in the fleet’s import by what it draws where its meter is silent', () => {
    const homes = [charging(8_000, { gridW: 8_000 }), { ...charging(8_000, { gridW: 8_000 }), id: 'other' }];
    const { image, ...input } = inputOf(homes, { fleetLimits: { importW: 13_000 } });
    const { grid: _silent, ...others } = image.sites.get('other')!.powersW;
    const sites = new Map(image.sites).set('other', { ...image.sites.get('other')!, powersW: others });
    const told = ['home', 'other'].map((id) => limitOf({ ...input, image: { ...image, sites } }, id));
    expect(told.reduce((sum: number, watts) => sum + watts!, 0)).toBeLessThanOrEqual(13_000);
  });

  it('gives way to an import limit once the battery has stopped charging, and before it is emptied', () => {
    const input = inputOf([charging(8_000, { gridW: 9_000 })], {
      ...at({ importW: 7_000 }),
      planned: new Map([...planned(8_000), ...REST]),
    });
    expect(limitOf(input)).toBe(6_000);
    expect(batteryOf(input)).toBe(0);
    const full = inputOf([charging(8_000, { gridW: 9_000, batteryW: -3_000 })], { ...at({ importW: 7_000 }) });
    expect(limitOf(full)).toBe(9_000);
  });

  it('gives way for a battery that stands in for it', () => {
    const standsIn = charging(7_000, { gridW: 7_000, batteryW: 1_500 });
    const input = inputOf([standsIn], { ...at({ importW: 7_000 }), planned: new Map([...planned(8_000), ...REST]) });
    expect(limitOf(input)).toBe(5_500);
    expect(batteryOf(input)).toBe(0);
  });

  it('is what batteries make up for where it does not follow', () => {
    const input = {
      ...at({ importW: 7_000 }),
      planned: new Map([...planned(8_000), ...REST]),
      unfollowing: new Set(['home-flexible-load']),
    };
    expect(batteryOf(inputOf([charging(8_000, { gridW: 9_000 })], input))).toBe(2_000);
  });

  it('gives way to an import limit on the fleet', () => {
    const homes = [charging(8_000, { gridW: 8_000 }), { ...charging(8_000, { gridW: 8_000 }), id: 'other' }, { id: 'third', gridW: 1_000 }];
    const input = inputOf(homes, { fleetLimits: { importW: 11_000 } });
    expect([limitOf(input), limitOf(input, 'other')]).toEqual([5_000, 5_000]);
  });

  it('is told the limit alone where nobody knows what the house draws besides', () => {
    expect(limitOf(withoutMeter(inputOf([charging()], at({ importW: 6_000 }))))).toBe(6_000);
  });
});

const CHARGE = new Map([['home-battery', { setpoint: { kind: 'battery-power', powerW: -5_000 } as const, by: 'anna' }]]);
const REST = new Map<string, PlannedDevice>([['home-battery', { kind: 'battery', step: { batteryW: 0, gridW: 8_000 } }]]);

describe('a flexible load in an event', () => {
  const event = (direction: 'up' | 'down', powerW: number, baselineW = 8_500): Pick<DecisionInput, 'event'> => ({
    event: { id: 'EV-1', direction, powerW, baselineW: new Map([['home', baselineW]]), optedOut: new Set(), endMs: NOON_MS + HOUR_MS },
  });

  it('waits where the grid wants more, and the battery makes up the rest', () => {
    const small = inputOf([charging()], event('up', 3_000));
    expect(toldOf(small)).toMatchObject({ owner: 'event:EV-1', reason: 'waits for EV-1', setpoint: { maxW: 5_000 } });
    expect(batteryOf(small)).toBe(0);
    const large = inputOf([charging()], event('up', 10_000));
    expect(limitOf(large)).toBe(0);
    expect(batteryOf(large)).toBe(2_000);
  });

  it('goes on as it is while what it leaves open is just what is wanted', () => {
    const input = inputOf([{ ...charging(5_000), gridW: 5_500 }], { ...event('up', 3_000), planned: planned(8_000) });
    expect(limitOf(input)).toBe(5_000);
    expect(batteryOf(input)).toBe(0);
  });

  it('does not wait where it could not have its energy in time any more', () => {
    // Six hours are left, and nearly all of what it can draw in them is still to come.
    const urgent = inputOf([charging(11_000)], { ...event('up', 4_000, 11_500), planned: planned(11_000, 62_000) });
    expect(toldOf(urgent)).toMatchObject({ owner: 'plan', setpoint: { maxW: 11_000 } });
    expect(batteryOf(urgent)).toBe(4_000);
  });

  it('does not wait where its car, which takes less than the charger gives, could not have its energy in time', () => {
    const { plant, ...input } = inputOf([charging(5_000, { gridW: 5_500 })], {
      ...event('up', 4_000, 5_500),
      planned: planned(5_000, 28_000),
    });
    const slow = { ...CHARGER, need: { ...CHARGER.need!, maxW: 5_000 } };
    const sites = plant.sites.map((site) => ({
      ...site,
      devices: site.devices.map((each) => (each.flexibleLoad ? { ...each, flexibleLoad: slow } : each)),
    }));
    expect(toldOf({ ...input, plant })).toMatchObject({ owner: 'event:EV-1' });
    expect(toldOf({ ...input, plant: { ...plant, sites } })).toMatchObject({ owner: 'plan', setpoint: { maxW: 5_000 } });
  });

  it('does not wait at a home that stays out', () => {
    const out = event('up', 3_000);
    const input = inputOf([charging()], { event: { ...out.event!, optedOut: new Set(['home']) } });
    expect(toldOf(input).owner).toBe('itself');
  });

  it('draws where the grid wants less, as far as that is wanted', () => {
    const waiting: Home = { id: 'home', gridW: 500, charger: { drawsW: 0 } };
    const input = inputOf([waiting], { ...event('down', 6_000, 500), planned: planned(0) });
    expect(toldOf(input)).toMatchObject({ owner: 'event:EV-1', reason: 'draws for EV-1', setpoint: { maxW: 6_000 } });
    const drawing = inputOf([charging(6_000, { gridW: 6_500 })], { ...event('down', 6_000, 500), planned: planned(0) });
    expect(limitOf(drawing)).toBe(6_000);
    expect(batteryOf(drawing)).toBe(0);
  });

  it('is not told to wait where nothing is there that would draw', () => {
    const absent: Home = { id: 'home', gridW: 500, charger: { drawsW: 0, state: 0 } };
    expect(toldOf(inputOf([absent], event('up', 3_000, 500))).owner).toBe('itself');
  });

  it('is not asked to draw where nothing is there that would', () => {
    const absent: Home = { id: 'home', gridW: 500, charger: { drawsW: 0, state: 0 } };
    const busy: Home = { id: 'other', gridW: 500, charger: { drawsW: 0 } };
    const both = event('down', 6_000).event!;
    const baselineW = new Map([
      ['home', 500],
      ['other', 500],
    ]);
    const input = inputOf([absent, busy], { event: { ...both, baselineW }, planned: new Map([...planned(0), ...planned(0, 0, 'other')]) });
    expect(limitOf(input)).toBe(0);
    expect(limitOf(input, 'other')).toBe(6_000);
  });
});

const home = fc.record({
  baseW: fc.integer({ min: 0, max: 6_000 }),
  drawsW: fc.oneof(fc.constant(0), fc.integer({ min: 4_140, max: 11_000 })),
  pvW: fc.integer({ min: 0, max: 8_000 }),
  batteryW: fc.integer({ min: -5_000, max: 5_000 }),
  socPct: fc.integer({ min: 0, max: 100 }),
  taking: fc.record({
    takesW: fc.option(fc.integer({ min: 230, max: 11_000 }), { nil: undefined }),
    share: fc.constantFrom(1, 1 / 3, 2 / 3),
  }),
  changedS: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
});
const limitW = fc.option(fc.integer({ min: 0, max: 15_000 }), { nil: undefined });

describe('whatever is asked of flexible loads', () => {
  test.prop(
    [
      fc.array(home, { minLength: 1, maxLength: 4 }),
      fc.record({ loadW: limitW, dimmingW: limitW, importW: limitW }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.option(fc.record({ direction: fc.constantFrom('up' as const, 'down' as const), powerW: fc.integer({ min: 0, max: 40_000 }) })),
      fc.option(fc.integer({ min: 0, max: 11_000 })),
    ],
    { numRuns: 400 },
  )('they keep to their limits with what batteries charge, once they have come down to it', (given, limits, fleetW, wish, planW) => {
    const homes: Home[] = given.map(({ baseW, drawsW, pvW, batteryW, socPct }, index) => ({
      id: `home-${index}`,
      gridW: baseW + drawsW - pvW - batteryW,
      pvW,
      batteryW,
      socPct,
      charger: { drawsW },
    }));
    const set = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as GridLimits;
    const decision = decide(
      inputOf(homes, {
        siteLimits: new Map(homes.map(({ id }) => [id, set])),
        fleetLimits: { importW: fleetW },
        takings: new Map(
          given.map(({ taking: { share, takesW } }, index) => [
            `home-${index}-flexible-load`,
            { share, ...(takesW === undefined ? {} : { takesW }) },
          ]),
        ),
        loadRuns: new Map(
          given.map(({ drawsW, changedS }, index) => [
            `home-${index}-flexible-load`,
            { running: drawsW > 0, sinceMs: changedS === undefined ? undefined : NOON_MS - changedS * SECOND_MS },
          ]),
        ),
        ...(planW === null ? {} : { planned: new Map(homes.flatMap(({ id }) => [...planned(planW, planW, id)])) }),
        ...(wish === null
          ? {}
          : {
              event: {
                id: 'EV',
                ...wish,
                baselineW: new Map(homes.map(({ id, gridW }) => [id, gridW!])),
                optedOut: new Set(),
                endMs: NOON_MS + HOUR_MS,
              },
            }),
      }),
    );
    homes.forEach(({ id, gridW, batteryW, charger, pvW }, index) => {
      const setpointOf = (role: string) => decision.devices.find(({ deviceId }) => deviceId === `${id}-${role}`)?.setpoint;
      const [told, power] = [setpointOf('flexible-load'), setpointOf('battery')];
      const mostW = told?.kind === 'load-limit' ? told.maxW : 11_000;
      expect(mostW === 0 || mostW >= CHARGER.minW).toBe(true);
      expect(mostW).toBeLessThanOrEqual(11_000);
      // Of what it is told a car draws no more than its phases let it.
      const { share } = given[index]!.taking;
      const drawsW = Math.min(charger!.drawsW, share * mostW);
      const chargesW = power?.kind === 'battery-power' ? Math.max(0, -power.powerW) : 0;
      const base = given[index]!.baseW;
      if (limits.loadW !== undefined) {
        expect(share * mostW).toBeLessThanOrEqual(limits.loadW + 1);
        if (power) expect(drawsW + chargesW).toBeLessThanOrEqual(Math.max(limits.loadW, drawsW) + 1);
      }
      if (limits.dimmingW !== undefined) {
        const ownW = Math.max(0, pvW! + Math.max(0, batteryW!) - base);
        expect(drawsW).toBeLessThanOrEqual(limits.dimmingW + ownW + 1);
      }
      if (limits.importW !== undefined && drawsW > 0 && batteryW === 0)
        expect(gridW! - charger!.drawsW + drawsW).toBeLessThanOrEqual(limits.importW + 1);
    });
  });
});
