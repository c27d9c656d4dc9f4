import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { decide } from './decide.js';
import { device, inputOf, NOON_MS, RATING } from './decide.fixture.js';
import type { DecisionInput, GridLimits, PlannedDevice } from './decision.js';
import { shareByMeter, shareSun, sunShares, type SunSharer, type SunWish, wanted } from './sun-sharing.js';

const five = (wantsW: Watt, mostW: Watt = 5_000): SunWish => ({ ratedW: 5_000, wantsW, mostW });

describe('inverters of one site under a limit', () => {
  it('have the same while none of them wants more', () => {
    expect(sunShares(4_000, [five(600), five(1_900)])).toEqual([2_000, 2_000]);
  });

  it('leave to one what another does not want', () => {
    expect(sunShares(4_000, [five(500), five(5_000)])).toEqual([500, 3_500]);
    expect(sunShares(4_000, [five(500), five(3_000)])).toEqual([1_000, 3_000]);
  });

  it('share by their ratings where all want more than there is', () => {
    expect(sunShares(4_000, [five(5_000), { ratedW: 3_000, wantsW: 3_000, mostW: 3_000 }])).toEqual([2_500, 1_500]);
    expect(sunShares(6_000, [five(5_000), five(200), five(4_000)]).map(Math.round)).toEqual([2_900, 200, 2_900]);
  });

  it('leave to the others what the plan has one leave on its roof', () => {
    expect(sunShares(6_000, [five(5_000, 1_000), five(5_000)])).toEqual([1_000, 5_000]);
  });
});

describe('inverters of one site under a limit that is kept by its meter', () => {
  const gives = (givesW: Watt, couldW = givesW): SunSharer => ({ ratedW: 5_000, mostW: 5_000, givesW, couldW, batteryW: 0 });

  it('leave all to one that may give more where the other gives all it could', () => {
    expect(shareByMeter(4_000, [gives(300), gives(2_400)], [false, true])).toEqual([300, 3_700]);
    expect(shareByMeter(4_000, [gives(310), gives(3_690)], [false, true])).toEqual([350, 3_650]);
  });

  it('share by their ratings where both could give more than there is, whoever gives it so far', () => {
    expect(shareByMeter(4_000, [gives(300, 4_500), gives(3_700)], [false, true])).toEqual([2_000, 2_000]);
  });

  it('keep a little for one of which nobody knows whether it has more', () => {
    expect(shareByMeter(4_000, [gives(300), gives(3_700, 5_000)], [true, false])).toEqual([400, 3_600]);
  });

  it('have what is left over together where all give all they could', () => {
    expect(shareByMeter(4_000, [gives(1_000), gives(1_500)], [false, false])).toEqual([2_000, 2_000]);
  });

  test.prop([fc.nat(20_000), fc.array(fc.tuple(fc.nat(5_000), fc.boolean()), { minLength: 2, maxLength: 4 })])(
    'never pass it, and use all of it that they give already',
    (limitW, suns) => {
      const givers = suns.map(([givesW]) => gives(givesW));
      const sharesW = shareByMeter(
        limitW,
        givers,
        suns.map(([, mayGiveMore]) => mayGiveMore),
      );
      expect(sum(sharesW)).toBeLessThanOrEqual(limitW + 1e-6);
      expect(sum(sharesW)).toBeGreaterThanOrEqual(Math.min(limitW, sum(suns.map(([givesW]) => givesW))) - 1e-6);
    },
  );
});

const sharer = fc
  .record({ ratedW: fc.integer({ min: 500, max: 20_000 }), wants: fc.nat(100), most: fc.nat(100) })
  .map(({ ratedW, wants, most }): SunWish => ({ ratedW, wantsW: (ratedW * wants) / 100, mostW: (ratedW * most) / 100 }));
const sharers = fc.array(sharer, { minLength: 2, maxLength: 4 });

