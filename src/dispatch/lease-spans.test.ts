import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeaseSpans } from './lease-spans.js';

const held = (...deviceIds: string[]) => deviceIds.map((deviceId) => ({ deviceId, control: 'pv-limit' as const }));

describe('lease spans', () => {
  it('tell which devices were under command in an interval, also while they still are', () => {
    const spans = new LeaseSpans();
    spans.note(held('a', 'b'), 1_000);
    spans.note(held('b'), 5_000);
    expect(
      spans
        .within({ startMs: 0, endMs: 2_000 })
        .map(({ deviceId }) => deviceId)
        .sort(),
    ).toEqual(['a', 'b']);
    expect(spans.within({ startMs: 6_000, endMs: 9_000 }).map(({ deviceId }) => deviceId)).toEqual(['b']);
    expect(spans.within({ startMs: 0, endMs: 1_000 })).toEqual([]);
  });

  it('tell the controls of one device apart', () => {
    const spans = new LeaseSpans();
    const battery = { deviceId: 'hybrid', control: 'battery-power' as const };
    spans.note([battery, ...held('hybrid')], 1_000);
    spans.note([battery], 2_000);
    expect(spans.within({ startMs: 3_000, endMs: 4_000 })).toEqual([{ ...battery, startMs: 1_000, endMs: 4_000 }]);
  });

  it('forget what nobody asks about any more', () => {
    const spans = new LeaseSpans();
    spans.note(held('a'), 1_000);
    spans.note([], 2_000);
    spans.forgetBefore(3_000);
    expect(spans.within({ startMs: 0, endMs: 9_000 })).toEqual([]);
  });
});

describe('lease spans of a plant that died', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spans-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const startedAt = (nowMs: number): LeaseSpans => {
    const spans = new LeaseSpans();
    spans.rememberIn(folder, nowMs);
    return spans;
  };

  it('are known to the next one, those that were open for as long as a lease may outlive its plant', () => {
    const before = startedAt(0);
    before.note(held('a', 'b'), 1_000);
    before.note(held('b'), 5_000);
    for (let nowMs = 6_000; nowMs < 600_000; nowMs += 1_000) before.note(held('b'), nowMs);
    const all = { startMs: 0, endMs: 1e9 };
    const [a, b] = startedAt(3_600_000).within(all);
    expect(a).toEqual({ deviceId: 'a', control: 'pv-limit', startMs: 1_000, endMs: 5_000 });
    expect(b).toMatchObject({ deviceId: 'b', startMs: 1_000 });
    // Ten seconds between two writes, two minutes of a lease.
    expect(b!.endMs).toBeGreaterThanOrEqual(600_000 + 119_000);
    expect(b!.endMs).toBeLessThanOrEqual(600_000 + 130_000);
    expect(startedAt(605_000).within(all)[1]!.endMs).toBe(605_000);
  });

  it('are handed on where that one dies too before anything is closed', () => {
    startedAt(0).note(held('a'), 1_000);
    startedAt(20_000).note(held('b'), 30_000);
    const spans = startedAt(40_000).within({ startMs: 0, endMs: 60_000 });
    expect(spans.map(({ deviceId, startMs }) => [deviceId, startMs])).toEqual([
      ['a', 1_000],
      ['b', 30_000],
    ]);
  });

  it('are none where the file is broken', () => {
    writeFileSync(join(folder, 'commanded.json'), 'half a fi');
    expect(startedAt(0).within({ startMs: 0, endMs: 1_000 })).toEqual([]);
  });
});
