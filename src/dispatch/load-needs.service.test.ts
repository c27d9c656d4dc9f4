import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdapterError } from '../kernel/errors.js';
import { HOUR_MS } from '../kernel/units.js';
import { SqliteReadingStore } from '../telemetry/adapters/sqlite-reading-store.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import type { IntervalService } from '../telemetry/interval.service.js';
import type { ReadingStore } from '../telemetry/reading-store.port.js';
import type { TelemetryService } from '../telemetry/telemetry.service.js';
import { type Home, imageOf, inputOf, NOON_MS } from './decide.fixture.js';
import { LoadNeeds } from './load-needs.service.js';

const COUNTER = 'flexible.fromBusCounterWh';
/** A home whose charger has from 12 to 18 h, on a clock two hours ahead; and three hours later, what its counter says then. */
const home: Home = { id: 'home', charger: { drawsW: 0 } };
const { plant } = inputOf([home]);
const START_MS = NOON_MS - 2 * HOUR_MS;
const NOW_MS = START_MS + 3 * HOUR_MS;

const telemetryOf = (counterWh: number | undefined, state: number) => {
  const image = imageOf([{ ...home, charger: { drawsW: 0, state } }]);
  const now = image.devices.get('home-flexible-load')!;
  const values = { ...now.values, ...(counterWh === undefined ? {} : { [COUNTER]: counterWh }) };
  const devices = new Map(image.devices).set('home-flexible-load', { ...now, values });
  return { image: () => ({ ...image, devices }) } as unknown as TelemetryService;
};
const closed = (deviceId: string, flow: IntervalEnergy['flow'], fromBusWh: number) => ({ deviceId, flow, fromBusWh }) as IntervalEnergy;
const intervals = {
  intervalsOf: () => Promise.resolve([closed('home-flexible-load', 'flexible', 1_500), closed('home-grid-meter', 'grid', 9_000)]),
} as unknown as IntervalService;

describe('how far a flexible load has come with what it needs', () => {
  let readings: ReadingStore;
  beforeEach(() => {
    readings = SqliteReadingStore.open(':memory:');
  });
  afterEach(() => readings.close());
  const needOf = async (counterWh: number | undefined, state = 3, store = readings) =>
    (await new LoadNeeds(telemetryOf(counterWh, state), store, intervals).at(plant, NOW_MS)).get('home-flexible-load');
  const told = (atMs: number, counterWh: number) =>
    readings.append([{ deviceId: 'home-flexible-load', atMs, values: { [COUNTER]: counterWh } }]);

  it('is what its counter has moved since the window began', async () => {
    await told(START_MS - HOUR_MS, 40_000);
    await told(START_MS + HOUR_MS, 44_000);
    expect(await needOf(47_500)).toEqual({ drawnWh: 7_500, wants: true });
    expect(await needOf(47_500, 1)).toEqual({ drawnWh: 7_500, wants: false });
  });

  it('counts from the first word in the window where there was none before', async () => {
    await told(START_MS + HOUR_MS, 44_000);
    expect(await needOf(47_500)).toMatchObject({ drawnWh: 3_500 });
  });

  it('is what closed intervals say where it has no counter, where that went back, and while the readings are away', async () => {
    expect(await needOf(undefined)).toMatchObject({ drawnWh: 1_500 });
    await told(START_MS - HOUR_MS, 40_000);
    expect(await needOf(200)).toMatchObject({ drawnWh: 1_500 });
    const away = { lastAtOrBefore: () => Promise.reject(new AdapterError('away', true)) } as unknown as ReadingStore;
    expect(await needOf(47_500, 3, away)).toMatchObject({ drawnWh: 1_500 });
  });

  it('is not asked outside of its window', async () => {
    const needs = await new LoadNeeds(telemetryOf(47_500, 3), readings, intervals).at(plant, START_MS - 1);
    expect(needs.size).toBe(0);
  });
});
