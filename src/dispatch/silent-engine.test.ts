import { describe, expect, it } from 'vitest';
import { device } from './decide.fixture.js';
import type { GeneratorNow } from './generator-rules.js';
import { silentEngineMostW } from './silent-engine.js';

const LAST_HEARD_MS = Date.UTC(2026, 5, 1, 12);
const generator = { minW: 2_000, maxW: 6_000, minUpS: 600, minDownS: 300, rampWPerS: 500, warmUpS: 30 };
const rest = { litresPerKwh: 0.3, noLoadLitresPerH: 1, fuelMicroPerLitre: 1_500_000, startMicro: 0 };
const genset = device('a', 'generator', { generator: { ...generator, ...rest } });

const heard = (powerW: number, known: Partial<GeneratorNow> = {}): GeneratorNow => ({
  running: powerW > 0,
  sinceMs: LAST_HEARD_MS - 60_000,
  course: { atMs: LAST_HEARD_MS, powerW, wPerS: 0 },
  ...known,
});
const afterS = (seconds: number, known?: GeneratorNow, of = genset): number =>
  silentEngineMostW(of, known, LAST_HEARD_MS + seconds * 1_000);
/** The longest lease, minimum up time, way down and a minute. */
const STOPPED_AFTER_S = 75 + 600 + 12 + 60;

describe('an engine whose controller is silent', () => {
  it('goes on standing where it stood', () => {
    const stood = heard(20, { running: false });
    expect([afterS(1, stood), afterS(86_400, stood)]).toEqual([0, 0]);
  });

  it('may give all that it can where nothing is known of it', () => {
    expect([afterS(1), afterS(86_400, { running: false, sinceMs: undefined })]).toEqual([6_000, 6_000]);
  });

  it('may run while its last lease and its minimum up time may last, and on its way down', () => {
    for (const known of [heard(4_000, { isOurs: true, comesToW: 4_000 }), heard(0, { comesToW: 4_000 }), heard(500, { running: false })])
      expect([1, STOPPED_AFTER_S, STOPPED_AFTER_S + 1].map((seconds) => afterS(seconds, known))).toEqual([6_000, 6_000, 0]);
  });

  it('may run for ever where somebody else has started it, or its device ends nothing by itself', () => {
    expect(afterS(86_400, heard(4_000))).toBe(6_000);
    expect(afterS(86_400, heard(4_000, { isOurs: true }), { ...genset, reversion: 'supervisor' })).toBe(6_000);
  });
});
