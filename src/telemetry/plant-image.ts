import type { DeviceHealth, Quantity, Sample, SampleValues } from '../field/sample.js';
import type { Device, DeviceId, Plant, Site, SiteId } from '../fleet/plant.js';
import { BUS_FLOWS, type Flow, type FlowPowers, loadOf } from '../kernel/flow.js';
import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';
import type { DeviceNow, FleetNow, PlantImage, SiteNow } from './image.js';
import { flowsOfRole, QUANTITIES_OF_FLOW, staleAfterMs } from './metering.js';
import type { Reading } from './reading-store.port.js';

/** What is remembered of a device between two images: the last good word on each quantity. */
export interface DeviceState {
  readonly health: DeviceHealth;
  readonly reason?: string;
  readonly readAtMs?: EpochMs;
  /** What its last good sample told, at `readAtMs`. */
  readonly told: SampleValues;
  /** What others before it told and it did not; most devices tell the same every time. */
  readonly older: ReadonlyMap<Quantity, Reading>;
}

const NOTHING_OLDER: DeviceState['older'] = new Map();

export const SILENT_DEVICE: DeviceState = { health: 'offline', reason: 'has not answered yet', told: {}, older: NOTHING_OLDER };

/** The state after a sample that passed the gate. A device that answers is online again. */
export const withSample = (state: DeviceState, { atMs, values }: Sample): DeviceState => ({
  health: 'online',
  readAtMs: atMs,
  told: values,
  older: olderThan(values, state),
});

const olderThan = (values: SampleValues, { readAtMs, told, older }: DeviceState): DeviceState['older'] => {
  let left: Map<Quantity, Reading> | undefined;
  for (const [quantity, reading] of older) if (values[quantity] === undefined) (left ??= new Map()).set(quantity, reading);
  for (const name in told) {
    const quantity = name as Quantity;
    const value = told[quantity];
    if (value !== undefined && values[quantity] === undefined) (left ??= new Map()).set(quantity, { atMs: readAtMs ?? 0, value });
  }
  return left ?? NOTHING_OLDER;
};

/**
 * The plant at one moment, frozen. A device's values count while they are no more than `staleAfterMs` from it, before or after, since a clock may
 * have been set; a flow without such a value is absent, its device is named, and the site's load is absent with it.
 */
export const plantImage = (plant: Plant, states: ReadonlyMap<DeviceId, DeviceState>, nowMs: EpochMs): PlantImage => {
  const devices = new Map<DeviceId, DeviceNow>();
  const sites = new Map<SiteId, SiteNow>();
  for (const site of plant.sites) {
    const fresh = site.devices.map((device) => freshDevice(device, states.get(device.id) ?? SILENT_DEVICE, nowMs));
    for (const { now } of fresh) devices.set(now.deviceId, now);
    sites.set(site.id, siteNow(site, fresh));
  }
  return Object.freeze({ atMs: nowMs, devices, sites, fleet: fleetNow(plant, sites) });
};

interface FreshDevice {
  readonly device: Device;
  readonly now: DeviceNow;
  readonly oldestMs: EpochMs | undefined;
}

const freshDevice = (device: Device, state: DeviceState, nowMs: EpochMs): FreshDevice => {
  const { values, oldestMs } = state.health === 'offline' ? NOTHING_FRESH : freshValues(state, nowMs, staleAfterMs(device));
  const silent = oldestMs === undefined && state.health === 'online';
  const now: DeviceNow = Object.freeze({
    deviceId: device.id,
    siteId: device.siteId,
    health: silent ? 'stale' : state.health,
    readAtMs: state.readAtMs,
    values: Object.freeze(values),
    reason: silent ? 'no good reading in time' : state.reason,
  });
  return { device, now, oldestMs };
};

type FreshValues = Pick<DeviceNow, 'values'> & Pick<FreshDevice, 'oldestMs'>;

const NOTHING_FRESH: FreshValues = { values: {}, oldestMs: undefined };

/** What was told near a moment. Most devices tell everything each time: their last word is shared, not copied. */
const freshValues = ({ readAtMs, told, older }: DeviceState, nowMs: EpochMs, withinMs: DurationMs): FreshValues => {
  const isTold = readAtMs !== undefined && Math.abs(nowMs - readAtMs) <= withinMs && hasAny(told);
  if (older.size === 0) return isTold ? { values: told, oldestMs: readAtMs } : NOTHING_FRESH;
  const values: SampleValues = {};
  let oldestMs = isTold ? readAtMs : undefined;
  for (const [quantity, { atMs, value }] of older) {
    if (Math.abs(nowMs - atMs) > withinMs) continue;
    values[quantity] = value;
    oldestMs = Math.min(atMs, oldestMs ?? atMs);
  }
  return { values: isTold ? Object.assign(values, told) : values, oldestMs };
};

const hasAny = (values: SampleValues): boolean => {
  for (const quantity in values) if (values[quantity as Quantity] !== undefined) return true;
  return false;
};

