import Database, { type Database as SqliteDatabase } from 'better-sqlite3';
import { z } from 'zod';
import type { Sample } from '../../field/sample.js';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import type { EpochMs } from '../../kernel/units.js';
import { Statements } from './sqlite-reading-file.js';

/** Samples of one batch at most: what the other end takes in one go. */
const BATCH_SAMPLES = 5_000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, samples TEXT NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL, oldest_ms INTEGER NOT NULL,
    newest_ms INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS batches_oldest ON batches (oldest_ms);
  CREATE INDEX IF NOT EXISTS batches_newest ON batches (newest_ms);
`;

const samplesSchema = z.array(z.object({ deviceId: z.string(), atMs: z.number(), values: z.record(z.string(), z.number()) }));

interface Room {
  readonly samples: number;
  readonly bytes: number;
}

const less = (a: Room, b: Room): Room => ({ samples: a.samples - b.samples, bytes: a.bytes - b.bytes });

export interface SpooledBatch {
  /** Number of its newest row. */
  readonly upTo: number;
  readonly samples: readonly Sample[];
}

/** A bounded queue of samples on disk. What it has taken survives a crash and a power cut; beyond its bound the oldest are given up. */
export class ReadingSpool {
  private readonly statements: Statements;
  private used: Room;

  private constructor(
    private readonly database: SqliteDatabase,
    readonly maxBytes: number,
  ) {
    this.statements = new Statements(database);
    this.used = this.statements.of<Room>('SELECT coalesce(sum(n), 0) AS samples, coalesce(sum(bytes), 0) AS bytes FROM batches').get()!;
  }

  /** Throws `BadInput` where the file cannot be used. */
  static open(file: string, maxBytes: number): ReadingSpool {
    try {
      const database = new Database(file);
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.exec(TABLES);
      return new ReadingSpool(database, maxBytes);
    } catch (error) {
      throw new BadInput(`${file}: cannot be opened as the spool of readings: ${messageOf(error)}`);
    }
  }

  /** Samples that wait. */
  get samples(): number {
    return this.used.samples;
  }

  get bytes(): number {
    return this.used.bytes;
  }

  /** Moment of the oldest sample that waits. */
  oldestMs(): EpochMs | undefined {
    return this.attempt(
      () => this.statements.of<{ oldest: EpochMs | null }>('SELECT min(oldest_ms) AS oldest FROM batches').get()?.oldest ?? undefined,
    );
  }

  newestMs(): EpochMs | undefined {
    return this.attempt(
      () => this.statements.of<{ newest: EpochMs | null }>('SELECT max(newest_ms) AS newest FROM batches').get()?.newest ?? undefined,
    );
  }

  /**
   * Durable when it returns; answers how many of the oldest were given up for it. Throws `AdapterError`, and has taken nothing,
   * where the disk does not take it.
   */
  append(samples: readonly Sample[]): number {
    return this.attempt(() => {
      const after = this.database.transaction(() => this.giveUpOldest(this.insert(samples)))();
      const lost = this.used.samples + samples.length - after.samples;
      this.used = after;
      return lost;
    });
  }

  /** The oldest that wait, as many as go in one batch. */
  first(): SpooledBatch | undefined {
    return this.attempt(() => {
      const samples: Sample[] = [];
      let upTo: number | undefined;
      for (const row of this.statements
        .of<{ id: number; samples: string; n: number }>('SELECT id, samples, n FROM batches ORDER BY id')
        .iterate()) {
        if (upTo !== undefined && samples.length + row.n > BATCH_SAMPLES) break;
        samples.push(...samplesSchema.parse(JSON.parse(row.samples)));
        upTo = row.id;
      }
      return upTo === undefined ? undefined : { upTo, samples };
    });
  }

  /** Everything up to a batch is where it belongs. */
  remove({ upTo }: SpooledBatch): void {
    this.attempt(() => {
      const gone = this.statements.of<Room>('SELECT sum(n) AS samples, sum(bytes) AS bytes FROM batches WHERE id <= ?').get(upTo)!;
      this.statements.of('DELETE FROM batches WHERE id <= ?').run(upTo);
      this.used = less(this.used, gone);
    });
  }

  close(): void {
    this.database.close();
  }

  private insert(samples: readonly Sample[]): Room {
    let { bytes } = this.used;
    const row = this.statements.of('INSERT INTO batches (samples, n, bytes, oldest_ms, newest_ms) VALUES (?, ?, ?, ?, ?)');
    for (let at = 0; at < samples.length; at += BATCH_SAMPLES) {
      const batch = samples.slice(at, at + BATCH_SAMPLES);
      const text = JSON.stringify(batch);
      const oldestMs = batch.reduce((oldest, { atMs }) => Math.min(oldest, atMs), Infinity);
      const newestMs = batch.reduce((newest, { atMs }) => Math.max(newest, atMs), -Infinity);
      row.run(text, batch.length, Buffer.byteLength(text), oldestMs, newestMs);
      bytes += Buffer.byteLength(text);
    }
    return { samples: this.used.samples + samples.length, bytes };
  }

  private giveUpOldest(used: Room): Room {
    let left = used;
    const oldest = this.statements.of<Room & { id: number }>('SELECT id, n AS samples, bytes FROM batches ORDER BY id LIMIT 1');
    while (left.bytes > this.maxBytes) {
      const row = oldest.get()!;
      this.statements.of('DELETE FROM batches WHERE id = ?').run(row.id);
      left = less(left, row);
    }
    return left;
  }

  private attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new AdapterError(`spool of readings: ${messageOf(error)}`, true, { cause: error });
    }
  }
}
