import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../kernel/random.js';
import { HOUR_MS } from '../kernel/units.js';
import { clearSlotW, learnRoof, type Roof } from './clear-sky.js';
import type { PowerSeries } from './history.js';

const ROOF: Roof = { latitude: 48, longitude: 11, tiltDeg: 35, azimuthDeg: 220, peakW: 5_000 };
const START_MS = Date.UTC(2024, 2, 1);

const sunny = (roof: Roof, days: number): PowerSeries => {
  const random = randomStream(2);
  const values = Array.from({ length: days * 24 }, (_, hour) => {
    const share = random() < 0.5 ? 1 : 0.2 + 0.8 * random();
    return share * clearSlotW(roof, START_MS + hour * HOUR_MS, HOUR_MS);
  });
  return { startMs: START_MS, stepMs: HOUR_MS, values };
};

describe('a roof under a clear sky', () => {
  it('is learnt from what it gave: where it looks and how much it can', () => {
    const learnt = learnRoof(sunny(ROOF, 120), 'Europe/Berlin', { latitude: 48, longitude: 11 })!;
    expect(Math.abs(learnt.azimuthDeg - 220)).toBeLessThan(12);
    expect(Math.abs(learnt.tiltDeg - 35)).toBeLessThan(12);
    expect(Math.abs(learnt.peakW - 5_000)).toBeLessThan(400);
  });

  it('keeps what is known, and is not made up without sun', () => {
    expect(learnRoof(sunny(ROOF, 60), 'Europe/Berlin', ROOF)).toMatchObject({ latitude: 48, longitude: 11, tiltDeg: 35, azimuthDeg: 220 });
    expect(learnRoof({ startMs: START_MS, stepMs: HOUR_MS, values: Array.from({ length: 999 }, () => 0) }, 'UTC')).toBeUndefined();
  });

  test.prop([fc.integer({ min: 0, max: 8_000 }), fc.integer({ min: -60, max: 60 }), fc.integer({ min: 0, max: 359 })])(
    'gives nothing at night and never more than its modules in half again the standard sun',
    (hour, latitude, azimuthDeg) => {
      const powerW = clearSlotW({ ...ROOF, latitude, azimuthDeg }, START_MS + hour * HOUR_MS, HOUR_MS);
      expect(powerW).toBeGreaterThanOrEqual(0);
      expect(powerW).toBeLessThan(1.5 * ROOF.peakW);
    },
  );
});
