import { describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { gateLimits } from './gate-limits.js';
import { TwinMeters } from './twin-meters.js';

const T0 = Date.UTC(2026, 4, 1);

const meter = (id: string): Device => ({
  id,
  siteId: 'home',
  name: id,
  role: 'grid-meter',
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 60_000,
  reversion: 'device',
  ratedW: 5_000,
});
const LIMITS = gateLimits(meter('m'), { importLimitW: 17_000, exportLimitW: 10_000 });

/** The same numbers each time (Park and Miller's minimal standard generator). */
const randoms = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

/** Follows meters over a day, minute by minute; answers those that were taken for another one. */
const takenForAnother = (homes: readonly Home[], resolutionWh: number): Set<string> => {
  const twins = new TwinMeters();
  const found = new Set<string>();
  const devices = homes.map((_, i) => meter(`m${i}`));
  for (let ms = 0; ms <= DAY_MS; ms += 5 * MINUTE_MS) {
    for (const [rank, home] of homes.entries()) {
      const { countedWh, powerW } = home(ms);
      const values = { 'grid.powerW': powerW, 'grid.toBusCounterWh': Math.floor(countedWh / resolutionWh) * resolutionWh };
      if (twins.follow({ deviceId: `m${rank}`, atMs: T0 + ms, values }, devices[rank]!, rank, LIMITS)) found.add(`m${rank}`);
    }
  }
  return found;
};

type Home = (ms: number) => { countedWh: number; powerW: number };

/** A home that began to count within the first 200 kWh, and draws something else every quarter of an hour. */
const home = (random: () => number): Home => {
  let countedWh = random() * 200_000;
  let powerW = 0;
  let lastMs = 0;
  return (ms) => {
    countedWh += (powerW * (ms - lastMs)) / HOUR_MS;
    lastMs = ms;
    if (ms % (15 * MINUTE_MS) === 0) powerW = 200 + 600 * random() + (random() < 0.1 ? 2_000 : 0);
    return { countedWh, powerW };
  };
};

describe('meters that count in coarse steps', () => {
  it.each([1, 10, 100, 1_000])('a thousand homes at %i Wh a step are a thousand homes', (resolutionWh) => {
    const random = randoms(42);
    const homes = Array.from({ length: 1_000 }, () => home(random));
    expect([...takenForAnother(homes, resolutionWh)]).toEqual([]);
  });

  it.each([1, 10, 100])('one meter under two names at %i Wh a step is found within the day', (resolutionWh) => {
    const one = home(randoms(7));
    const told: ReturnType<Home>[] = [];
    const first: Home = (ms) => (told[ms / (5 * MINUTE_MS)] ??= one(ms));
    expect([...takenForAnother([first, first], resolutionWh)]).toEqual(['m1']);
  });
});
