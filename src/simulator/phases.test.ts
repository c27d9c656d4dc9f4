import { describe, expect, it } from 'vitest';
import { phasePowersW } from './phases.js';
import { CHARGER } from './sites.fixture.js';

const flows = (phases: 1 | 3, drawsW: number, gridW: number | undefined) =>
  phasePowersW(
    { chargers: [{ ...CHARGER, phases }] },
    { powers: gridW === undefined ? {} : { gridW }, chargerMeansW: { [CHARGER.id]: drawsW } },
  );

describe('the phases of a connection', () => {
  it('carry the same, but for what charges on the first alone', () => {
    expect(flows(3, 6_000, 9_000)).toEqual([3_000, 3_000, 3_000]);
    expect(flows(1, 6_000, -3_000)).toEqual([3_000, -3_000, -3_000]);
  });

  it('are not known where the connection is not', () => {
    expect(flows(3, 6_000, undefined)).toBeUndefined();
  });
});
