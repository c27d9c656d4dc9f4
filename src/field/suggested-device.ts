import { type DeviceEntry, type EntryNotes, REVERSION_NOTES } from '../fleet/device-entry.js';
import { type DeviceRole, isSerial, type ModbusAddress } from '../fleet/plant.js';
import type { Profile } from '../registers/profile.js';
import type { PointValue } from '../registers/sunspec/model.js';
import type { DeviceIdentity } from './sunspec-walk.js';

/** A device as a scan would enter it into a fleet file, and what somebody has to look over. */
export interface SuggestedDevice {
  readonly entry: DeviceEntry;
  readonly notes: EntryNotes;
}

/** What it tells, by the names of its points. */
type Points = Readonly<Record<string, { readonly value?: PointValue }>>;

const METERS = [201, 202, 203, 204, 211, 212, 213];
const INVERTERS = [101, 102, 103, 111, 112, 113, 701];
/** What stands where a device does not tell: a household's usual size, to be put right. */
const UNTOLD = { connectionW: 17_000, inverterW: 5_000, engineW: 10_000, chargerW: 11_040, capacityWh: 10_000 };
const UNTOLD_NOTE = 'not told by the device: put in its own';

/** The entry of a device that describes itself. `undefined` where its models are of no device that has a place at a site. */
export const suggestedBySunspec = (
  modbus: ModbusAddress,
  identity: DeviceIdentity,
  models: readonly number[],
  points: Points,
): SuggestedDevice | undefined => {
  const role = roleOf(models, points);
  if (!role) return undefined;
  const name = [identity.manufacturer, identity.model].filter((part) => part !== undefined).join(' ') || 'SunSpec device';
  const common = { id: idOf(role, modbus), name: name.slice(0, LONGEST_NAME), role, profile: 'sunspec', modbus };
  if (role === 'grid-meter')
    return {
      entry: { ...common, ratedW: UNTOLD.connectionW },
      notes: { role: METER_NOTE, ratedW: 'put in what the connection may carry' },
    };
  const first = firstOf(points);
  const told = first('121.WMax', '702.WMax', '120.WRtg', '702.WMaxRtg');
  const ratedW = told ?? UNTOLD.inverterW;
  const notes = {
    ...(role === 'battery' && models.includes(160) ? { role: 'hybrid, if modules hang on it too' } : {}),
    ...(told === undefined ? { ratedW: UNTOLD_NOTE } : {}),
    reversion: REVERSION_NOTES.unproven,
  };
  const entry = { ...common, reversion: 'none' as const, ratedW };
  return role === 'pv' ? { entry, notes } : withBattery(entry, notes, points);
};

const METER_NOTE = 'or pv, battery, generator, flexible-load: whatever it meters';
const LONGEST_NAME = 80;

const firstOf =
  (points: Points) =>
  (...names: readonly string[]): number | undefined => {
    const values = names.map((name) => points[name]?.value).filter((value) => typeof value === 'number');
    return values.find((value) => value > 0);
  };

const roleOf = (models: readonly number[], points: Points): DeviceRole | undefined => {
  const has = (ids: readonly number[]): boolean => ids.some((id) => models.includes(id));
  if (has(INVERTERS)) {
    if (!hasBattery(models, points)) return 'pv';
    return has([160]) && stringsOf(points) ? 'hybrid' : 'battery';
  }
  return has(METERS) ? 'grid-meter' : undefined;
};

/** An inverter may have storage controls and no storage: a battery tells its charge, its size or its power. */
const hasBattery = (models: readonly number[], points: Points): boolean =>
  models.includes(802) || firstOf(points)('713.WHRtg', '713.SoC', '124.WChaMax', '124.ChaState') !== undefined;

/** Whether any DC port is one of modules. Ports of the battery are named so, as "StCha 3" (see `hybrid-split.ts`). */
const stringsOf = (points: Points): boolean =>
  Object.entries(points).some(
    ([name, { value }]) => /^160\.module\[\d+\]\.DCW$/.test(name) && value !== undefined && !isOfBattery(name, points),
  );

const isOfBattery = (name: string, points: Points): boolean => /cha|chg/i.test(String(points[name.replace(/DCW$/, 'IDStr')]?.value ?? ''));

