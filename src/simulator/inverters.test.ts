import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { INVERTER_EFFICIENCY, stepHybrid } from './hybrid.js';
import { stepPvInverter } from './pv-inverter.js';
import { hybridHome, PACK } from './sites.fixture.js';
import { initialSite } from './site-state.js';

describe('a sun inverter', () => {
  it('clips at its rating', () => {
    expect(stepPvInverter(5_000, 6_200, Infinity, 5_000, MINUTE_MS)).toEqual({ endW: 5_000, meanW: 5_000 });
  });

  it('comes down to a limit by a ramp, and follows the sun down at once', () => {
    expect(stepPvInverter(4_000, 4_200, 1_000, 5_000, SECOND_MS)).toEqual({ endW: 3_000, meanW: 3_500 });
    expect(stepPvInverter(4_000, 500, Infinity, 5_000, SECOND_MS)).toEqual({ endW: 500, meanW: 500 });
  });

  test.prop([
    fc.integer({ min: 0, max: 5_000 }),
    fc.integer({ min: 0, max: 9_000 }),
    fc.integer({ min: 0, max: 6_000 }),
    fc.integer({ min: 100, max: HOUR_MS }),
  ])('never gives what the sun does not, nor more than its rating', (fromW, availableW, ceilingW, durationMs) => {
    const { meanW, endW } = stepPvInverter(fromW, availableW, ceilingW, 5_000, durationMs);
    expect(meanW).toBeGreaterThanOrEqual(0);
    expect(meanW).toBeLessThanOrEqual(Math.min(availableW, 5_000) + 1e-9);
    if (durationMs >= 5 * SECOND_MS) expect(endW).toBeCloseTo(Math.min(availableW, 5_000, ceilingW), 6);
  });
});

describe('a hybrid inverter', () => {
  const site = hybridHome();
  const hybrid = site.hybrid!;
  const FREE = { minW: -Infinity, maxW: Infinity };

  it('stores what its terminal may not let through, before it curtails the sun', () => {
    const state = initialSite(site, 0);
    const powers = stepHybrid(hybrid, state, {
      residualW: 0,
      sunW: 6_000,
      ceilingW: 3_500,
      window: FREE,
      reservePct: 0,
      durationMs: 10 * MINUTE_MS,
    });
    expect(powers.pvDcW).toBeCloseTo(6_000 / INVERTER_EFFICIENCY, -2);
    expect(powers.pvW! + powers.batteryW).toBeLessThanOrEqual(3_500);
  });

  it('leaves nothing for the grid when the battery can take the surplus', () => {
    const state = initialSite(site, 0);
    state.battery!.outputW = -2_061;
    state.pvOutputW = 3_000 / INVERTER_EFFICIENCY;
    const powers = stepHybrid(hybrid, state, {
      residualW: 1_000,
      sunW: 3_000,
      ceilingW: Infinity,
      window: FREE,
      reservePct: 0,
      durationMs: 10 * MINUTE_MS,
    });
    expect(powers.pvW! + powers.batteryW).toBeCloseTo(1_000, -1);
  });

  test.prop([
    fc.integer({ min: 0, max: 8_000 }),
    fc.integer({ min: -2_000, max: 8_000 }),
    fc.integer({ min: 0, max: 6_000 }),
    fc.option(fc.integer({ min: -3_000, max: 3_000 }), { nil: undefined }),
    fc.integer({ min: 1_000, max: HOUR_MS }),
    fc.integer({ min: 5, max: 98 }),
  ])('shares one AC limit, and loses energy only in conversion', (sunW, residualW, ceilingW, setW, durationMs, startSocPct) => {
    const full = { ...site, hybrid: { ...hybrid, pack: { ...PACK, startSocPct } } };
    const state = initialSite(full, 0);
    const window = setW === undefined ? FREE : { minW: setW, maxW: setW };
    const { pvW, batteryW, pvDcW, batteryDcW } = stepHybrid(full.hybrid, state, {
      residualW,
      sunW,
      ceilingW,
      window,
      reservePct: 0,
      durationMs,
    });
    const [acW, dcW] = [pvW! + batteryW, pvDcW! + batteryDcW];
    expect(acW).toBeCloseTo(dcW >= 0 ? dcW * INVERTER_EFFICIENCY : dcW / INVERTER_EFFICIENCY, 6);
    expect(acW).toBeLessThanOrEqual(hybrid.ratedW + 1e-6);
    expect(acW).toBeGreaterThanOrEqual(-hybrid.ratedW - 1e-6);
    expect(pvDcW).toBeLessThanOrEqual(sunW / INVERTER_EFFICIENCY + 1e-6);
    expect(pvW).toBeGreaterThanOrEqual(0);
    expect(pvW).toBeLessThanOrEqual(pvDcW! + 1e-9);
    if (batteryDcW > 0) expect(batteryW).toBeLessThanOrEqual(batteryDcW);
  });
});
