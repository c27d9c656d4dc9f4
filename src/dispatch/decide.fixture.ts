import type { BatteryRating, Device, Plant, Site } from '../fleet/plant.js';
import type { DeviceNow, PlantImage, SiteNow } from '../telemetry/image.js';
import type { DecisionInput, PlannedDevice } from './decision.js';

export const NOON_MS = Date.UTC(2026, 5, 1, 12);
export const RATING: BatteryRating = {
  capacityWh: 10_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 5,
  maxSocPct: 100,
};

/** A home with a grid meter, an inverter and a battery, as its devices tell of it. */
export interface Home {
  id: string;
  gridW?: number;
  batteryW?: number;
  pvW?: number;
  socPct?: number;
  importLimitW?: number;
  exportLimitW?: number;
}

export const device = (siteId: string, role: Device['role'], extra: Partial<Device> = {}): Device => ({
  id: `${siteId}-${role}`,
  siteId,
  name: role,
  role,
  profile: 'sunspec',
  address: { host: '127.0.0.1', port: 502, unitId: 1 },
  direction: 1,
  pollPeriodMs: 1_000,
  reversion: 'device',
  ratedW: 5_000,
  ...extra,
});

const siteOf = ({ id, importLimitW = 20_000, exportLimitW = 20_000 }: Home): Site => ({
  id,
  name: id,
  kind: 'home',
  zone: 'Europe/Berlin',
  importLimitW,
  exportLimitW,
  devices: [device(id, 'grid-meter'), device(id, 'pv'), device(id, 'battery', { battery: RATING })],
});

export const imageOf = (homes: readonly Home[]): PlantImage => {
  const devices = new Map<string, DeviceNow>();
  const sites = new Map<string, SiteNow>();
  for (const { id, gridW = 0, batteryW = 0, pvW = 0, socPct = 50 } of homes) {
    const online = (role: string, values: DeviceNow['values']): void => {
      devices.set(`${id}-${role}`, { deviceId: `${id}-${role}`, siteId: id, health: 'online', readAtMs: NOON_MS, values });
    };
    online('grid-meter', { 'grid.powerW': gridW });
    online('pv', { 'pv.powerW': pvW });
    online('battery', { 'battery.powerW': batteryW, 'battery.socPct': socPct });
    sites.set(id, {
      siteId: id,
      powersW: { grid: gridW, pv: pvW, battery: batteryW },
      loadW: gridW + pvW + batteryW,
      socPct,
      missing: [],
      readAtMs: NOON_MS,
    });
  }
  const sum = (pick: (home: Home) => number | undefined): number => homes.reduce((total, home) => total + (pick(home) ?? 0), 0);
  const powersW = { grid: sum((home) => home.gridW), pv: sum((home) => home.pvW), battery: sum((home) => home.batteryW), generator: 0 };
  return { atMs: NOON_MS, devices, sites, fleet: { powersW, loadW: 0, storedWh: 0, capacityWh: 0, complete: true, sitesMissing: [] } };
};

export const inputOf = (homes: readonly Home[], extra: Partial<DecisionInput> = {}): DecisionInput => ({
  atMs: NOON_MS,
  plant: { name: 'Test', zone: 'Europe/Berlin', currency: 'EUR', households: [], sites: homes.map(siteOf) } satisfies Plant,
  image: imageOf(homes),
  consents: new Map(homes.map(({ id }) => [id, { reserveFloorPct: 20, optedOut: false }])),
  lockedOut: new Set(),
  siteLimits: new Map(),
  fleetLimits: {},
  overrides: new Map(),
  generators: new Map(),
  ...extra,
});

export const plan = (homes: readonly Home[], step: { batteryW: number; gridW: number }): Map<string, PlannedDevice> =>
  new Map(homes.map(({ id }) => [`${id}-battery`, { kind: 'battery', step }]));
