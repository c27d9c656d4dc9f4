import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../kernel/random.js';
import { followingOf, isApart, leftAtMs, levelOf, type PulseStep, respondedAtMs } from './pulse.js';

const step = (causeW: number, effectW: number, noiseW = 0): PulseStep => ({ causeW, effectW, noiseW });
const samples = (...powersW: number[]) => powersW.map((powerW, index) => ({ atMs: index * 500, powerW }));

describe('the level of a power', () => {
  it('is not moved by a kettle', () => {
    expect(levelOf([100, 102, 98, 2_100, 101])!.typicalW).toBe(101);
    expect(levelOf([100, 102, 98, 2_100, 101])!.noiseW).toBeGreaterThan(800);
  });

  it('is not known from two readings', () => {
    expect(levelOf([100, 100])).toBeUndefined();
  });
});

describe('how one power follows another', () => {
  it('is told by a single step over little noise', () => {
    expect(followingOf([step(600, 590, 20)])).toMatchObject({ kind: 'along' });
    expect(followingOf([step(600, -590, 20)])).toMatchObject({ kind: 'against' });
    expect(followingOf([step(600, 10, 20)])).toMatchObject({ kind: 'not' });
  });

  it('is not told where the noise is as large as the step', () => {
    expect(followingOf([step(300, 310, 250)]).kind).toBe('unclear');
    expect(followingOf([]).kind).toBe('unclear');
    expect(followingOf([step(0, 300)]).kind).toBe('unclear');
  });

  it('is told by more steps where one is not enough', () => {
    const one = step(300, 300, 70);
    expect(followingOf([one]).kind).toBe('unclear');
    expect(followingOf([one, step(-300, -290, 70), one, step(-300, -310, 70)]).kind).toBe('along');
  });

  it('does not take a kettle for the device', () => {
    const steps = [step(600, -600, 30), step(-600, 600, 30), step(600, 1_400, 30), step(-600, 610, 30), step(600, -590, 30)];
    expect(followingOf(steps).kind).toBe('against');
  });

  it('is something else where far more moved than was told', () => {
    expect(followingOf([step(300, 2_000, 10), step(-300, -2_000, 10)]).kind).toBe('unclear');
  });

  test.prop([fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 8 })])(
    'never calls load that comes and goes a device that follows',
    (seed, count) => {
      const random = randomStream(seed);
      const wide = Array.from({ length: count }, (_, i) => {
        const before = levelOf(Array.from({ length: 10 }, () => random() * 2_000))!;
        const after = levelOf(Array.from({ length: 10 }, () => random() * 2_000))!;
        return step(i % 2 === 0 ? 300 : -300, after.typicalW - before.typicalW, Math.hypot(before.noiseW, after.noiseW));
      });
      expect(followingOf(wide).kind).toBe('unclear');
    },
  );
});

describe('the moment of a response', () => {
  const calm = { typicalW: 0, noiseW: 10 };

  it('is the first of two readings on the way', () => {
    expect(respondedAtMs(samples(0, 5, 200, 310, 300), calm, 300)).toBe(1_000);
  });

  it('is not one reading that stands alone, nor the other way', () => {
    expect(respondedAtMs(samples(0, 200, 0, 0, 0), calm, 300)).toBeUndefined();
    expect(respondedAtMs(samples(0, -200, -300, -300), calm, 300)).toBeUndefined();
  });

  it('is not known where the noise hides it', () => {
    expect(respondedAtMs(samples(0, 200, 310, 300), { typicalW: 0, noiseW: 100 }, 300)).toBeUndefined();
    expect(isApart({ typicalW: 0, noiseW: 100 }, 300, 30)).toBe(false);
    expect(isApart(calm, 300, 30)).toBe(true);
  });

  it('is also that of leaving, whichever way', () => {
    expect(leftAtMs(samples(300, 300, 900, 950), { typicalW: 300, noiseW: 2 }, 0)).toBe(1_000);
    expect(leftAtMs(samples(300, 300, 299, 301), { typicalW: 300, noiseW: 2 }, 0)).toBeUndefined();
  });
});
