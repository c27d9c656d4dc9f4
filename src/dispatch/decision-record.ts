import type { DeviceId, Plant } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import type { Decision, DecisionInput, DeviceDecision } from './decision.js';

/** What a cycle rested on and what it decided, entry by entry: JSON texts by a name such as `devices/home-01-pv`. */
export type Entries = ReadonlyMap<string, string>;

/** The same before it is put into words, part by part: a part that is a map is kept entry by entry. Nobody changes it afterwards. */
export type Parts = ReadonlyMap<string, unknown>;

/** What is another entry than in the cycle before, and what is none any more. */
export interface EntryChanges {
  readonly set: readonly (readonly [name: string, value: unknown])[];
  readonly gone: readonly string[];
}

/** Names of the parts that are kept entry by entry: one that is empty is there all the same. */
const MAPS = 'maps';
const DECIDED = 'decided';

/** An input's parts are whatever it is made of: what is new in it is kept as well. Time and plant are kept beside it. */
export const partsOf = ({ atMs: _atMs, plant: _plant, image, ...others }: DecisionInput, decision: Decision): Parts => {
  const known = { devices: image.devices, sites: image.sites, fleet: image.fleet, ...others };
  const parts = new Map<string, unknown>(Object.entries(known).filter(([, part]) => part !== undefined));
  parts.set(
    MAPS,
    [...parts].flatMap(([name, part]) => (part instanceof Map ? [name] : [])),
  );
  const decided: Partial<Record<DeviceDecision['control'], Map<DeviceId, DeviceDecision>>> = {};
  for (const device of decision.devices) (decided[device.control] ??= new Map()).set(device.deviceId, device);
  for (const [control, devices] of Object.entries(decided)) parts.set(`${DECIDED}/${control}`, devices);
  return parts;
};

/** So many entries are put into words at once: one by one takes nearly twice as long. */
const AT_ONCE = 64;

/** Entries in words: a list of pairs, in JSON. */
export const wordsOf = (set: EntryChanges['set']): string => {
  const texts: string[] = [];
  for (let from = 0; from < set.length; from += AT_ONCE) texts.push(textOf(set.slice(from, from + AT_ONCE)).slice(1, -1));
  return `[${texts.join(',')}]`;
};

/** Only what changed has to be put into words: of thousands of devices and sites some of what is known of them stays as it was. */
export const changesBetween = (before: Parts, after: Parts): EntryChanges => {
  const set: [name: string, value: unknown][] = [];
  const gone: string[] = [];
  after.forEach((part, name) => {
    if (part instanceof Map) addMapChanges(name, mapIn(before.get(name)), part as Map<string, unknown>, { set, gone });
    else if (!before.has(name) || !isSame(before.get(name), part)) set.push([name, part]);
  });
  before.forEach((part, name) => {
    if (after.has(name)) return;
    if (part instanceof Map) addMapChanges(name, part as Map<string, unknown>, NOTHING, { set, gone });
    else gone.push(name);
  });
  return { set, gone };
};

type Values = ReadonlyMap<string, unknown>;

const NOTHING: Values = new Map();

const mapIn = (part: unknown): Values => (part instanceof Map ? (part as Values) : NOTHING);

const addMapChanges = (name: string, before: Values, after: Values, to: { set: [string, unknown][]; gone: string[] }): void => {
  if (before === after) return;
  let known = 0;
  after.forEach((value, key) => {
    const was = before.get(key);
    if (was !== undefined) known += 1;
    if (was === undefined || !isSame(was, value)) to.set.push([`${name}/${key}`, value]);
  });
  if (known === before.size) return;
  before.forEach((_, key) => {
    if (!after.has(key)) to.gone.push(`${name}/${key}`);
  });
};

/** Whether both are the same in words. Where that is not sure they are not: what stayed as it was may well be written again. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a.constructor !== b.constructor) return false;
  if (Array.isArray(a)) return a.length === (b as unknown[]).length && a.every((each, index) => isSame(each, (b as unknown[])[index]));
  if (a instanceof Map || a instanceof Set) return a.size === (b as typeof a).size && isSame([...a], [...(b as typeof a)]);
  return hasSameFields(a as Fields, b as Fields);
};

type Fields = Readonly<Record<string, unknown>>;

const hasSameFields = (a: Fields, b: Fields): boolean => {
  for (const name in a) if (!isSame(a[name], b[name])) return false;
  for (const name in b) if (a[name] === undefined && b[name] !== undefined) return false;
  return true;
};

/** What a cycle rested on, of its entries. */
export const inputFrom = (plant: Plant, entries: Entries, atMs: EpochMs): DecisionInput => {
  const maps = new Map((valueOf(entries.get(MAPS)!) as string[]).map((name) => [name, new Map<string, unknown>()]));
  const parts: Record<string, unknown> = Object.fromEntries(maps);
  for (const [name, text] of entries) {
    const slash = name.indexOf('/');
    if (slash < 0) parts[name] = valueOf(text);
    else maps.get(name.slice(0, slash))?.set(name.slice(slash + 1), valueOf(text));
  }
  const { devices, sites, fleet, ...others } = parts;
  return { ...others, atMs, plant, image: { atMs, devices, sites, fleet } } as unknown as DecisionInput;
};

/** What was decided then. */
export const decidedIn = (entries: Entries): DeviceDecision[] =>
  [...entries].flatMap(([name, text]) => (name.startsWith(`${DECIDED}/`) ? [valueOf(text) as DeviceDecision] : []));

/** A decision as it is when it is read back. */
export const readBack = (decision: DeviceDecision): DeviceDecision => valueOf(textOf(decision)) as DeviceDecision;

/**
 * JSON, which knows no maps, sets and infinities: they have a name of their own in it. Most has none of them, and is done in a
 * tenth of the time: JSON makes `{}` and `null` of what it does not know.
 */
const textOf = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.includes('{}') || text.includes('null') ? JSON.stringify(value, tagged) : text;
};

const tagged = (_key: string, value: unknown): unknown => {
  if (value instanceof Map) return { $map: [...(value as Map<unknown, unknown>)] };
  if (value instanceof Set) return { $set: [...(value as Set<unknown>)] };
  return typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value;
};

const valueOf = (text: string): unknown =>
  text.includes('{"$') ? JSON.parse(text, (_key, value: unknown) => (isTagged(value) ? untagged(value) : value)) : JSON.parse(text);

type Tagged = { readonly $map: [unknown, unknown][] } | { readonly $set: unknown[] } | { readonly $number: string };

const isTagged = (value: unknown): value is Tagged =>
  typeof value === 'object' && value !== null && ('$map' in value || '$set' in value || '$number' in value);

const untagged = (value: Tagged): unknown => {
  if ('$map' in value) return new Map(value.$map);
  return '$set' in value ? new Set(value.$set) : Number(value.$number);
};
