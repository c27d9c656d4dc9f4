import type { ModbusAddress } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import { monotonicMs } from '../platform/clock.js';
import type { Profile, ProfilePoint } from '../registers/profile.js';
import { decodeModel, type GroupDef, type GroupValues, type PointDef, type PointValue } from '../registers/sunspec/model.js';
import type { Words } from '../registers/words.js';
import { MAX_READ_WORDS } from './block-plan.js';
import type { BusUnit } from './bus.js';
import { type PointReading, PointReader } from './drivers/profile-points.js';
import { HostUnreachable, ModbusException, type RegisterTable } from './modbus-link.port.js';
import type { Profiles } from './profiles.js';
import { suggestedByProfile, suggestedBySunspec, type SuggestedDevice } from './suggested-device.js';
import { type DeviceIdentity, type MappedModel, type SunspecMap, walkSunspec } from './sunspec-walk.js';

/** One point as a person who commissions a device wants to see it. What has no good value has none. */
export interface PointReport {
  readonly value?: PointValue;
  readonly unit: string;
  readonly quality: 'good' | 'not-available' | 'out-of-range';
  /** Since the device was asked. */
  readonly ageMs: number;
  /** The name of an enumerated value. */
  readonly meaning?: string;
  /** Where asked for: what stood in its registers. */
  readonly raw?: readonly RawRegisters[];
}

/** Registers as they came, each as four hexadecimal digits. */
export interface RawRegisters {
  readonly table: RegisterTable;
  readonly address: number;
  readonly words: readonly string[];
}

/** What else a reading is to show. */
export interface ReportOptions {
  readonly raw?: boolean;
}

export interface ModelReport {
  readonly id: number;
  readonly name: string;
  /** Address of its ID register. */
  readonly address: number;
  readonly length: number;
}

/** Something that this kind of device is known to do otherwise; the points have it in them. */
interface QuirkReport {
  readonly name: string;
  readonly source: string;
}

export interface DeviceReport {
  readonly identity: DeviceIdentity;
  readonly models: readonly ModelReport[];
  readonly quirks: readonly QuirkReport[];
  /** SunSpec: `103.W`, `160.module[1].DCW`. Profile: the profile's own names. */
  readonly points: Readonly<Record<string, PointReport>>;
}

/** What answers at a unit id. */
export type UnitFound =
  | {
      readonly kind: 'sunspec';
      readonly unitId: number;
      readonly identity: DeviceIdentity;
      readonly models: readonly ModelReport[];
      /** Absent where its models have no place at a site. */
      readonly device?: SuggestedDevice;
    }
  | { readonly kind: 'register-map'; readonly unitId: number; readonly profiles: readonly string[]; readonly device: SuggestedDevice }
  | { readonly kind: 'unknown'; readonly unitId: number; readonly reason: string };

/**
 * Who answers at an address: a SunSpec device by its models, another one by the profiles whose points it all serves, the one
 * that explains most of it first. `undefined` where nobody does. Throws `HostUnreachable` where there is no host.
 */
export const scanUnit = async (unit: BusUnit, profiles: Profiles, address: ModbusAddress): Promise<UnitFound | undefined> => {
  const { unitId } = unit;
  try {
    const map = await walkSunspec((from, count) => unit.read('holding', from, count), address.sunspecBase);
    if (map) {
      const { identity, models, points } = await readSunspecDevice(unit, map);
      const ids = models.map(({ id }) => id);
      return { kind: 'sunspec', unitId, identity, models, device: suggestedBySunspec(address, identity, ids, points) };
    }
    const fitting: { name: string; profile: Profile; points: ProfilePoints }[] = [];
    for (const [name, profile] of profiles) {
      const points = await readingsOf(unit, profile);
      if (points && fits(profile, points)) fitting.push({ name, profile, points });
    }
    const [first, ...others] = fitting.sort((a, b) => told(b.points).length - told(a.points).length);
    if (!first) return { kind: 'unknown', unitId, reason: 'answers, but neither SunSpec nor any known profile fits' };
    const names = others.map(({ name }) => name);
    const device = suggestedByProfile(address, first.name, first.profile, Object.fromEntries(told(first.points)), names);
    return { kind: 'register-map', unitId, profiles: [first.name, ...names], device };
  } catch (error) {
    if (!(error instanceof AdapterError) || error instanceof HostUnreachable) throw error;
    // A gateway answers for units it does not have.
    if (error instanceof ModbusException && error.code < 10) return { kind: 'unknown', unitId, reason: error.message };
    return undefined;
  }
};

type ProfilePoints = ReadonlyMap<ProfilePoint, PointReading>;

/** `undefined` where the unit has not the profile's registers. */
const readingsOf = async (unit: BusUnit, profile: Profile): Promise<ProfilePoints | undefined> => {
  try {
    return await new PointReader(unit, profile).read();
  } catch (error) {
    if (error instanceof ModbusException && error.denies) return undefined;
    throw error;
  }
};

const told = (points: ProfilePoints): [ProfilePoint, { readonly value: number }][] =>
  [...points].flatMap(([name, point]) => ('value' in point ? [[name, point]] : []));

/** What a generator that stands does not have; its controller says 0, or that it is not available. */
const ONLY_WHILE_IT_RUNS: readonly ProfilePoint[] = ['powerW', 'voltageV', 'frequencyHz', 'currentAA', 'currentBA', 'currentCA'];