test.prop([fc.nat(40_000), sharers])('never pass the limit, and leave nothing where somebody wants it', (limitW, suns) => {
  const sharesW = sunShares(limitW, suns);
  expect(sum(sharesW)).toBeLessThanOrEqual(limitW + 1e-6);
  expect(sum(sharesW)).toBeGreaterThanOrEqual(Math.min(limitW, sum(suns.map(({ mostW, wantsW }) => Math.min(mostW, wantsW)))) - 1e-6);
  suns.forEach(({ mostW }, index) => expect(sharesW[index]).toBeLessThanOrEqual(mostW + 1e-6));
});

test.prop([fc.nat(40_000), fc.nat(5_000), sharers])('all have no less of a higher limit', (limitW, moreW, suns) => {
  const [lower, higher] = [sunShares(limitW, suns), sunShares(limitW + moreW, suns)];
  lower.forEach((shareW, index) => expect(higher[index]).toBeGreaterThanOrEqual(shareW - 1e-6));
});

test.prop([fc.nat(40_000), sharers, fc.nat(100)])(
  'one that wants more takes nothing but what the others have, and gets it',
  (limitW, suns, more) => {
    const [first, ...others] = suns;
    const greedy = { ...first!, wantsW: Math.max(first!.wantsW, (first!.ratedW * more) / 100) };
    const [before, after] = [sunShares(limitW, suns), sunShares(limitW, [greedy, ...others])];
    expect(after[0]).toBeGreaterThanOrEqual(before[0]! - 1e-6);
    others.forEach((_, index) => expect(after[index + 1]).toBeLessThanOrEqual(before[index + 1]! + 1e-6));
  },
);

test.prop([fc.integer({ min: 500, max: 20_000 }), fc.nat(100), fc.option(fc.nat(100), { nil: undefined }), fc.nat(20_000)])(
  'want enough to rise, and no more than their rating',
  (ratedW, gives, could, leftW) => {
    const [givesW, couldW] = [(gives * ratedW) / 100, could === undefined ? undefined : (Math.max(could, gives) * ratedW) / 100];
    const wantsW = wanted({ ratedW, givesW, couldW: couldW ?? givesW, batteryW: 0 }, leftW);
    expect(wantsW).toBeLessThanOrEqual(ratedW);
    expect(wantsW).toBeGreaterThanOrEqual(Math.min(ratedW, Math.max(givesW + 0.02 * ratedW, couldW ?? 0)) - 1e-6);
    if (couldW === undefined) expect(wantsW).toBeLessThanOrEqual(givesW + 0.1 * ratedW + 1e-6);
  },
);

interface Roof {
  readonly id: string;
  readonly ratedW: Watt;
  readonly pvW: Watt;
  /** What it could give, where it says so. */
  readonly couldW?: Watt | undefined;
  /** Of a hybrid: what its battery gives. */
  readonly batteryW?: Watt;
}

const inputWith = (roofs: readonly Roof[], limits: GridLimits, extra: Partial<DecisionInput> = {}): DecisionInput => {
  const input = inputOf([{ id: 'a', gridW: 2_000 }], { siteLimits: new Map([['a', limits]]), ...extra });
  const [site] = input.plant.sites;
  const devices = roofs.map(({ id, ratedW, batteryW }) => {
    const hybrid: Partial<Device> = batteryW === undefined ? {} : { battery: RATING };
    return device('a', batteryW === undefined ? 'pv' : 'hybrid', { id, ratedW, ...hybrid });
  });
  const now = roofs.map(({ id, pvW, couldW, batteryW }) => {
    const values = {
      'pv.powerW': pvW,
      ...(couldW === undefined ? {} : { 'pv.availableW': couldW }),
      ...(batteryW === undefined ? {} : { 'battery.powerW': batteryW, 'battery.socPct': 60 }),
    };
    return [id, { deviceId: id, siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values }] as const;
  });
  return { ...input, plant: { ...input.plant, sites: [{ ...site!, devices }] }, image: { ...input.image, devices: new Map(now) } };
};

