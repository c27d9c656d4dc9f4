import { expect, it } from 'vitest';
import type { SafeLimits } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import { fc, test } from '../../test/prop.js';
import { decide } from './decide.js';
import { CHARGER, device, inputOf } from './decide.fixture.js';
import { owedFallback } from './owed-fallback.js';

const DEVICES = [
  device('a', 'grid-meter'),
  device('a', 'pv', { id: 'pv', ratedW: 6_000 }),
  device('a', 'hybrid', { id: 'hybrid', ratedW: 4_000 }),
  device('a', 'flexible-load', { id: 'charger', ratedW: 11_000, flexibleLoad: CHARGER }),
  device('a', 'flexible-load', { id: 'heat-pump', ratedW: 5_000, flexibleLoad: CHARGER }),
];
const [SITE] = inputOf([{ id: 'a' }]).plant.sites;
const owing = (safeLimits: SafeLimits) => ({ ...SITE!, devices: DEVICES, safeLimits });
const owed = (safeLimits: SafeLimits, id: string): number | undefined =>
  owedFallback(
    owing(safeLimits),
    DEVICES.find((one) => one.id === id)!,
  )?.maxW;

it.each<[SafeLimits, string, number | undefined]>([
  [{ generationW: 5_000 }, 'pv', 3_000],
  [{ exportW: 5_000 }, 'hybrid', 2_000],
  [{ exportW: 5_000, generationW: 2_000 }, 'pv', 1_200],
  [{ generationW: 10_000 }, 'pv', undefined],
  [{ sunW: 5_000 }, 'pv', 3_000],
  [{ generationW: 6_000, sunW: 5_000 }, 'hybrid', 2_000],
  [{ loadW: 8_000 }, 'charger', 5_500],
  [{ loadW: 8_000, importW: 4_000 }, 'heat-pump', 1_250],
  [{ importW: 4_000 }, 'charger', 0],
  [{ exportW: 0 }, 'charger', undefined],
  [{ importW: 0 }, 'pv', undefined],
])('a site that owes %j has its %s fall back to %s W', (safeLimits, id, maxW) => {
  expect(owed(safeLimits, id)).toBe(maxW);
});

const watts = fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined });
test.prop([fc.record({ generationW: watts, exportW: watts, loadW: watts, importW: watts })])(
  'what falls back together keeps what is owed',
  (limits) => {
    const safeLimits = Object.fromEntries(Object.entries(limits).filter(([, valueW]) => valueW !== undefined)) as SafeLimits;
    const together = (ids: readonly string[]): number =>
      sum(ids.map((id) => owed(safeLimits, id) ?? DEVICES.find((one) => one.id === id)!.ratedW));
    const { generationW = Infinity, exportW = Infinity, loadW = Infinity, importW = Infinity } = safeLimits;
    expect(together(['pv', 'hybrid'])).toBeLessThanOrEqual(Math.min(generationW, exportW));
    expect(together(['charger', 'heat-pump'])).toBeLessThanOrEqual(Math.min(loadW, importW));
  },
);

it('is told to devices that no limit holds down for now, since it lies in them only with a setpoint', () => {
  const input = inputOf([{ id: 'a', gridW: 300, pvW: 100, charger: { drawsW: 0 } }]);
  const safeLimits = { exportW: 1_000, importW: 9_000 };
  const sites = input.plant.sites.map((site) => ({ ...site, safeLimits }));
  const told = decide({ ...input, plant: { ...input.plant, sites } }).devices;
  expect(told.find(({ control }) => control === 'pv-limit')).toMatchObject({
    setpoint: { maxW: 5_000 },
    fallback: { kind: 'pv-limit', maxW: 1_000 },
    isSlack: true,
  });
  expect(told.find(({ control }) => control === 'load-limit')).toMatchObject({
    setpoint: { maxW: 11_000 },
    fallback: { kind: 'load-limit', maxW: 0 },
    isSlack: true,
  });
});
