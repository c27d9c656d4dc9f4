import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import type { SiteNow } from '../telemetry/image.js';
import { estimateSite, noteTold, type SiteEstimate, type SiteTrace } from './connection-estimate.js';

const LAG_MS = 3_000;

const now = (gridW: number | undefined, batteryW: number): SiteNow => ({
  siteId: 'a',
  powersW: { ...(gridW === undefined ? {} : { grid: gridW }), battery: batteryW },
  missing: [],
});

/** A loop that steers the grid to nothing through a meter `delayS` late and a battery that takes four seconds for its way; one step a second. */
const lived = (loadAtW: (second: number) => number, delayS: number, seconds: number, by: 'estimate' | 'meter'): number[] => {
  let trace: SiteTrace | undefined;
  const grid: number[] = [];
  const battery: number[] = [0];
  for (let second = 0; second < seconds; second += 1) {
    const givesW = battery[second]!;
    grid.push(loadAtW(second) - givesW);
    const meterW = grid[Math.max(0, second - delayS)]!;
    const estimate = estimateSite(trace, now(meterW, givesW), second * 1_000, LAG_MS);
    const gridW = by === 'estimate' && estimate.kind === 'estimate' ? estimate.gridW : meterW;
    const wantedW = gridW + givesW;
    trace = estimate.kind === 'estimate' ? estimate.trace : undefined;
    if (trace) noteTold(trace, wantedW - givesW, second * 1_000);
    battery.push(givesW + Math.min(Math.max(wantedW - givesW, -1_250), 1_250));
  }
  return grid;
};
const stepAt10 = (second: number): number => (second < 10 ? 400 : 3_400);

describe('a meter that is two seconds late', () => {
  it('makes a loop swing that believes it', () => {
    const grid = lived(stepAt10, 2, 120, 'meter');
    expect(Math.max(...grid.slice(60).map(Math.abs))).toBeGreaterThan(1_000);
  });

  it('does not where it is known to be late: the step is over in seven seconds, without overshoot', () => {
    const grid = lived(stepAt10, 2, 120, 'estimate');
    expect(Math.max(...grid.slice(17).map(Math.abs))).toBeLessThan(1);
    expect(Math.min(...grid.slice(10))).toBeGreaterThan(-1);
  });

  it('is as well seen through where the battery slows down on its way', () => {
    expect(
      lived((second) => 1_000 + 20 * second, 2, 100, 'estimate')
        .slice(30)
        .every((gridW) => Math.abs(gridW) < 100),
    ).toBe(true);
  });
});

test.prop([fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 5_000 })])(
  'whatever the delay, a step is neither overshot nor left open',
  (delayS, beforeW, afterW) => {
    const grid = lived((second) => (second < 10 ? beforeW : afterW), delayS, 60, 'estimate').slice(10);
    const side = Math.sign(afterW - beforeW);
    expect(Math.min(...grid.map((gridW) => side * gridW))).toBeGreaterThan(-1);
    expect(Math.max(...grid.slice(15).map(Math.abs))).toBeLessThan(1);
  },
);

test.prop([
  fc.array(fc.record({ gridW: fc.integer({ min: -9_000, max: 9_000 }), batteryW: fc.integer({ min: -5_000, max: 5_000 }) }), {
    minLength: 1,
    maxLength: 30,
  }),
])('an estimate is a load that some delay explains', (moments) => {
  let trace: SiteTrace | undefined;
  moments.forEach(({ gridW, batteryW }, second) => {
    const estimate = estimateSite(trace, now(gridW, batteryW), second * 1_000, LAG_MS);
    trace = estimate.kind === 'unknown' ? undefined : estimate.trace;
    const seen = moments.slice(Math.max(0, second - 4), second + 1).map((moment) => gridW + moment.batteryW);
    expect(trace!.loadW).toBeGreaterThanOrEqual(Math.min(...seen));
    expect(trace!.loadW).toBeLessThanOrEqual(Math.max(...seen));
  });
});

describe('a meter that goes on saying the same', () => {
  const after = (seconds: number, meterW: number, batteryAtW: (second: number) => number): SiteEstimate => {
    let estimate: SiteEstimate = { kind: 'unknown' };
    for (let second = 0; second <= seconds; second += 1) {
      const trace = estimate.kind === 'unknown' ? undefined : estimate.trace;
      estimate = estimateSite(trace, now(meterW, batteryAtW(second)), second * 1_000, LAG_MS);
    }
    return estimate;
  };

  it('is not believed once what stands behind it has moved', () => {
    expect(after(11, 800, (second) => 100 * second).kind).toBe('estimate');
    expect(after(12, 800, (second) => 100 * second).kind).toBe('frozen');
  });

  it('is believed where it cannot have seen yet what moved, though it has long said the same', () => {
    const steppedAt20 = (second: number): number => (second < 20 ? 1_000 : 6_000);
    expect(after(20, 800, steppedAt20).kind).toBe('estimate');
    expect(after(23, 800, steppedAt20).kind).toBe('estimate');
    expect(after(24, 800, steppedAt20).kind).toBe('frozen');
  });

  it('is believed where nothing moves, and where a site serves itself', () => {
    expect(after(60, 800, () => 500).kind).toBe('estimate');
    expect(after(60, 0, (second) => 100 * second).kind).toBe('estimate');
  });
});

it('knows nothing without the meter, and begins anew where another device is missing', () => {
  expect(estimateSite(undefined, now(undefined, 500), 0, LAG_MS)).toEqual({ kind: 'unknown' });
  const first = estimateSite(undefined, now(500, 500), 0, LAG_MS);
  const trace = first.kind === 'estimate' ? first.trace : undefined;
  const without = estimateSite(trace, { siteId: 'a', powersW: { grid: 900 }, missing: [] }, 1_000, LAG_MS);
  expect(without).toMatchObject({ kind: 'estimate', gridW: 900 });
});

it('does not take what it has told since for what the house draws, however late the meter is read', () => {
  let trace: SiteTrace | undefined;
  const loadsW: number[] = [];
  for (let second = 0; second <= 9; second += 1) {
    const site = {
      ...now(second < 9 ? 1_000 : -4_000, second < 2 ? 0 : 5_000),
      readAtMs: second < 9 ? Math.min(second, 1) * 1_000 : 9_000,
    };
    const estimate = estimateSite(trace, site, second * 1_000, LAG_MS);
    if (estimate.kind !== 'estimate') continue;
    loadsW.push(estimate.loadW);
    trace = estimate.trace;
    if (second === 1) noteTold(trace, 5_000, second * 1_000);
  }
  expect(loadsW).toEqual(loadsW.map(() => 1_000));
  expect(loadsW).toHaveLength(10);
});

it('begins anew when the clock is set back, rather than hold what lies ahead for something late', () => {
  const first = estimateSite(undefined, now(500, 500), 3_600_000, LAG_MS);
  const trace = first.kind === 'estimate' ? first.trace : undefined;
  expect(estimateSite(trace, now(500, 2_000), 0, LAG_MS)).toMatchObject({
    kind: 'estimate',
    gridW: 500,
    trace: { sources: { length: 1 } },
  });
});
