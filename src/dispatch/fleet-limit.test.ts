import { describe, expect } from 'vitest';
import { fc, test } from '../../test/prop.js';
import { device, inputOf, NOON_MS } from './decide.fixture.js';
import { fleetGeneratorCaps } from './fleet-limit.js';
import { ableControls, sitesOf } from './site-case.js';

const KILOWATTS = 1_000;
const kilowatts = fc.integer({ min: 0, max: 50 }).map((kw) => kw * KILOWATTS);

describe('generators under an export limit on the fleet', () => {
  const ratedW = 10 * KILOWATTS;
  const gensets = ['a', 'b'].map((id) => device('all', 'generator', { id, ratedW }));
  const roof = device('all', 'pv', { ratedW: 20 * KILOWATTS });

  const capsOf = (exportW: number | undefined, gridW: number, givenW: readonly number[], sunW: number): number[] => {
    const { plant, ...input } = inputOf([{ id: 'all' }], { fleetLimits: exportW === undefined ? {} : { exportW } });
    const now = (id: string, values: object) =>
      [id, { deviceId: id, siteId: id, health: 'online' as const, readAtMs: NOON_MS, values }] as const;
    const devices = new Map([
      ...gensets.map(({ id }, index) => now(id, { 'generator.powerW': givenW[index] })),
      now(roof.id, { 'pv.powerW': sunW }),
    ]);
    const sites = new Map([['all', { siteId: 'all', powersW: { grid: gridW }, missing: [] }]]);
    const all = { ...plant.sites[0]!, devices: [...gensets, roof] };
    const at = { ...input, plant: { ...plant, sites: [all] }, image: { ...input.image, devices, sites } };
    const cases = sitesOf(at);
    const { generator: generators, 'pv-limit': suns } = ableControls(cases);
    const caps = fleetGeneratorCaps(at, cases, { generators, suns, batteries: [] });
    return gensets.map(({ id }) => caps.get(id) ?? Infinity);
  };
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

  test.prop([kilowatts, kilowatts, fc.tuple(kilowatts, kilowatts), kilowatts])(
    'would keep it if all else stayed as it is, or stand',
    (exportW, exportedW, givenW, sunW) => {
      const together = sum(capsOf(exportW, -exportedW, givenW, sunW));
      expect(together === 0 || exportedW + together - sum(givenW) <= exportW + 1e-6).toBe(true);
    },
  );

  test.prop([kilowatts, fc.tuple(kilowatts, kilowatts)])('do not rise while the room is the sun’s, and do at night', (room, givenW) => {
    const [day, night] = [room, 0].map((sunW) => sum(capsOf(room, -room + 2 * KILOWATTS, givenW, sunW)));
    expect(night).toBeCloseTo(sum(givenW) + 2 * KILOWATTS, 6);
    expect(day).toBeCloseTo(room === 0 ? night! : sum(givenW), 6);
  });

  test.prop([kilowatts, fc.tuple(kilowatts, kilowatts)])('are free without one', (exportedW, givenW) => {
    expect(capsOf(undefined, -exportedW, givenW, 0)).toEqual([Infinity, Infinity]);
  });
});
