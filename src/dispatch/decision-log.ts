import { createReadStream, existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import type { Plant } from '../fleet/plant.js';
import { messageOf } from '../kernel/errors.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { streamDurably } from '../platform/durable-file.js';
import type { Decision, DecisionInput } from './decision.js';
import { changesBetween, type EntryChanges, type Parts, partsOf, wordsOf } from './decision-record.js';

/** A file begins with a whole cycle, so that this much has to be read at most to know a moment; it has none that is later than that. */
export const FILE_MS: DurationMs = 10 * MINUTE_MS;
const FILE_BYTES = 64_000_000;
/** What the disk does not take in time is left out rather than kept in memory. */
const WAITING_BYTES = 64_000_000;

const PAUSE_MS: DurationMs = MINUTE_MS;

const NOTHING: Parts = new Map();

export interface DecisionLogLimits {
  /** 0 keeps no log. */
  readonly maxBytes: number;
  readonly keepMs: DurationMs;
}

export const decisionFolder = (dataDir: string): string => join(dataDir, 'decisions');

/**
 * Named by its first moment: their order is that of time. Those that begin in the same one, as after a clock that was set back, are counted: what
 * is on disk, or being compressed there, is not written over.
 */
const freeFile = (folder: string, atMs: EpochMs, newest: string | undefined): string => {
  const moment = new Date(atMs).toISOString().replaceAll(':', '');
  for (let count = 0; ; count += 1) {
    const file = join(folder, `${moment}${count === 0 ? '' : `_${count}`}.jsonl`);
    if (file !== newest && !existsSync(file) && !existsSync(`${file}.gz`)) return file;
  }
};

/** The first moment of a file of the log; undefined for what is none. */
export const beginOf = (name: string): EpochMs | undefined => {
  const [, date, hour, minute, seconds] = /^(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z(?:_\d+)?\.jsonl(?:\.gz)?$/.exec(name) ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${hour}:${minute}:${seconds}Z`);
};

/**
 * Every cycle on disk: what it rested on and what it decided, so that any moment can be decided again (`vpp dispatch replay`).
 * JSON lines, each with what is not as in the one before it; files that are full are compressed, and the oldest given up for want of room. A process
 * that dies in the middle loses the last line at most; a power cut takes what the system had not yet put on the disk, which may be the last half a minute. It is written beside the loop, which never waits for it and knows nothing of its faults.
 */
@Injectable()
export class DecisionLog implements BeforeApplicationShutdown {
  private readonly log = new Logger('dispatch');
  private folder: string | undefined;
  private limits: DecisionLogLimits = { maxBytes: 0, keepMs: 0 };
  private current: OpenFile | undefined;
  /** The newest file, which is not compressed yet. */
  private newest: string | undefined;
  private before: Parts = NOTHING;
  private work: Promise<void> = Promise.resolve();
  private waitingBytes = 0;
  /** Once something is missing in it the rest of the file means nothing. */
  private broken: string | undefined;
  private isFailing = false;
  private againAtMs: EpochMs = -Infinity;

  /** Keeps the log in the folder from here on. What an earlier plant left open is closed. */
  rememberIn(dataDir: string, limits: DecisionLogLimits): void {
    if (limits.maxBytes === 0) return;
    const folder = decisionFolder(dataDir);
    this.folder = folder;
    this.limits = limits;
    this.do(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(folder)) if (name.endsWith('.jsonl')) await compress(join(folder, name));
    });
  }

  /** What is handed in stays as it is from now on: the next cycle is held against it. Never throws: what goes wrong here is no reason to hand devices back. */
  note(input: DecisionInput, decision: Decision): void {
    if (this.folder === undefined) return;
    try {
      this.take(this.folder, input, decision);
    } catch (error) {
      this.giveUp(input.atMs, messageOf(error));
    }
  }

  private take(folder: string, input: DecisionInput, decision: Decision): void {
    const { atMs, plant } = input;
    if (atMs < this.againAtMs && atMs > this.againAtMs - PAUSE_MS) return;
    const current = this.current && goesOn(this.current, atMs, plant) ? this.current : this.begin(folder, atMs, plant);
    const parts = partsOf(input, decision);
    const line = lineOf(atMs, changesBetween(this.before, parts));
    if (this.waitingBytes + line.length > WAITING_BYTES) {
      this.giveUp(atMs, 'the disk takes them too slowly');
      return;
    }
    this.before = parts;
    current.lastMs = atMs;
    current.bytes += line.length;
    this.append(current.file, line, atMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.work;
  }

  private begin(folder: string, atMs: EpochMs, plant: Plant): OpenFile {
    const full = this.newest;
    const file = freeFile(folder, atMs, full);
    this.newest = file;
    this.before = NOTHING;
    this.current = { file, plant, beganAtMs: atMs, lastMs: atMs, bytes: 0 };
    this.append(file, `${JSON.stringify({ version: 2, plant })}\n`, atMs);
    this.do(async () => {
      if (full !== undefined) await compress(full);
      await prune(folder, file, atMs, this.limits);
    });
    return this.current;
  }

  private append(file: string, line: string, atMs: EpochMs): void {
    this.waitingBytes += line.length;
    this.do(async () => {
      this.waitingBytes -= line.length;
      if (this.broken === file) return;
      try {
        await appendFile(file, line, { mode: 0o600 });
        this.isFailing = false;
      } catch (error) {
        this.broken = file;
        this.giveUp(atMs, messageOf(error));
      }
    });
  }

  private do(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch((error: unknown) => this.log.warn(`the log of decisions: ${messageOf(error)}`));
  }

  /** After a pause another file is begun, with a whole cycle. */
  private giveUp(atMs: EpochMs, why: string): void {
    this.current = undefined;
    this.againAtMs = atMs + PAUSE_MS;
    if (!this.isFailing) this.log.warn(`decisions are not logged: ${why}`);
    this.isFailing = true;
  }
}

/** A file that is being written. */
interface OpenFile {
  readonly file: string;
  readonly plant: Plant;
  readonly beganAtMs: EpochMs;
  lastMs: EpochMs;
  bytes: number;
}

/** Another plant, a clock that was set back and a file that is full each begin another file. */
const goesOn = ({ beganAtMs, lastMs, bytes, plant: before }: OpenFile, atMs: EpochMs, plant: Plant): boolean =>
  before === plant && atMs > lastMs && atMs - beganAtMs < FILE_MS && bytes < FILE_BYTES;

const lineOf = (atMs: EpochMs, { set, gone }: EntryChanges): string =>
  `{"atMs":${atMs},"set":${wordsOf(set)},"gone":${JSON.stringify(gone)}}\n`;

/**
 * Readings are in it as well: it is kept no longer than they are, by a clock that may have been set back: what lies as far ahead goes too. The
 * file that is being written stays, which need not be the last one then.
 */
const prune = async (folder: string, current: string, nowMs: EpochMs, { maxBytes, keepMs }: DecisionLogLimits): Promise<void> => {
  const names = (await readdir(folder)).filter((name) => beginOf(name) !== undefined).sort();
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  for (const [index, name] of names.entries()) {
    const isDue = Math.abs(nowMs - (beginOf(name)! + FILE_MS)) > keepMs;
    if (join(folder, name) === current || (bytes <= maxBytes && !isDue)) continue;
    await rm(join(folder, name));
    bytes -= sizes[index]!;
  }
};

const compress = async (file: string): Promise<void> => {
  const zipped = createGzip();
  // Whatever goes wrong with the file ends `zipped`, and is told where that is read.
  pipeline(createReadStream(file), zipped, () => undefined);
  await streamDurably(`${file}.gz`, zipped);
  await rm(file);
};
