import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HybridCounters, portOf, splitHybrid } from './hybrid-split.js';

const hybrid = (acW: number, sunDcW: number, batteryDcW: number) => ({
  acW,
  sunDcW,
  chargeDcW: Math.max(-batteryDcW, 0),
  dischargeDcW: Math.max(batteryDcW, 0),
});

describe('the split of a hybrid', () => {
  it('gives all to the sun while the battery rests, its loss included', () => {
    expect(splitHybrid(hybrid(970, 1_000, 0))).toEqual({ pvW: 970, batteryW: 0 });
  });

  it('gives all to the battery at night', () => {
    expect(splitHybrid(hybrid(970, 0, 1_000))).toEqual({ pvW: 0, batteryW: 970 });
  });

  it('shares the loss between sun and battery in the evening', () => {
    const { pvW, batteryW } = splitHybrid(hybrid(3_880, 1_000, 3_000));
    expect(pvW).toBeCloseTo(970);
    expect(batteryW).toBeCloseTo(2_910);
  });

  it('charges the battery with the sun that does not leave the terminal', () => {
    const { pvW, batteryW } = splitHybrid(hybrid(1_940, 5_000, -3_000));
    expect(pvW).toBe(4_940);
    expect(batteryW).toBe(-3_000);
  });

  it('still charges it when nothing at all leaves the terminal', () => {
    expect(splitHybrid(hybrid(5, 3_000, -2_985))).toEqual({ pvW: 2_990, batteryW: -2_985 });
  });

  it('calls nothing sun that the grid charged', () => {
    expect(splitHybrid(hybrid(-2_000, 0, -1_940))).toEqual({ pvW: 0, batteryW: -2_000 });
    expect(splitHybrid(hybrid(-2_000, 1_000, -2_940))).toEqual({ pvW: 940, batteryW: -2_940 });
  });

  it('calls its own consumption at night no sun', () => {
    expect(splitHybrid(hybrid(-8, 0, 0))).toEqual({ pvW: 0, batteryW: -8 });
  });

  const watts = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const anyHybrid = fc.tuple(watts(-10_000, 10_000), watts(0, 12_000), watts(-8_000, 8_000));
  test.prop([anyHybrid])(
    'always sums to the AC power, and sun is never negative nor more than the strings gave',
    ([acW, sunDcW, batteryDcW]) => {
      const { pvW, batteryW } = splitHybrid(hybrid(acW, sunDcW, batteryDcW));
      expect(pvW + batteryW).toBeCloseTo(acW, 6);
      expect(pvW).toBeGreaterThanOrEqual(0);
      expect(pvW).toBeLessThanOrEqual(sunDcW * (1 + 1e-12));
    },
  );

  test.prop([watts(0, 12_000), watts(0, 8_000)])('shares the loss of a discharge fairly', (sunDcW, batteryDcW) => {
    fc.pre(sunDcW + batteryDcW > 1);
    const { pvW } = splitHybrid(hybrid((sunDcW + batteryDcW) * 0.97, sunDcW, batteryDcW));
    expect(pvW).toBeCloseTo(sunDcW * 0.97, 6);
  });
});

describe('the ports of model 160', () => {
  it.each([
    ['MPPT 1', 'sun'],
    ['String 2', 'sun'],
    [undefined, 'sun'],
    ['StCha 3', 'charge'],
    ['StDisCha 4', 'discharge'],
    ['Battery charge', 'charge'],
    ['Battery discharge', 'discharge'],
  ] as const)('%s is %s', (name, port) => expect(portOf(name)).toBe(port));
});

describe('AC counters of a hybrid', () => {
  const charging = hybrid(1_940, 5_000, -3_000);
  const shares = splitHybrid(charging);

  it('begin at nothing and count what the DC counters count, less the loss', () => {
    const counters = new HybridCounters();
    expect(counters.count({ sunWh: 9_000_000, chargeWh: 500, dischargeWh: 400 }, charging, shares)).toEqual({
      pvToBusWh: 0,
      batteryToBusWh: 0,
      batteryFromBusWh: 0,
    });
    const later = counters.count({ sunWh: 9_005_000, chargeWh: 3_500, dischargeWh: 400 }, charging, shares);
    expect(later.pvToBusWh).toBeCloseTo(4_940);
    expect(later.batteryFromBusWh).toBeCloseTo(3_000);
    expect(later.batteryToBusWh).toBe(0);
  });

  it('go on from where an earlier run left them, with what the device counted meanwhile', () => {
    const before = new HybridCounters();
    before.count({ sunWh: 1_000, chargeWh: 500, dischargeWh: 400 }, charging, shares);
    const dc = { sunWh: 3_000, chargeWh: 700, dischargeWh: 400 };
    const ac = before.count(dc, charging, shares);
    const after = new HybridCounters({ dc, ac });
    expect(after.count(dc, charging, shares)).toEqual(ac);
    const again = new HybridCounters({ dc, ac }).count({ sunWh: 4_000, chargeWh: 700, dischargeWh: 500 }, charging, shares);
    expect(again.pvToBusWh! - ac.pvToBusWh!).toBeCloseTo(988);
    expect(again.batteryFromBusWh).toBe(ac.batteryFromBusWh);
    // It does not discharge now, so how much of a discharge reached the terminal is not seen: the low side.
    expect(again.batteryToBusWh! - ac.batteryToBusWh!).toBeCloseTo(95);
  });

  it('go on without what was made meanwhile where only they are known, not the DC side', () => {
    const counters = new HybridCounters({ dc: {}, ac: { pvToBusWh: 7_000 } });
    expect(counters.count({ sunWh: 9_000 }, charging, shares)).toEqual({ pvToBusWh: 7_000 });
  });

  it('count nothing across a reset of the device', () => {
    const counters = new HybridCounters();
    counters.count({ sunWh: 1_000 }, charging, shares);
    expect(counters.count({ sunWh: 10 }, charging, shares).pvToBusWh).toBe(0);
    expect(counters.count({ sunWh: 20 }, charging, shares).pvToBusWh).toBeCloseTo(9.88);
  });

  const readings = fc.array(fc.tuple(fc.nat(5_000), fc.nat(3_000), fc.boolean()), { minLength: 1, maxLength: 30 });
  test.prop([readings])('only rise, across starts of the plant as well', (steps) => {
    let counters = new HybridCounters();
    let before = 0;
    let dc = {};
    for (const [sunWh, sunDcW, restart] of steps) {
      if (restart) counters = new HybridCounters({ dc, ac: { pvToBusWh: before } });
      dc = { sunWh };
      const powers = hybrid(sunDcW * 0.97, sunDcW, 0);
      const { pvToBusWh } = counters.count({ sunWh }, powers, splitHybrid(powers));
      expect(pvToBusWh).toBeGreaterThanOrEqual(before);
      before = pvToBusWh!;
    }
  });
});
