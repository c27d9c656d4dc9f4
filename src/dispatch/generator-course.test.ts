import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { GeneratorRating } from '../fleet/plant.js';
import { comingW, courseWith, type GeneratorCourse } from './generator-course.js';

const RATING = { rampWPerS: 1_000 } as GeneratorRating;
/** A generator that gave these powers, a second apart. */
const after = (...powersW: readonly number[]): GeneratorCourse | undefined =>
  powersW.reduce<GeneratorCourse | undefined>((course, powerW, second) => courseWith(course, powerW, second * 1_000), undefined);

describe('what a generator is about to give', () => {
  it('is what it was seen to rise by, up to what it was told', () => {
    expect(comingW(after(0, 1_000, 2_000), 5_000, RATING, 2_000)).toBe(1_000);
    expect(comingW(after(0, 500), 5_000, RATING, 1_000)).toBe(500);
    expect(comingW(after(3_700, 4_700), 5_000, RATING, 1_000)).toBe(300);
    expect(comingW(after(5_000, 4_200), 3_000, RATING, 1_000)).toBe(-800);
  });

  it('is nothing of one that does not move, moves away, has just been seen, or was read long ago', () => {
    expect(comingW(after(2_000, 2_000), 5_000, RATING, 1_000)).toBe(0);
    expect(comingW(after(3_000, 2_000), 5_000, RATING, 1_000)).toBe(0);
    expect(comingW(after(2_000), 5_000, RATING, 0)).toBe(0);
    expect(comingW(undefined, 5_000, RATING, 0)).toBe(0);
    expect(comingW(after(1_000, 2_000), 5_000, RATING, 4_001)).toBe(0);
  });

  it('is reckoned from readings, not from how often it is asked', () => {
    const course = after(1_000, 2_000);
    expect(courseWith(course, 2_000, 1_000)).toBe(course);
    expect(courseWith(course, 7_000, 6_000)).toEqual({ atMs: 6_000, powerW: 7_000, wPerS: 1_000 });
  });

  const powers = fc.integer({ min: 0, max: 20_000 });
  test.prop([powers, powers, powers])('never leads past what it was told, nor faster than its ramp', (firstW, secondW, toldW) => {
    const risesW = comingW(after(firstW, secondW), toldW, RATING, 1_000);
    expect(Math.abs(risesW)).toBeLessThanOrEqual(Math.min(RATING.rampWPerS, Math.abs(toldW - secondW)));
    expect(risesW * (toldW - secondW)).toBeGreaterThanOrEqual(0);
  });
});
