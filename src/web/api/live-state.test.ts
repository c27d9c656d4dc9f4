import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';

import { liveKind, mergeById, QUIET_AFTER_MS, retryDelayMs } from './live-state.js';

describe('the live line', () => {
  it('connects, lives, falls quiet, is lost', () => {
    expect(liveKind({ everHeard: false, open: false, silentMs: 0 })).toBe('connecting');
    expect(liveKind({ everHeard: false, open: false, silentMs: QUIET_AFTER_MS + 1 })).toBe('lost');
    expect(liveKind({ everHeard: true, open: true, silentMs: 900 })).toBe('live');
    expect(liveKind({ everHeard: true, open: true, silentMs: QUIET_AFTER_MS + 1 })).toBe('quiet');
    expect(liveKind({ everHeard: true, open: false, silentMs: 900 })).toBe('lost');
  });

  it('waits longer each time, and never longer than half a minute', () => {
    expect([0, 1, 2, 3].map(retryDelayMs)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(retryDelayMs(50)).toBe(30_000);
  });
});

const anyRows = fc.uniqueArray(fc.record({ id: fc.nat(50), state: fc.string() }), { selector: ({ id }) => id });

test.prop([anyRows, fc.record({ id: fc.nat(50), state: fc.string() })])(
  'merging keeps every other row in its order and holds the new one once',
  (rows, row) => {
    const merged = mergeById(rows, row);
    expect(merged.filter(({ id }) => id === row.id)).toEqual([row]);
    expect(merged.filter(({ id }) => id !== row.id)).toEqual(rows.filter(({ id }) => id !== row.id));
  },
);
