import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Plant } from '../fleet/plant.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import type { EpochMs } from '../kernel/units.js';
import { decide } from './decide.js';
import type { DeviceDecision } from './decision.js';
import { beginOf, decisionFolder, FILE_MS } from './decision-log.js';
import { decidedIn, type Entries, inputFrom, readBack } from './decision-record.js';

/** A cycle as it is on record. */
export interface LoggedCycle {
  readonly atMs: EpochMs;
  readonly plant: Plant;
  readonly entries: Entries;
}

/** What was decided in a cycle, and what is decided again on the same. */
export interface ReplayedCycle {
  readonly atMs: EpochMs;
  readonly decided: readonly DeviceDecision[];
  /** Of those, and of others, that are decided otherwise now; absent now: nothing is decided of it any more. */
  readonly otherwise: readonly { readonly before?: DeviceDecision; readonly now?: DeviceDecision }[];
}

/** From when to when something is on record; undefined where nothing is. Reads the last file to its end, and with it those that a clock set back may have let go on beyond it. */
export const loggedRange = async (dataDir: string): Promise<{ firstMs: EpochMs; lastMs: EpochMs } | undefined> => {
  const files = await filesOf(dataDir);
  if (files.length === 0) return undefined;
  let lastMs = files.at(-1)!.beginMs;
  for (const { file } of files.filter(({ beginMs }) => beginMs + FILE_MS > files.at(-1)!.beginMs))
    for await (const { atMs } of cyclesOf(file)) lastMs = Math.max(lastMs, atMs);
  return { firstMs: files[0]!.beginMs, lastMs };
};

/** The cycles of [fromMs, toMs], oldest first, of a plant that may be running; where its clock was set back, file by file. */
export async function* loggedCycles(dataDir: string, fromMs: EpochMs, toMs: EpochMs): AsyncGenerator<LoggedCycle> {
  const files = await filesOf(dataDir);
  for (const { file, beginMs } of files) {
    if (beginMs > toMs || beginMs + FILE_MS <= fromMs) continue;
    for await (const cycle of cyclesOf(file)) if (cycle.atMs >= fromMs && cycle.atMs <= toMs) yield cycle;
  }
}

/** Decides again, on what was known then, by the rules of this version. */
export const replayed = ({ atMs, plant, entries }: LoggedCycle): ReplayedCycle => {
  const input = inputFrom(plant, entries, atMs);
  const decided = decidedIn(entries);
  const then = byControl(decided);
  const now = byControl(decide(input).devices.map(readBack));
  const otherwise = [...new Set([...then.keys(), ...now.keys()])].flatMap((control) => {
    const [before, again] = [then.get(control), now.get(control)];
    return isDeepStrictEqual(before, again) ? [] : [{ ...(before ? { before } : {}), ...(again ? { now: again } : {}) }];
  });
  return { atMs, decided, otherwise };
};

const byControl = (decided: readonly DeviceDecision[]): ReadonlyMap<string, DeviceDecision> =>
  new Map(decided.map((device) => [`${device.deviceId} ${device.control}`, device]));

const filesOf = async (dataDir: string): Promise<{ file: string; beginMs: EpochMs }[]> => {
  const folder = decisionFolder(dataDir);
  const names = (await namesIn(folder)).sort();
  return names.flatMap((name) => {
    const beginMs = beginOf(name);
    // For a moment, while it is being compressed, a file stands there twice.
    return beginMs === undefined || names.includes(`${name}.gz`) ? [] : [{ file: join(folder, name), beginMs }];
  });
};

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
};

interface Head {
  readonly plant: Plant;
}

type Pair = readonly [name: string, value: unknown];

interface Line {
  readonly atMs: EpochMs;
  /** Pairs; in files of version 1 fields of an object. */
  readonly set: Readonly<Record<string, unknown>> | readonly Pair[];
  readonly gone: readonly string[];
}

const pairsOf = ({ set }: Line): readonly Pair[] => (Array.isArray(set) ? (set as readonly Pair[]) : Object.entries(set));

async function* cyclesOf(file: string): AsyncGenerator<LoggedCycle> {
  const entries = new Map<string, string>();
  let plant: Plant | undefined;
  for (const text of (await textIn(file)).split('\n')) {
    const line = parsed(text);
    // A line that is torn is the last of a plant that died.
    if (line === undefined) return;
    if ('plant' in line) {
      plant = line.plant;
      entries.clear();
      continue;
    }
    for (const [name, value] of pairsOf(line)) entries.set(name, JSON.stringify(value));
    for (const name of line.gone) entries.delete(name);
    if (plant) yield { atMs: line.atMs, plant, entries: new Map(entries) };
  }
}

/** The plant that writes it may compress it, or give it up, in the meantime. */
const textIn = async (file: string): Promise<string> => {
  for (const name of [file, `${file}.gz`]) {
    try {
      const bytes = await readFile(name);
      return (name.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes).toString();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        throw new AdapterError(`${name}: ${messageOf(error)}`, false, { cause: error });
    }
  }
  return '';
};

const parsed = (text: string): Head | Line | undefined => {
  try {
    return JSON.parse(text) as Head | Line;
  } catch {
    return undefined;
  }
};
