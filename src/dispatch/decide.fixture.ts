import type { BatteryRating, Device, FlexibleLoadRating, Plant, Site } from '../fleet/plant.js';
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
  /** What the main fuse of each phase carries, and what the meter says of their currents. */
  phaseLimitA?: number;
  currentsA?: readonly [number, number, number];
  /** A charger of 11 kW, and what it draws; absent: none. Without a state it draws, or is held back. */
  charger?: { drawsW: number; state?: number };
}

export const CHARGER: FlexibleLoadRating = {
  kind: 'charger',
  minW: 4_140,
  phases: 3,
  need: { energyWh: 20_000, from: '12:00', by: '18:00' },
};

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

const siteOf = ({ id, importLimitW = 20_000, exportLimitW = 20_000, phaseLimitA, charger }: Home): Site => ({
  id,
  name: id,
  kind: 'home',
  zone: 'Europe/Berlin',
  importLimitW,
  exportLimitW,
  ...(phaseLimitA === undefined ? {} : { phaseLimitA }),
  devices: [
    device(id, 'grid-meter'),
    device(id, 'pv'),
    device(id, 'battery', { battery: RATING }),
    ...(charger ? [device(id, 'flexible-load', { ratedW: 11_000, flexibleLoad: CHARGER })] : []),
  ],
});

const currentValues = (currentsA: Home['currentsA']): DeviceNow['values'] =>
  currentsA ? { 'grid.currentAA': currentsA[0], 'grid.currentBA': currentsA[1], 'grid.currentCA': currentsA[2] } : {};

const chargerValues = ({ drawsW, state = drawsW > 0 ? 3 : 2 }: NonNullable<Home['charger']>): DeviceNow['values'] => ({
  'flexible.powerW': 0 - drawsW,
  'flexible.state': state,
});

export const imageOf = (homes: readonly Home[]): PlantImage => {
  const devices = new Map<string, DeviceNow>();
  const sites = new Map<string, SiteNow>();
  for (const { id, gridW = 0, batteryW = 0, pvW = 0, socPct = 50, charger, currentsA } of homes) {
    const online = (role: string, values: DeviceNow['values']): void => {
      devices.set(`${id}-${role}`, { deviceId: `${id}-${role}`, siteId: id, health: 'online', readAtMs: NOON_MS, values });
    };
    online('grid-meter', { 'grid.powerW': gridW, ...currentValues(currentsA) });
    online('pv', { 'pv.powerW': pvW });
    online('battery', { 'battery.powerW': batteryW, 'battery.socPct': socPct });
    if (charger) online('flexible-load', chargerValues(charger));
    sites.set(id, {
      siteId: id,
      powersW: { grid: gridW, pv: pvW, battery: batteryW, ...(charger ? { flexible: 0 - charger.drawsW } : {}) },
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
