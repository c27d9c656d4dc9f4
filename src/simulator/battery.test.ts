import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { type BatteryState, initialBattery, selfConsumptionW, socPctOf, STANDBY_W, stepBattery, withinWindow } from './battery.js';
import { PACK } from './sites.fixture.js';

const at = (startSocPct: number): BatteryState => initialBattery({ ...PACK, startSocPct }, 1_000_000);
const FREE = { minW: -Infinity, maxW: Infinity };

describe('a battery', () => {
  it('charges for an hour: what arrives in its cells is what came in, less the loss', () => {
    const battery = { ...at(50), outputW: -1_000 };
    expect(stepBattery(battery, PACK, -1_000, 0, HOUR_MS)).toBe(-1_000);
    expect(battery.storedWh).toBeCloseTo(3_200 + 950, 9);
  });

  it('takes a few seconds to full power', () => {
    const battery = at(50);
    expect(stepBattery(battery, PACK, 3_000, 0, SECOND_MS)).toBe(375);
    expect(battery.outputW).toBe(750);
    for (let i = 0; i < 4; i += 1) stepBattery(battery, PACK, 3_000, 0, SECOND_MS);
    expect(battery.outputW).toBe(3_000);
  });

  it('stops at its floor, and at the reserve it was told to keep', () => {
    const battery = at(21);
    stepBattery(battery, PACK, 3_000, 20, HOUR_MS);
    expect(socPctOf(battery, PACK)).toBeCloseTo(20, 9);
    expect(stepBattery(battery, PACK, 3_000, 20, MINUTE_MS)).toBe(0);
  });

  it('loses a little while it stands, but never below empty', () => {
    const battery = at(50);
    stepBattery(battery, PACK, 0, 0, 10 * HOUR_MS);
    expect(battery.storedWh).toBeCloseTo(3_200 - 10 * STANDBY_W, 9);
    const empty = at(PACK.minSocPct);
    stepBattery(empty, PACK, 0, 0, 100 * HOUR_MS);
    expect(empty.storedWh).toBe((PACK.capacityWh * PACK.minSocPct) / 100);
  });

  it('leaves the last few watts to the grid', () => {
    expect([selfConsumptionW(15), selfConsumptionW(-15), selfConsumptionW(400), selfConsumptionW(-400)]).toEqual([0, 0, 400, -400]);
  });

  it('does what a window allows; an empty window stands it still', () => {
    expect(withinWindow(500, { minW: 1_200, maxW: 1_200 }, PACK)).toBe(1_200);
    expect(withinWindow(-9_000, FREE, PACK)).toBe(-3_000);
    expect(withinWindow(500, { minW: 900, maxW: -900 }, PACK)).toBe(0);
  });

  const steps = fc.array(
    fc.record({ targetW: fc.integer({ min: -9_000, max: 9_000 }), durationMs: fc.integer({ min: 1, max: 2 * HOUR_MS }) }),
    { minLength: 1, maxLength: 40 },
  );

  test.prop([steps, fc.integer({ min: 5, max: 98 })])(
    'conserves energy, keeps within its limits, and counts only up',
    (moves, startSocPct) => {
      const battery = at(startSocPct);
      for (const { targetW, durationMs } of moves) {
        const before = { ...battery };
        const meanW = stepBattery(battery, PACK, withinWindow(targetW, FREE, PACK), 0, durationMs);
        const inWh = battery.chargedWh - before.chargedWh;
        const outWh = battery.dischargedWh - before.dischargedWh;
        expect(outWh - inWh).toBeCloseTo((meanW * durationMs) / HOUR_MS, 6);
        const gainedWh = inWh * PACK.chargeEfficiency - outWh / PACK.dischargeEfficiency;
        const lostWh = before.storedWh + gainedWh - battery.storedWh;
        expect(lostWh).toBeGreaterThan(-1e-6);
        expect(lostWh).toBeLessThanOrEqual((STANDBY_W * durationMs) / HOUR_MS + 1e-6);
        if (meanW !== 0) expect(lostWh).toBeCloseTo(0, 6);
        expect(inWh).toBeGreaterThanOrEqual(0);
        expect(outWh).toBeGreaterThanOrEqual(0);
        expect(socPctOf(battery, PACK)).toBeGreaterThan(PACK.minSocPct - 1e-6);
        expect(socPctOf(battery, PACK)).toBeLessThan(PACK.maxSocPct + 1e-6);
        expect(Math.abs(meanW)).toBeLessThanOrEqual(3_000);
      }
    },
  );
});
