import { MODEL_1 } from '../registers/sunspec/identity.js';
import { pointOf, rawPoint, type SunspecModel } from '../registers/sunspec/model.js';
import { SUNSPEC_END_ID, SUNSPEC_MARKER, SUNSPEC_MODELS } from '../registers/sunspec/models.js';
import { type Quirk, quirksOf, withQuirks } from '../registers/sunspec/quirks.js';
import type { Words } from '../registers/words.js';
import { MAX_READ_WORDS } from './block-plan.js';
import { ModbusException } from './modbus-link.port.js';

/** Reads `count` holding registers from `address`. */
export type HoldingReader = (address: number, count: number) => Promise<Words>;

/** A model instance: where its ID register is, and how many registers follow its length register. */
export interface MappedModel {
  readonly id: number;
  readonly at: number;
  readonly length: number;
  /** Its layout as this device means it; absent for a model that nobody knows here. */
  readonly layout?: SunspecModel;
}

export interface DeviceIdentity {
  readonly manufacturer?: string;
  readonly model?: string;
  readonly version?: string;
  readonly serial?: string;
}

/** What a SunSpec device holds, and where. */
export interface SunspecMap {
  readonly baseAddress: number;
  readonly models: readonly MappedModel[];
  readonly identity: DeviceIdentity;
  /** What this kind of device is known to do otherwise; the models' layouts have it in them. */
  readonly quirks: readonly Quirk[];
  /** The registers of the marker and the first model: other ones mean another device. */
  readonly fingerprint: string;
  /** Whether the chain ended with its end model, or merely where the registers did. */
  readonly endMarked: boolean;
}

/** What a device answers where its chain stops and its registers do not: nothing has this id. */
const PADDING_ID = 0;
/** Where a map may begin (SunSpec Device Information Model Specification 1.2, §6.1). */
const BASE_ADDRESSES = [40_000, 0, 50_000];
/** More than any device has: a chain this long is one that never ends. */
const MOST_MODELS = 200;

/**
 * Finds the `SunS` marker and follows the chain of models by their lengths to its end; some devices refuse (exception 2)
 * the address where the end model should be, or show zeros there, which is taken for the end. A base that is known is looked at
 * and no other. What the kind of device is known to do otherwise is worked into the layouts here, once. `undefined` where there is
 * no marker. Throws the reader's `AdapterError`s.
 */
export const walkSunspec = async (read: HoldingReader, knownBase?: number): Promise<SunspecMap | undefined> => {
  const baseAddress = await findBase(read, knownBase === undefined ? BASE_ADDRESSES : [knownBase]);
  if (baseAddress === undefined) return undefined;
  const models: MappedModel[] = [];
  let endMarked = false;
  for (let at = baseAddress + 2; models.length < MOST_MODELS && at <= 65_534;) {
    const head = await readUnlessAbsent(read, at, 2);
    if (!head) break;
    const [id, length] = [head[0]!, head[1]!];
    endMarked = id === SUNSPEC_END_ID;
    if (endMarked || id === PADDING_ID) break;
    models.push({ id, at, length });
    at += 2 + length;
  }
  const first = models[0];
  const head = first ? await read(baseAddress, fingerprintWords(first)) : [];
  const identity = first ? identityOf(first, head) : {};
  const ids = models.map(({ id }) => id);
  const quirks = quirksOf(identity, ids);
  const laidOut = models.map((model) => ({ ...model, layout: layoutOf(model.id, quirks) }));
  return { baseAddress, models: laidOut, endMarked, identity, quirks, fingerprint: fingerprintOf(head) };
};

const layoutOf = (id: number, quirks: readonly Quirk[]): SunspecModel | undefined => {
  const known = SUNSPEC_MODELS.get(id);
  return known && withQuirks(known, quirks);
};

/** Whether the device that answers now is the one the map was made of: one request instead of a walk. */
export const isSameDevice = async (read: HoldingReader, map: SunspecMap): Promise<boolean> => {
  const first = map.models[0];
  if (!first) return false;
  const head = await readUnlessAbsent(read, map.baseAddress, fingerprintWords(first));
  return head !== undefined && fingerprintOf(head) === map.fingerprint;
};

const findBase = async (read: HoldingReader, bases: readonly number[]): Promise<number | undefined> => {
  for (const base of bases) {
    const marker = await readUnlessAbsent(read, base, 2);
    if (marker?.[0] === SUNSPEC_MARKER[0] && marker[1] === SUNSPEC_MARKER[1]) return base;
  }
  return undefined;
};

const readUnlessAbsent = async (read: HoldingReader, address: number, count: number): Promise<Words | undefined> => {
  try {
    return await read(address, count);
  } catch (error) {
    if (error instanceof ModbusException && error.denies) return undefined;
    throw error;
  }
};

/** The marker and the first model with its head. */
const fingerprintWords = (first: MappedModel): number => Math.min(2 + 2 + first.length, MAX_READ_WORDS);

const fingerprintOf = (head: Words): string => Buffer.from(Uint16Array.from(Array.from(head)).buffer).toString('base64');

const identityOf = (first: MappedModel, head: Words): DeviceIdentity => {
  if (first.id !== MODEL_1.id) return {};
  const text = (name: string): string | undefined => {
    const value = rawPoint(pointOf(MODEL_1, name), head, 2);
    return typeof value === 'string' ? value : undefined;
  };
  return { manufacturer: text('Mn'), model: text('Md'), version: text('Vr'), serial: text('SN') };
};
