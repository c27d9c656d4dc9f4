import type { Plant } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import type { Decision, DecisionInput, DeviceDecision } from './decision.js';

/** What a cycle rested on and what it decided, entry by entry: JSON texts by a name such as `devices/home-01-pv`. */
export type Entries = ReadonlyMap<string, string>;

/** What is another entry than in the cycle before, and what is none any more. */
export interface EntryChanges {
  readonly set: readonly (readonly [name: string, text: string])[];
  readonly gone: readonly string[];
}

/** What an input is made of, whatever that is: what is new in it is kept as well. Time and plant are kept beside it. */
const partsOf = ({ atMs: _atMs, plant: _plant, image, ...others }: DecisionInput): [name: string, part: unknown][] =>
  Object.entries({ devices: image.devices, sites: image.sites, fleet: image.fleet, ...others }).filter(([, part]) => part !== undefined);

/** Names of the parts that are kept entry by entry: one that is empty is there all the same. */
const MAPS = 'maps';
const DECIDED = 'decided';

export const entriesOf = (input: DecisionInput, decision: Decision): Entries => {
  const entries = new Map<string, string>();
  const maps: string[] = [];
  for (const [name, part] of partsOf(input)) {
    if (!(part instanceof Map)) entries.set(name, textOf(part));
    else {
      maps.push(name);
      for (const [key, value] of part as Map<string, unknown>) entries.set(`${name}/${key}`, textOf(value));
    }
  }
  entries.set(MAPS, textOf(maps));
  for (const device of decision.devices) entries.set(`${DECIDED}/${device.deviceId} ${device.control}`, textOf(device));
  return entries;
};

export const changesBetween = (before: Entries, after: Entries): EntryChanges => ({
  set: [...after].filter(([name, text]) => before.get(name) !== text),
  gone: [...before.keys()].filter((name) => !after.has(name)),
});

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

/** What was decided then, by device and control. */
export const decidedOf = (entries: Entries): Map<string, string> =>
  new Map(
    [...entries].flatMap(([name, text]) => (name.startsWith(`${DECIDED}/`) ? [[name.slice(DECIDED.length + 1), text] as const] : [])),
  );

export const decisionIn = (text: string): DeviceDecision => valueOf(text) as DeviceDecision;

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