const withBattery = (entry: DeviceEntry, notes: EntryNotes, points: Points): SuggestedDevice => {
  const first = firstOf(points);
  const capacityWh = first('713.WHRtg', '802.WHRtg', '120.WHRtg');
  const chargeW = first('702.WChaRteMax', '702.WChaRteMaxRtg', '802.WChaRteMax', '124.WChaMax', '120.MaxChaRte');
  const dischargeW = first('702.WDisChaRteMax', '702.WDisChaRteMaxRtg', '802.WDisChaRteMax', '120.MaxDisChaRte', '124.WChaMax');
  const [minSocPct, maxSocPct] = [first('802.SoCMin'), first('802.SoCMax')];
  const battery = {
    capacityWh: capacityWh ?? UNTOLD.capacityWh,
    maxChargeW: chargeW ?? entry.ratedW,
    maxDischargeW: dischargeW ?? entry.ratedW,
    ...(minSocPct === undefined || minSocPct > 50 ? {} : { minSocPct }),
    ...(maxSocPct === undefined || maxSocPct <= 50 || maxSocPct > 100 ? {} : { maxSocPct }),
  };
  return {
    entry: { ...entry, battery },
    notes: {
      ...notes,
      ...(capacityWh === undefined ? { 'battery.capacityWh': UNTOLD_NOTE } : {}),
      ...(chargeW === undefined ? { 'battery.maxChargeW': UNTOLD_NOTE } : {}),
      ...(dischargeW === undefined ? { 'battery.maxDischargeW': UNTOLD_NOTE } : {}),
    },
  };
};

/** The entry of a device that a profile describes; `others` are profiles that fit as well. */
export const suggestedByProfile = (
  modbus: ModbusAddress,
  profileName: string,
  profile: Profile,
  points: Points,
  others: readonly string[],
): SuggestedDevice => {
  const role = ROLE_OF_KIND[profile.kind];
  const told = firstOf(points)('ratedW');
  const ratedW = told ?? UNTOLD_OF_ROLE[role] ?? UNTOLD.inverterW;
  const reversion = profile.commands ? (profile.reversion?.class ?? 'none') : undefined;
  const name = profile.name.slice(0, LONGEST_NAME);
  const entry: DeviceEntry = {
    id: idOf(role, modbus),
    name,
    role,
    profile: profileName,
    modbus,
    ...(reversion ? { reversion } : {}),
    ratedW,
  };
  const notes = {
    ...(others.length > 0 ? { profile: `${others.join(', ')} would fit too` } : {}),
    ...(profile.kind === 'meter' ? { role: METER_NOTE } : {}),
    ...(profile.kind === 'gateway' ? { role: 'or grid-meter' } : {}),
    ...(reversion ? { reversion: REVERSION_NOTES[reversion] } : {}),
    ...(told === undefined ? { ratedW: role === 'grid-meter' ? 'put in what the connection may carry' : UNTOLD_NOTE } : {}),
  };
  if (role === 'generator') return { entry: { ...entry, generator: generatorOf(ratedW) }, notes: { ...notes, generator: UNTOLD_NOTE } };
  if (role === 'flexible-load') return { entry: { ...entry, flexibleLoad: CHARGER }, notes: { ...notes, flexibleLoad: CHARGER_NOTE } };
  return role === 'battery' || role === 'hybrid' ? withBattery(entry, notes, points) : { entry, notes };
};

const ROLE_OF_KIND: Readonly<Record<Profile['kind'], DeviceRole>> = {
  meter: 'grid-meter',
  pv: 'pv',
  battery: 'battery',
  hybrid: 'hybrid',
  generator: 'generator',
  load: 'flexible-load',
  gateway: 'hybrid',
};

const UNTOLD_OF_ROLE: Partial<Record<DeviceRole, number>> = {
  'grid-meter': UNTOLD.connectionW,
  generator: UNTOLD.engineW,
  'flexible-load': UNTOLD.chargerW,
};

/** 6 A on each of three phases. */
const CHARGER = { kind: 'charger', minW: 4_140, phases: 3 } as const;
const CHARGER_NOTE = 'on one phase `minW: 1380, phases: 1`; with `need: { energyWh, from, by }` the plan moves it';

/** Usual for a small engine, and to be put right: a controller tells none of it. */
const generatorOf = (ratedW: number): Readonly<Record<string, number>> => ({
  minW: Math.round(ratedW * 0.3),
  maxW: ratedW,
  rampWPerS: Math.round(ratedW / 10),
  warmUpS: 30,
  minUpS: 600,
  minDownS: 600,
  noLoadLitresPerH: 1,
  litresPerKwh: 0.3,
  fuelMicroPerLitre: 1_800_000,
  startMicro: 0,
});

/** A name that is another one for each unit of a bus and mostly for each bus: `battery-21-3` of unit 3 at 192.168.1.21. */
const idOf = (role: DeviceRole, modbus: ModbusAddress): string => {
  const place = isSerial(modbus) ? modbus.serial.split('/').at(-1)! : placeOf(modbus.host, modbus.port);
  const slug = `${role}-${place}-${modbus.unitId}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return slug.length <= LONGEST_ID ? slug : `${role}-${modbus.unitId}`;
};

const LONGEST_ID = 48;
const MODBUS_PORT = 502;

const placeOf = (host: string, port: number): string => {
  const short = /^[\d.]+$/.test(host) ? host.split('.').at(-1)! : host.split('.')[0]!;
  return port === MODBUS_PORT ? short : `${short}-${port}`;
};
