import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { aged, ANSWERED, missedPoll, NOT_ASKED_YET } from './health.js';

const middle = () => 0.5;

describe('the health of a device', () => {
  it('is stale after one missed poll and asked again soon', () => {
    const after = missedPoll(ANSWERED, 5_000, 1_000, middle);
    expect(after).toMatchObject({ health: 'stale', missed: 1, retryAtMs: 5_200 });
  });

  it('is offline after five in a row, asked less and less often, and online with one answer', () => {
    let device = ANSWERED;
    const pauses: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const nowMs = device.retryAtMs;
      device = missedPoll(device, nowMs, 1_000, middle);
      pauses.push(device.retryAtMs - nowMs);
      expect(device.health).toBe(i < 4 ? 'stale' : 'offline');
    }
    expect(pauses).toEqual([200, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
    expect(ANSWERED).toMatchObject({ health: 'online', missed: 0 });
  });

  it('is offline after ten seconds even while nobody asks', () => {
    const stale = missedPoll(NOT_ASKED_YET, 1_000, 1_000, middle);
    expect(aged(stale, 10_900, 1_000).health).toBe('stale');
    expect(aged(stale, 11_000, 1_000).health).toBe('offline');
  });

  it('gives a slow device two of its periods', () => {
    const stale = missedPoll(ANSWERED, 0, 60_000, middle);
    expect(aged(stale, 119_999, 60_000).health).toBe('stale');
    expect(aged(stale, 120_000, 60_000).health).toBe('offline');
  });

  test.prop([fc.integer({ min: 100, max: 900_000 }), fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 0.999, noNaN: true })])(
    'never waits longer than the ceiling, its jitter included',
    (periodMs, misses, draw) => {
      let device = ANSWERED;
      for (let i = 0; i < misses; i += 1) {
        const nowMs = device.retryAtMs;
        device = missedPoll(device, nowMs, periodMs, () => draw);
        expect(device.retryAtMs - nowMs).toBeLessThanOrEqual(Math.max(15_000, periodMs) * 1.25);
        expect(device.retryAtMs).toBeGreaterThan(nowMs);
      }
    },
  );
});
