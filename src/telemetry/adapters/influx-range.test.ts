import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { type Piece, piecesOf } from './influx-range.js';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const told = (pieces: readonly Piece[]): string =>
  pieces.map(({ source, startMs, endMs }) => `${source} ${startMs / MINUTE}-${endMs / MINUTE}`).join(', ');
const inMinutes = (from: number, to: number, step: number, readingsFrom = 0, due: number[] = []): string =>
  told(
    piecesOf(
      { fromMs: from * MINUTE, toMs: to * MINUTE, stepMs: step * MINUTE },
      { readingsFromMs: readingsFrom * MINUTE, due: due.map((minute) => minute * MINUTE) },
    ),
  );

describe('where a range is read from', () => {
  it('reads quarter-hours where steps are made of them, readings at the ends and where a roll-up is due', () => {
    expect(inMinutes(0, 60, 15)).toBe('quarters 0-60');
    expect(inMinutes(5, 100, 60)).toBe('readings 5-15, quarters 15-90, readings 90-100');
    expect(inMinutes(0, 120, 15, 0, [15, 30, 105])).toBe('quarters 0-15, readings 15-45, quarters 45-105, readings 105-120');
    expect(inMinutes(0, 120, 5)).toBe('readings 0-120');
  });

  it('reads whole minutes where the readings are gone, and nothing where neither is whole', () => {
    expect(inMinutes(0, 120, 5, 60)).toBe('minutes 0-60, readings 60-120');
    expect(inMinutes(4.5, 20.5, 15, 60)).toBe('minutes 5-20');
    expect(inMinutes(4.5, 50.5, 15, 60)).toBe('minutes 5-15, quarters 15-45, minutes 45-50');
    expect(inMinutes(0, 120, 0.25, 60)).toBe('readings 60-120');
  });

  const minutes = fc.integer({ min: 0, max: 3_000 });
  test.prop([minutes, minutes, fc.constantFrom(0.25, 1, 5, 15, 20, 60), fc.nat(100), fc.uniqueArray(fc.nat(100))])(
    'reads no moment twice, and each that single readings tell',
    (from, length, step, border, due) => {
      const readingsFromMs = border * QUARTER;
      const query = { fromMs: (from * MINUTE) / 2, toMs: ((from + length) * MINUTE) / 2, stepMs: step * MINUTE };
      const open = due.map((quarter) => quarter * QUARTER).filter((quarterMs) => quarterMs >= readingsFromMs);
      const pieces = piecesOf(query, { readingsFromMs, due: open.sort((a, b) => a - b) });
      let reachedMs = query.fromMs;
      for (const { startMs, endMs } of pieces) {
        expect(startMs).toBeGreaterThanOrEqual(reachedMs);
        expect(endMs).toBeGreaterThan(startMs);
        reachedMs = endMs;
      }
      expect(reachedMs).toBeLessThanOrEqual(query.toMs);
      const recentMs = pieces.reduce((sum, { startMs, endMs }) => sum + Math.max(0, endMs - Math.max(startMs, readingsFromMs)), 0);
      expect(recentMs).toBe(Math.max(0, query.toMs - Math.max(query.fromMs, readingsFromMs)));
    },
  );
});
