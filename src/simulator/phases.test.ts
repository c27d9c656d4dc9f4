import { describe, expect, it } from 'vitest';
import { initialCharger } from './charger.js';
import { phasePowersW } from './phases.js';
import { CHARGER } from './sites.fixture.js';

const flows = (phases: 1 | 3, drawsW: number, gridW: number | undefined) =>
  phasePowersW(
    { chargers: [{ ...CHARGER, phases }] },
    { powers: gridW === undefined ? {} : { gridW }, chargers: {}, chargerMeansW: { [CHARGER.id]: drawsW } },
  );

describe('the phases of a connection', () => {
  it('carry the same, but for what charges on the first alone', () => {
    expect(flows(3, 6_000, 9_000)).toEqual([3_000, 3_000, 3_000]);
    expect(flows(1, 6_000, -3_000)).toEqual([3_000, -3_000, -3_000]);
  });

  it('carry what a car on one phase draws on the first as well', () => {
    const state = {
      powers: { gridW: -3_000 },
      chargers: { charger: { ...initialCharger(0), car: { phases: 1 as const } } },
      chargerMeansW: { charger: 6_000 },
    };
    expect(phasePowersW({ chargers: [CHARGER] }, state)).toEqual([3_000, -3_000, -3_000]);
  });

  it('are not known where the connection is not', () => {
    expect(flows(3, 6_000, undefined)).toBeUndefined();
  });
});