const capsOf = (input: DecisionInput): Record<string, Watt> =>
  Object.fromEntries(
    decide(input).devices.flatMap(({ deviceId, setpoint }) => (setpoint?.kind === 'pv-limit' ? [[deviceId, setpoint.maxW]] : [])),
  );

describe('a limit at a site with several roofs', () => {
  const east = { id: 'east', ratedW: 5_000, pvW: 300 };
  const west = { id: 'west', ratedW: 5_000, pvW: 2_000 };
  const held = { ...west, couldW: 5_000 };

  it.each([['sunW'], ['generationW']] as const)('goes where the sun is: %s', (kind) => {
    const limits = { [kind]: 4_000 };
    expect(capsOf(inputWith([east, held], limits))).toEqual({ east: 500, west: 3_500 });
    expect(capsOf(inputWith([east, west], limits))).toEqual({ east: 1_750, west: 2_250 });
    expect(capsOf(inputWith([{ ...east, couldW: 4_000 }, held], limits))).toEqual({ east: 2_000, west: 2_000 });
  });

  it('goes among three', () => {
    const north = { id: 'north', ratedW: 2_000, pvW: 100 };
    expect(capsOf(inputWith([east, held, north], { sunW: 4_000 }))).toEqual({ east: 500, west: 3_300, north: 200 });
  });

  it('is less by what a silent one gave last, and the others share the rest', () => {
    const input = inputWith([east, held, { id: 'north', ratedW: 2_000, pvW: 1_000 }], { sunW: 4_000 });
    const silent = { ...input.image.devices.get('north')!, health: 'stale' as const };
    const image = { ...input.image, devices: new Map([...input.image.devices, ['north', silent]]) };
    expect(capsOf({ ...input, image })).toEqual({ east: 500, west: 2_500 });
  });

  it('leaves to the other what a person or the plan leaves on one roof', () => {
    const overrides = new Map([['west', { setpoint: { kind: 'pv-limit', maxW: 1_000 } as const, by: 'anna' }]]);
    const sunny = { ...east, pvW: 2_000, couldW: 4_000 };
    expect(capsOf(inputWith([sunny, held], { sunW: 4_000 }, { overrides }))).toEqual({ east: 3_000, west: 1_000 });
    const planned = new Map<string, PlannedDevice>([['west', { kind: 'pv', maxW: 1_000 }]]);
    const input = inputWith([sunny, held], { sunW: 4_000 }, { planned });
    expect(capsOf(input)).toEqual({ east: 3_000, west: 1_000 });
    expect(decide(input).devices.map(({ deviceId, owner }) => [deviceId, owner])).toEqual([
      ['east', 'operator'],
      ['west', 'plan'],
    ]);
  });

  it('counts a hybrid with what its battery is told, under a limit on generation', () => {
    const hybrid = { id: 'hybrid', ratedW: 5_000, pvW: 500, batteryW: 0 };
    const planned = new Map<string, PlannedDevice>([['hybrid', { kind: 'battery', step: { batteryW: 1_000, gridW: 0 } }]]);
    const overrides = new Map([['hybrid', { setpoint: { kind: 'battery-power', powerW: 3_000 } as const, by: 'anna' }]]);
    expect(capsOf(inputWith([hybrid, held], { generationW: 6_000 }, { overrides }))).toEqual({ hybrid: 3_000, west: 3_000 });
    expect(capsOf(inputWith([hybrid, held], { generationW: 4_000 }, { planned }))).toEqual({ hybrid: 1_500, west: 2_500 });
    const [charging, told] = [
      { ...hybrid, pvW: 2_000, batteryW: -2_000 },
      { setpoint: { kind: 'battery-power', powerW: -2_000 }, by: 'anna' } as const,
    ];
    const westW = (limits: GridLimits): unknown =>
      capsOf(inputWith([charging, held], limits, { overrides: new Map([['hybrid', told]]) }))['west'];
    expect([westW({ generationW: 4_000 }), westW({ sunW: 4_000 })]).toEqual([3_900, 2_000]);
  });

  it('is known to hold nothing down while each may rise', () => {
    const slack = (roofs: readonly Roof[]): unknown => decide(inputWith(roofs, { sunW: 4_000 })).devices.map(({ isSlack }) => isSlack);
    expect(slack([east, { ...west, pvW: 2_900 }])).toEqual([true, true]);
    expect(slack([east, { ...held, pvW: 3_500 }])).toEqual([true, undefined]);
  });

  it('without the grid meter is the connection’s, and goes where the sun is', () => {
    const input = inputWith([east, held], {});
    const sites = input.plant.sites.map((site) => ({ ...site, exportLimitW: 4_000 }));
    const now = input.image.sites.get('a')!;
    const image = { ...input.image, sites: new Map([['a', { ...now, powersW: { pv: 2_300 } }]]) };
    expect(capsOf({ ...input, plant: { ...input.plant, sites }, image })).toEqual({ east: 500, west: 3_500 });
  });
});