/** Whether a unit serves every point of a profile. Registers that all read 0 are those of no device in particular. */
const fits = (profile: Profile, points: ProfilePoints): boolean => {
  const stands = (name: ProfilePoint, point: PointReading): boolean =>
    profile.kind === 'generator' &&
    ONLY_WHILE_IT_RUNS.includes(name) &&
    'rejected' in point &&
    (point.rejected === 'not-available' || point.raw === 0);
  const explained = [...points].every(([name, point]) => 'value' in point || profile.points[name]?.optional || stands(name, point));
  return explained && told(points).some(([, { value }]) => value !== 0);
};

/**
 * Everything a SunSpec device tells by the models that are known. Models longer than a request come in several, so that the
 * scale factors of a long one may be younger than its values; of a model that the device refuses to show there are no points.
 * Throws an `AdapterError`.
 */
export const readSunspecDevice = async (unit: BusUnit, map: SunspecMap, { raw }: ReportOptions = {}): Promise<DeviceReport> => {
  const points: Record<string, PointReport> = {};
  const seen = new Map<number, number>();
  for (const mapped of map.models) {
    const { layout } = mapped;
    if (!layout) continue;
    const instance = (seen.get(mapped.id) ?? 0) + 1;
    seen.set(mapped.id, instance);
    const shown = await readModel(unit, mapped);
    if (!shown) continue;
    const prefix = instance === 1 ? `${mapped.id}` : `${mapped.id}#${instance}`;
    const read: ReadModel = { ...shown, at: mapped.at, raw: raw ?? false };
    report(points, prefix, layout, decodeModel(layout, shown.words), read, 0);
  }
  const quirks = map.quirks.map(({ name, source }) => ({ name, source }));
  return { identity: map.identity, models: map.models.map(modelReport), quirks, points };
};

/** Everything a register-map device tells by its profile. Throws an `AdapterError`. */
export const readProfileDevice = async (unit: BusUnit, profile: Profile, { raw }: ReportOptions = {}): Promise<DeviceReport> => {
  const askedAtMs = monotonicMs();
  const readings = await new PointReader(unit, profile).readWithRegisters();
  const ageMs = Math.round(monotonicMs() - askedAtMs);
  const points = [...readings].map(([name, { reading, registers }]): [string, PointReport] => {
    const unitOfName = UNIT_OF_ENDING.find(([ending]) => name.endsWith(ending))?.[1] ?? '';
    const shown = { unit: unitOfName, ageMs, ...(raw ? { raw: registers.map(({ table, at, words }) => rawOf(table, at, words)) } : {}) };
    if ('value' in reading) return [name, { ...shown, value: reading.value, quality: 'good' }];
    return [name, { ...shown, quality: reading.rejected }];
  });
  return { identity: { model: profile.name }, models: [], quirks: [], points: Object.fromEntries(points) };
};

/** Profile points carry their unit at the end of their names. */
const UNIT_OF_ENDING: readonly [string, string][] = [
  ['Wh', 'Wh'],
  ['Hz', 'Hz'],
  ['Pct', '%'],
  ['W', 'W'],
  ['V', 'V'],
  ['A', 'A'],
];

const modelReport = ({ id, at, length, layout }: MappedModel): ModelReport => ({
  id,
  name: layout?.name ?? 'not known here',
  address: at,
  length,
});

/** `undefined` where the device refuses registers that its own chain says are there. */
const readModel = async (unit: BusUnit, { at, length }: MappedModel): Promise<{ words: number[]; ageMs: number } | undefined> => {
  const askedAtMs = monotonicMs();
  const words: number[] = [];
  try {
    for (let done = 0; done < length + 2; done += MAX_READ_WORDS) {
      const part = await unit.read('holding', at + done, Math.min(MAX_READ_WORDS, length + 2 - done));
      words.push(...Array.from(part));
    }
  } catch (error) {
    if (error instanceof ModbusException && error.denies) return undefined;
    throw error;
  }
  return { words, ageMs: Math.round(monotonicMs() - askedAtMs) };
};

const rawOf = (table: RegisterTable, address: number, words: Words): RawRegisters => ({
  table,
  address,
  words: Array.from(words, (word) => word.toString(16).padStart(4, '0')),
});

/** One model as it was read: its registers from the one with its ID on. */
interface ReadModel {
  readonly words: Words;
  readonly ageMs: number;
  readonly at: number;
  readonly raw: boolean;
}

/** Reports a group that begins `groupAt` registers into its model; answers where the next one begins. */
const report = (
  into: Record<string, PointReport>,
  prefix: string,
  group: GroupDef,
  { values, groups }: GroupValues,
  read: ReadModel,
  groupAt: number,
): number => {
  for (const point of group.points) {
    if (isStructure(point)) continue;
    const value = values[point.name];
    const from = groupAt + point.offset;
    const words = Array.from(read.words).slice(from, from + point.words);
    const shown = { unit: point.unit ?? '', ageMs: read.ageMs, ...(read.raw ? { raw: [rawOf('holding', read.at + from, words)] } : {}) };
    const meaning = typeof value === 'number' && point.type.startsWith('enum') ? point.symbols.get(value) : undefined;
    into[`${prefix}.${point.name}`] =
      value === undefined ? { ...shown, quality: 'not-available' } : { ...shown, value, quality: 'good', ...(meaning ? { meaning } : {}) };
  }
  let nextAt = groupAt + group.words;
  for (const inner of group.groups)
    for (const [index, repeat] of (groups[inner.name] ?? []).entries())
      nextAt = report(into, `${prefix}.${inner.name}[${index + 1}]`, inner, repeat, read, nextAt);
  return nextAt;
};

const isStructure = ({ name, type }: PointDef): boolean =>
  type === 'pad' || type === 'sunssf' || name === 'L' || (name === 'ID' && type === 'uint16');