const siteNow = (site: Site, devices: readonly FreshDevice[]): SiteNow => {
  const powersW: Partial<Record<Flow, Watt>> = {};
  const broken: Flow[] = [];
  const missing: DeviceId[] = [];
  let readAtMs: EpochMs | undefined;
  for (const { device, now, oldestMs } of devices) {
    for (const flow of flowsOfRole(device.role)) {
      const powerW = now.values[QUANTITIES_OF_FLOW[flow].power];
      if (powerW === undefined) {
        if (!broken.includes(flow)) broken.push(flow);
        // What a flexible load draws is in the balance already, whether it says so or not.
        if (flow !== 'flexible' && missing.at(-1) !== device.id) missing.push(device.id);
      } else {
        powersW[flow] = (powersW[flow] ?? 0) + powerW;
      }
    }
    if (oldestMs !== undefined) readAtMs = Math.min(oldestMs, readAtMs ?? oldestMs);
  }
  // Half of two inverters is not the site's sun.
  for (const flow of broken) delete powersW[flow];
  if (!hasGridMeter(site) && site.kind !== 'home' && missing.length === 0) powersW.grid = noNegativeZero(-loadOf(powersW));
  const loadW = missing.length === 0 && powersW.grid !== undefined ? noNegativeZero(loadOf(powersW)) : undefined;
  return Object.freeze({
    siteId: site.id,
    powersW: Object.freeze(powersW),
    loadW,
    ...stored(devices),
    ...islanded(devices),
    ...(broken.length > 0 ? { silentFlows: broken } : {}),
    missing,
    readAtMs,
  });
};

/**
 * A community battery or a generator stands alone on its connection: where its file names no grid meter, what the devices
 * give is what the grid takes, and nothing else draws. A home without one has a load that nobody can know.
 */
const hasGridMeter = (site: Site): boolean => site.devices.some((device) => device.role === 'grid-meter');

/** A public grid that has less than this between phase and neutral is not there. */
const DEAD_GRID_V = 50;

const PHASE_VOLTAGES = ['grid.voltageV', 'grid.voltageAV', 'grid.voltageBV', 'grid.voltageCV'] as const;

/** By the word of a device that makes a grid of its own, or of a grid meter that sees no voltage on any phase. */
const islanded = (devices: readonly FreshDevice[]): Pick<SiteNow, 'islanded'> => {
  const isSo = devices.some(
    ({ device, now: { values } }) => values['device.islanded'] === 1 || (device.role === 'grid-meter' && seesNoVoltage(values)),
  );
  return isSo ? { islanded: true } : NOT_ISLANDED;
};

const NOT_ISLANDED = {};

const seesNoVoltage = (values: SampleValues): boolean => {
  let mostV: number | undefined;
  for (const quantity of PHASE_VOLTAGES) {
    const voltageV = values[quantity];
    if (voltageV !== undefined) mostV = Math.max(voltageV, mostV ?? voltageV);
  }
  return mostV !== undefined && mostV < DEAD_GRID_V;
};

const stored = (devices: readonly FreshDevice[]): Pick<SiteNow, 'socPct' | 'storedWh'> => {
  let storedWh = 0;
  let capacityWh = 0;
  for (const {
    device: { battery },
    now,
  } of devices) {
    if (!battery) continue;
    const socPct = now.values['battery.socPct'];
    if (socPct === undefined) return {};
    storedWh += (battery.capacityWh * socPct) / 100;
    capacityWh += battery.capacityWh;
  }
  return capacityWh > 0 ? { socPct: (100 * storedWh) / capacityWh, storedWh } : {};
};

/** Only sites whose balance is whole are summed, so that the fleet's load is the sum of its flows as well. */
const fleetNow = (plant: Plant, sites: ReadonlyMap<SiteId, SiteNow>): FleetNow => {
  const powersW: { -readonly [Of in keyof FlowPowers]: Watt } = { grid: 0, pv: 0, battery: 0, generator: 0 };
  const sitesMissing: SiteId[] = [];
  let loadW = 0;
  let storedWh = 0;
  let capacityWh = 0;
  for (const site of plant.sites) {
    const now = sites.get(site.id)!;
    if (now.storedWh !== undefined) {
      storedWh += now.storedWh;
      for (const device of site.devices) capacityWh += device.battery?.capacityWh ?? 0;
    }
    if (now.loadW === undefined) {
      sitesMissing.push(site.id);
      continue;
    }
    for (const flow of BUS_FLOWS) powersW[flow] += now.powersW[flow] ?? 0;
    loadW += now.loadW;
  }
  return Object.freeze({
    powersW: Object.freeze(powersW),
    loadW,
    storedWh,
    capacityWh,
    complete: sitesMissing.length === 0,
    sitesMissing,
  });
};

const noNegativeZero = (value: number): number => (value === 0 ? 0 : value);
