import { describe, expect, it, vi } from 'vitest';
import type { Sample } from '../field/sample.js';
import { ReadingTail } from './reading-tail.js';

const sample = (deviceId: string, atMs: number, values: Sample['values'] = { 'grid.powerW': atMs }): Sample => ({ deviceId, atMs, values });
const tailOf = (most?: number) => new ReadingTail(new Set(['a', 'b']), ['grid.powerW'], most);

describe('a tail of readings', () => {
  it('hauls in together what came together, and nothing that was not asked for', async () => {
    const tail = tailOf();
    const haul = tail.haul(5_000);
    for (const one of [sample('a', 1), sample('c', 2), sample('b', 3, { 'pv.powerW': 5 }), sample('b', 4)]) tail.note(one);
    expect(await haul).toEqual({ samples: [sample('a', 1), sample('b', 4)] });
    tail.note(sample('a', 5));
    expect(await tail.haul(5_000)).toEqual({ samples: [sample('a', 5)] });
  });

  it('comes back with nothing when nothing comes', async () => {
    expect(await tailOf().haul(10)).toEqual({ samples: [] });
  });

  it('drops the oldest of what nobody fetches, and counts them until the next haul', async () => {
    const tail = tailOf(3);
    for (let atMs = 1; atMs <= 1_000; atMs += 1) tail.note(sample('a', atMs));
    expect(await tail.haul(0)).toEqual({
      samples: [sample('a', 998), sample('a', 999), sample('a', 1_000)],
      dropped: { samples: 997, fromMs: 1, toMs: 997 },
    });
    tail.note(sample('a', 1_001));
    expect(await tail.haul(0)).toEqual({ samples: [sample('a', 1_001)] });
  });

  it('ends at once where it is closed, also while somebody waits, and leaves no timer', async () => {
    vi.useFakeTimers();
    const tail = tailOf();
    const haul = tail.haul(5_000);
    tail.close();
    expect(await haul).toBeUndefined();
    tail.note(sample('a', 1));
    expect(await tail.haul(5_000)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