const gives = (givesW: Watt) => ({ givesW, couldW: givesW });

it('a cloud that goes to and fro about a step is not followed by the other roof', () => {
  let westW = 2_750;
  const told = Array.from({ length: 20 }, (_, index) => {
    const [east, west] = shareSun(4_000, [
      { ratedW: 5_000, ...gives(1_150 + (index % 2 === 0 ? 25 : -25)), batteryW: 0, mostW: 5_000 },
      { ratedW: 5_000, ...gives(westW), batteryW: 0, mostW: 5_000 },
    ]);
    westW = west!.maxW;
    return [east!.maxW, west!.maxW];
  });
  expect(new Set(told.slice(1).map(String)).size).toBe(1);
});

const skies = fc.array(fc.tuple(fc.nat(5_000), fc.nat(3_000), fc.nat(8_000)), { minLength: 1, maxLength: 5 });
const CYCLES = 40;

/** What three roofs give, cycle after cycle, under skies that follow one another. */
const lived = (limits: GridLimits, under: readonly (readonly Watt[])[], says: boolean): { gaveW: Watt[]; toldW: Watt[] }[] => {
  const ratings = [5_000, 3_000, 8_000];
  const names = ['east', 'west', 'south'];
  let caps: Record<string, Watt> = {};
  return under.flatMap((couldW) =>
    Array.from({ length: CYCLES }, () => {
      const gaveW = names.map((id, index) => Math.min(couldW[index]!, caps[id] ?? ratings[index]!));
      const roofs = names.map((id, index) => ({
        id,
        ratedW: ratings[index]!,
        pvW: gaveW[index]!,
        couldW: says ? couldW[index]! : undefined,
      }));
      caps = capsOf(inputWith(roofs, limits));
      return { gaveW, toldW: names.map((id) => caps[id]!) };
    }),
  );
};

test.prop([fc.integer({ min: 500, max: 16_000 }), skies, fc.boolean(), fc.constantFrom('sunW', 'generationW')], { numRuns: 60 })(
  'is held by what roofs are told in every cycle, and all but what those in the shade keep to rise by is given',
  (limitW, under, says, kind) => {
    const cycles = lived({ [kind]: limitW }, under, says);
    for (const { toldW } of cycles) expect(sum(toldW)).toBeLessThanOrEqual(limitW);
    under.forEach((couldW, index) => {
      const last = cycles[(index + 1) * CYCLES - 1]!;
      const marginsW = 0.1 * 16_000;
      expect(sum(last.gaveW)).toBeGreaterThanOrEqual(Math.min(sum(couldW), limitW - marginsW) - 3);
      expect(last.toldW).toEqual(cycles[(index + 1) * CYCLES - 2]!.toldW);
    });
  },
);
