import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { Watt } from '../kernel/units.js';
import { decide } from './decide.js';
import { device, type Home, inputOf, NOON_MS, plan, RATING } from './decide.fixture.js';
import type { DecisionInput } from './decision.js';

interface Second {
  readonly powerW: Watt;
  readonly socPct: number;
  readonly maxW: Watt;
}

const SMALL = 'a-small';

/** A home with a second battery, both of which are planned to serve the house. */
const withTwo = (home: Omit<Home, 'id'>, { powerW, socPct, maxW }: Second, extra: Partial<DecisionInput> = {}): DecisionInput => {
  const input = inputOf([{ id: 'a', ...home }], extra);
  const [site] = input.plant.sites;
  const small = device('a', 'battery', { id: SMALL, battery: { ...RATING, maxChargeW: maxW, maxDischargeW: maxW } });
  const values = { 'battery.powerW': powerW, 'battery.socPct': socPct };
  const now = { deviceId: SMALL, siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values };
  const planned = extra.planned ?? new Map([...plan([{ id: 'a' }], SERVES), [SMALL, { kind: 'battery' as const, step: SERVES }]]);
  return {
    ...input,
    planned,
    plant: { ...input.plant, sites: [{ ...site!, devices: [...site!.devices, small] }] },
    image: { ...input.image, devices: new Map([...input.image.devices, [SMALL, now]]) },
  };
};
const SERVES = { batteryW: 0, gridW: 0 };

const toldBoth = (input: DecisionInput): [Watt | undefined, Watt | undefined] => {
  const { devices } = decide(input);
  const powerOf = (id: string): Watt | undefined => {
    const setpoint = devices.find(({ deviceId, control }) => deviceId === id && control === 'battery-power')?.setpoint;
    return setpoint?.kind === 'battery-power' ? setpoint.powerW : undefined;
  };
  return [powerOf('a-battery'), powerOf(SMALL)];
};

describe('two batteries of one site', () => {
  it('share what the house draws by what each can give', () => {
    expect(toldBoth(withTwo({ gridW: 3_000, socPct: 60 }, { powerW: 0, socPct: 60, maxW: 2_500 }))).toEqual([2_000, 1_000]);
  });

  it('leave all of it to the one that has something left', () => {
    const second = { powerW: 0, socPct: 60, maxW: 2_500 };
    expect(toldBoth(withTwo({ gridW: 2_000, socPct: 20 }, second))).toEqual([0, 2_000]);
    expect(toldBoth(withTwo({ gridW: -2_000, socPct: 100 }, second))).toEqual([0, -2_000]);
  });

  it('keep a limit though one of them is empty or full', () => {
    const limited = (importW: Watt, exportW: Watt) => ({ siteLimits: new Map([['a', { importW, exportW }]]), planned: new Map() });
    const second = { powerW: 0, socPct: 60, maxW: 2_500 };
    expect(toldBoth(withTwo({ gridW: 4_000, socPct: 20 }, second, limited(3_000, 9_000)))[1]).toBeGreaterThanOrEqual(1_000);
    const charging = { powerW: -2_000, socPct: 60, maxW: 2_500 };
    expect(toldBoth(withTwo({ gridW: 4_000, socPct: 100 }, charging, limited(3_000, 9_000)))[1]).toBeGreaterThanOrEqual(-1_000);
  });

  it('do not count on one that does not follow: the other makes up for it', () => {
    const second = { powerW: 2_000, socPct: 60, maxW: 2_500 };
    const deaf = { unfollowing: new Set([SMALL]) };
    expect(toldBoth(withTwo({ gridW: 1_000, socPct: 60 }, second, deaf))[0]).toBe(1_000);
    const generationW = (limitW: Watt) => ({ ...deaf, siteLimits: new Map([['a', { generationW: limitW }]]) });
    expect(toldBoth(withTwo({ gridW: 9_000, socPct: 60 }, second, generationW(3_000)))[0]).toBe(900);
    const charges = { powerW: -2_000, socPct: 60, maxW: 2_500 };
    const loadW = { ...deaf, siteLimits: new Map([['a', { loadW: 3_000 }]]) };
    expect(toldBoth(withTwo({ gridW: -9_000, socPct: 60 }, charges, loadW))[0]).toBe(-1_000);
  });
});

it('of a hybrid gives what its inverter leaves beside its sun, and says why', () => {
  const input = withTwo({ gridW: 9_000, socPct: 60, pvW: 3_800 }, { powerW: 0, socPct: 60, maxW: 2_500 });
  const [site] = input.plant.sites;
  const hybrid = { ...site!.devices.find(({ id }) => id === 'a-battery')!, role: 'hybrid' as const };
  const devices = [...site!.devices.filter(({ role }) => role === 'grid-meter'), hybrid];
  const now = input.image.devices.get('a-battery')!;
  const image = {
    ...input.image,
    devices: new Map(input.image.devices).set('a-battery', { ...now, values: { ...now.values, 'pv.powerW': 3_800 } }),
  };
  const alone = { ...input, image, plant: { ...input.plant, sites: [{ ...site!, devices }] } };
  const told = decide(alone).devices.find(({ control }) => control === 'battery-power');
  expect(told).toMatchObject({ setpoint: { powerW: 1_200 }, cuts: [{ by: 'device', why: 'its inverter gives 3800 W of sun' }] });
});

test.prop([
  fc.record({ gridW: fc.integer({ min: -9_000, max: 9_000 }), batteryW: fc.integer({ min: -5_000, max: 5_000 }), socPct: fc.nat(100) }),
  fc.record({ powerW: fc.integer({ min: -2_500, max: 2_500 }), socPct: fc.nat(100), maxW: fc.constantFrom(2_500, 5_000) }),
  fc.record({ importW: fc.integer({ min: 0, max: 9_000 }), exportW: fc.integer({ min: 0, max: 9_000 }) }),
])('two batteries together keep limits of their connection as far as what they hold and may take allows', (home, second, limits) => {
  const input = withTwo(home, second, { siteLimits: new Map([['a', limits]]) });
  const [bigW, smallW] = toldBoth(input) as [Watt, Watt];
  const netW = home.gridW + home.batteryW + second.powerW - bigW - smallW;
  const couldW = (socPct: number, maxW: Watt): Watt => Math.min(1, Math.max(0, socPct - 20)) * maxW;
  const giveW = couldW(home.socPct, 5_000) + couldW(second.socPct, second.maxW);
  const takeW = (home.socPct < 100 ? 5_000 : 0) + (second.socPct < 100 ? second.maxW : 0);
  expect(netW).toBeLessThanOrEqual(Math.max(limits.importW, home.gridW + home.batteryW + second.powerW - giveW) + 2);
  expect(netW).toBeGreaterThanOrEqual(Math.min(-limits.exportW, home.gridW + home.batteryW + second.powerW + takeW) - 2);
});
