import { describe, expect, it } from 'vitest';
import { fc, test } from '../../test/prop.js';
import type { Device } from '../fleet/plant.js';
import { SECOND_MS, type Watt } from '../kernel/units.js';
import { device, inputOf, NOON_MS } from './decide.fixture.js';
import { engineRoom } from './engine-room.js';
import { sitesOf } from './site-case.js';

interface Engine {
  readonly minW: Watt;
  readonly maxW: Watt;
  readonly givesW: Watt;
  /** Since when it has been running; it may stop after five minutes. */
  readonly runsForS?: number;
}

/** What a limit on generation, or else on export, leaves to each of a site's engines; nothing else gives anything there. */
const leftTo = (engines: readonly Engine[], limits: { generationW?: Watt; exportW?: Watt }, sunW = 0): Watt[] => {
  const home = inputOf([{ id: 'a', pvW: sunW, gridW: 0 }], { siteLimits: new Map([['a', limits]]) });
  const [site] = home.plant.sites;
  const devices = engines.map(({ minW, maxW }, index): Device =>
    device('a', 'generator', {
      id: `g${index}`,
      ratedW: maxW,
      generator: {
        minW,
        maxW,
        litresPerKwh: 0.3,
        noLoadLitresPerH: 1,
        fuelMicroPerLitre: 1_500_000,
        minUpS: 300,
        minDownS: 300,
        rampWPerS: 500,
        warmUpS: 30,
        startMicro: 0,
      },
    }),
  );
  const now = engines.map(({ givesW, runsForS }, index) => {
    const [deviceId, state] = [`g${index}`, runsForS === undefined ? 0 : 2];
    const values = { 'generator.powerW': givesW, 'generator.state': state };
    return [deviceId, { deviceId, siteId: 'a', health: 'online' as const, readAtMs: NOON_MS, values }] as const;
  });
  const generators = engines.map(
    ({ runsForS = 3_600 }, index) =>
      [`g${index}`, { sinceMs: NOON_MS - runsForS * SECOND_MS, running: engines[index]!.runsForS !== undefined }] as const,
  );
  const input = {
    ...home,
    plant: { ...home.plant, sites: [{ ...site!, devices: [...site!.devices, ...devices] }] },
    image: { ...home.image, devices: new Map([...home.image.devices, ...now]) },
    generators: new Map(generators),
  };
  const [known] = sitesOf(input);
  return devices.map(({ id }) => {
    const own = known!.devices.find((each) => each.device.id === id)!;
    return engineRoom(input, known!, own, { fleetW: Infinity, batteriesRiseW: 0 }, () => true).mostW;
  });
};

describe('what is left to engines of one site', () => {
  const old = { minW: 3_000, maxW: 8_000, givesW: 3_000, runsForS: 3_600 };
  const young = { minW: 2_000, maxW: 8_000, givesW: 2_000, runsForS: 10 };

  it('is for those first that may not stop yet, then for those that turn', () => {
    expect(leftTo([old, young], { generationW: 4_600 })).toEqual([0, 4_500]);
    expect(
      leftTo(
        [
          { ...old, runsForS: 10 },
          { ...young, runsForS: 3_600 },
        ],
        { generationW: 4_600 },
      ),
    ).toEqual([4_500, 0]);
    expect(
      leftTo(
        [
          { minW: 3_000, maxW: 8_000, givesW: 0 },
          { ...young, runsForS: 3_600 },
        ],
        { generationW: 4_600 },
      ),
    ).toEqual([0, 4_500]);
  });

  it('is what the sun leaves, and the sun gives way for the least of one that may not stop yet', () => {
    expect(leftTo([old, young], { generationW: 4_500 }, 3_000)).toEqual([0, 2_000]);
    expect(leftTo([old, { ...young, runsForS: 3_600 }], { generationW: 4_500 }, 3_000)).toEqual([0, 0]);
  });
});

const engine = fc
  .record({
    minW: fc.integer({ min: 500, max: 4_000 }),
    moreW: fc.nat(6_000),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    runsForS: fc.constantFrom(undefined, 10, 3_600),
  })
  .map(({ minW, moreW, share, runsForS }): Engine => {
    const givesW = runsForS === undefined ? 0 : minW + share * moreW;
    return { minW, maxW: minW + moreW, givesW, ...(runsForS !== undefined && { runsForS }) };
  });

test.prop([fc.array(engine, { minLength: 1, maxLength: 4 }), fc.nat(15_000), fc.nat(5_000)])(
  'together no more than the limit, nor for any of them less than its least',
  (engines, generationW, sunW) => {
    const roomsW = leftTo(engines, { generationW }, sunW);
    expect(roomsW.reduce((sum, roomW) => sum + roomW, 0)).toBeLessThanOrEqual(generationW + 1e-6);
    roomsW.forEach((roomW, index) => expect(roomW === 0 || roomW >= engines[index]!.minW - 1e-6).toBe(true));
  },
);
