import { isCollection, isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar, stringify, type YAMLMap } from 'yaml';
import { BadInput } from '../kernel/errors.js';
import { REVERSION_NOTES } from './device-entry.js';
import type { CommissioningRecord, DeviceId, ReversionClass } from './plant.js';

/** What is to stand in one device's entry; what is left out stays as it is. */
export interface EntryChange {
  readonly deviceId: DeviceId;
  readonly fields: {
    readonly direction?: 1 | -1;
    readonly reversion?: ReversionClass;
    readonly commissioned?: CommissioningRecord;
  };
}

/**
 * A fleet file's text with the entries changed, and not a character of the rest: no comment, blank line or bracket moves. What a
 * scan has noted beside a value that changes goes with it; what people have written stays.
 * Throws `BadInput` where an entry is written in a way that cannot be changed in place, such as through an alias.
 */
export const editedFleet = (file: string, text: string, changes: readonly EntryChange[]): string => {
  let edited = text;
  for (const { deviceId, fields } of changes)
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      const entry = entryOf(edited, deviceId);
      edited = entry ? withField(edited, entry, field, flowText(value)) : edited;
    }
  if (!says(edited, text, changes))
    throw new BadInput(
      `${file}: an entry is written in a way that cannot be changed in place; put in by hand ${changes.map(changeText).join('; ')}`,
    );
  return edited;
};

const changeText = ({ deviceId, fields }: EntryChange): string => {
  const stated = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `${deviceId}: ${stated.map(([field, value]) => `${field}: ${flowText(value)}`).join(', ')}`;
};

const flowText = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();

type Entry = YAMLMap<Scalar<string>>;
type Field = Pair<Scalar<string>>;

const entryOf = (text: string, deviceId: DeviceId): Entry | undefined => {
  const sites = parseDocument(text).get('sites');
  if (!isSeq(sites)) return undefined;
  for (const site of sites.items) {
    const devices: unknown = isMap(site) ? site.get('devices') : undefined;
    if (!isSeq(devices)) continue;
    const entry = devices.items.find((device) => isMap(device) && device.get('id') === deviceId);
    if (entry) return entry as Entry;
  }
  return undefined;
};

const withField = (text: string, entry: Entry, field: string, value: string): string => {
  const present = entry.items.find(({ key }) => key.value === field);
  if (present) return withValue(text, present, value);
  return entry.flow ? insertedInFlow(text, entry, field, value) : insertedInBlock(text, entry, field, value);
};

const rangeOf = ({ value }: Field): [start: number, end: number] | undefined => {
  const range = isScalar(value) || isCollection(value) ? value.range : undefined;
  return range ? [range[0], range[1]] : undefined;
};

const SCAN_NOTES: readonly string[] = Object.values(REVERSION_NOTES).map((note) => ` # ${note}`);

/** A block of lines ends behind its last line's break, which stays. */
const withValue = (text: string, pair: Field, value: string): string => {
  const range = rangeOf(pair);
  if (!range) return text;
  const [start, end] = [range[0], range[0] + text.slice(range[0], range[1]).trimEnd().length];
  const rest = text.slice(end);
  const note = SCAN_NOTES.find((each) => rest.startsWith(each) && /^\r?\n|^$/.test(rest.slice(each.length)));
  return text.slice(0, start) + value + rest.slice(note?.length ?? 0);
};

/** Behind the last field, and like it: on a line of its own where each has one. */
const insertedInFlow = (text: string, entry: Entry, field: string, value: string): string => {
  const last = entry.items.at(-1)!;
  const [keyAt, end] = [last.key.range![0], rangeOf(last)?.[1]];
  if (end === undefined) return text;
  const before = text.slice(0, keyAt);
  const indent = /\r?\n[ \t]*$/.exec(before)?.[0] ?? ' ';
  return `${text.slice(0, end)},${indent}${field}: ${value}${text.slice(end)}`;
};

/** On a line behind the last field that has only one: behind a field of several lines its end would have to be guessed. */
const insertedInBlock = (text: string, entry: Entry, field: string, value: string): string => {
  const single = entry.items.findLast((pair) => {
    const range = rangeOf(pair);
    return range && !text.slice(pair.key.range![0], range[1]).includes('\n');
  });
  if (!single) return text;
  const lineEnd = text.indexOf('\n', rangeOf(single)![1]);
  const at = lineEnd < 0 ? text.length : lineEnd + 1;
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const keyAt = entry.items[0]!.key.range![0];
  const indent = ' '.repeat(keyAt - (text.lastIndexOf('\n', keyAt - 1) + 1));
  return `${text.slice(0, at)}${lineEnd < 0 ? lineBreak : ''}${indent}${field}: ${value}${lineBreak}${text.slice(at)}`;
};

interface Stated {
  sites: { devices: Record<string, unknown>[] }[];
}

/** Whether the edited text says what the original said, with the changes and nothing else. */
const says = (edited: string, original: string, changes: readonly EntryChange[]): boolean => {
  const document = parseDocument(edited);
  if (document.errors.length > 0) return false;
  const wanted = parseDocument(original).toJS() as Stated;
  for (const { deviceId, fields } of changes) {
    const device = wanted.sites.flatMap(({ devices }) => devices).find(({ id }) => id === deviceId);
    if (!device) return false;
    for (const [field, value] of Object.entries(fields)) if (value !== undefined) device[field] = value;
  }
  return sorted(document.toJS()) === sorted(wanted);
};

/** Fields may stand in another order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
