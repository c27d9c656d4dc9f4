import { AdapterError } from '../kernel/errors.js';
import { monotonicMs } from '../platform/clock.js';
import type { Profile } from '../registers/profile.js';
import { decodeModel, type GroupDef, type GroupValues, type PointDef, type PointValue } from '../registers/sunspec/model.js';
import { MAX_READ_WORDS } from './block-plan.js';
import type { BusUnit } from './bus.js';
import { PointReader } from './drivers/profile-points.js';
import { HostUnreachable, ModbusException } from './modbus-link.port.js';
import type { Profiles } from './profiles.js';
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
  | { readonly kind: 'sunspec'; readonly unitId: number; readonly identity: DeviceIdentity; readonly models: readonly ModelReport[] }
  | { readonly kind: 'register-map'; readonly unitId: number; readonly profiles: readonly string[] }
  | { readonly kind: 'unknown'; readonly unitId: number; readonly reason: string };

/**
 * Who answers at a unit id: a SunSpec device by its models, another one by the profiles whose points it all serves.
 * `undefined` where nobody does. Throws `HostUnreachable` where there is no host.
 */
export const scanUnit = async (unit: BusUnit, profiles: Profiles): Promise<UnitFound | undefined> => {
  const { unitId } = unit;
  try {
    const map = await walkSunspec((address, count) => unit.read('holding', address, count));
    if (map) return { kind: 'sunspec', unitId, identity: map.identity, models: map.models.map(modelReport) };
    const fitting: string[] = [];
    for (const [name, profile] of profiles) if (await fits(unit, profile)) fitting.push(name);
    if (fitting.length > 0) return { kind: 'register-map', unitId, profiles: fitting };
    return { kind: 'unknown', unitId, reason: 'answers, but neither SunSpec nor any known profile fits' };
  } catch (error) {
    if (!(error instanceof AdapterError) || error instanceof HostUnreachable) throw error;
    // A gateway answers for units it does not have.
    if (error instanceof ModbusException && error.code < 10) return { kind: 'unknown', unitId, reason: error.message };
    return undefined;
  }
};

const fits = async (unit: BusUnit, profile: Profile): Promise<boolean> => {
  try {
    const points = await new PointReader(unit, profile).read();
    return [...points].every(([name, point]) => 'value' in point || profile.points[name]?.optional);
  } catch (error) {
    if (error instanceof ModbusException && error.denies) return false;
    throw error;
  }
};

/**
 * Everything a SunSpec device tells by the models that are known. Models longer than a request come in several, so that the
 * scale factors of a long one may be younger than its values; of a model that the device refuses to show there are no points.
 * Throws an `AdapterError`.
 */
export const readSunspecDevice = async (unit: BusUnit, map: SunspecMap): Promise<DeviceReport> => {
  const points: Record<string, PointReport> = {};
  const seen = new Map<number, number>();
  for (const mapped of map.models) {
    const { layout } = mapped;
    if (!layout) continue;
    const instance = (seen.get(mapped.id) ?? 0) + 1;
    seen.set(mapped.id, instance);
    const shown = await readModel(unit, mapped);
    const prefix = instance === 1 ? `${mapped.id}` : `${mapped.id}#${instance}`;
    if (shown) report(points, prefix, layout, decodeModel(layout, shown.words), shown.ageMs);
  }
  const quirks = map.quirks.map(({ name, source }) => ({ name, source }));
  return { identity: map.identity, models: map.models.map(modelReport), quirks, points };
};

/** Everything a register-map device tells by its profile. Throws an `AdapterError`. */
export const readProfileDevice = async (unit: BusUnit, profile: Profile): Promise<DeviceReport> => {
  const askedAtMs = monotonicMs();
  const readings = await new PointReader(unit, profile).read();
  const ageMs = Math.round(monotonicMs() - askedAtMs);
  const points = [...readings].map(([name, reading]): [string, PointReport] => {
    const shown = { unit: UNIT_OF_ENDING.find(([ending]) => name.endsWith(ending))?.[1] ?? '', ageMs };
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

const report = (
  into: Record<string, PointReport>,
  prefix: string,
  group: GroupDef,
  { values, groups }: GroupValues,
  ageMs: number,
): void => {
  for (const point of group.points) {
    if (isStructure(point)) continue;
    const value = values[point.name];
    const shown = { unit: point.unit ?? '', ageMs };
    const meaning = typeof value === 'number' && point.type.startsWith('enum') ? point.symbols.get(value) : undefined;
    into[`${prefix}.${point.name}`] =
      value === undefined ? { ...shown, quality: 'not-available' } : { ...shown, value, quality: 'good', ...(meaning ? { meaning } : {}) };
  }
  for (const inner of group.groups)
    for (const [index, repeat] of (groups[inner.name] ?? []).entries())
      report(into, `${prefix}.${inner.name}[${index + 1}]`, inner, repeat, ageMs);
};

const isStructure = ({ name, type }: PointDef): boolean =>
  type === 'pad' || type === 'sunssf' || name === 'L' || (name === 'ID' && type === 'uint16');
