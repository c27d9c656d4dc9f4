import { join } from 'node:path';
import Database from 'better-sqlite3';

/** What a plant has stored, read from its files beside it. */
export interface Stored {
  /** One line a row, so that sets of them can be compared. */
  readonly readings: ReadonlySet<string>;
  readonly intervals: readonly { device_id: string; flow: string; start_ms: number; end_ms: number; quality: string }[];
  readonly intervalRows: ReadonlySet<string>;
  readonly leaves: readonly { leaf_index: number; leaf_hash: string }[];
  readonly anchors: readonly { id: number; tree_size: number; previous_size: number; state: string; memo: string }[];
  readonly eventResults: readonly {
    event_id: string;
    site_id: string;
    household_id: string | null;
    pay_date: string;
    amount_micro: number;
  }[];
  readonly statements: readonly { household_id: string; date: string; total_micro: number; lines: string }[];
}

const open = (dataDir: string, name: string): Database.Database => new Database(join(dataDir, name), { readonly: true });

/** `sinceMs`: older readings are forgotten after a while, as they should be. */
export const storedIn = (dataDir: string, sinceMs: number): Stored => {
  const readings = open(dataDir, 'readings.sqlite');
  const plant = open(dataDir, 'plant.sqlite');
  try {
    const rows = <T>(sql: string): T[] => plant.prepare(sql).all() as T[];
    return {
      readings: new Set(
        (readings.prepare('SELECT * FROM readings WHERE ts >= ?').raw().all(sinceMs) as unknown[][]).map((row) => JSON.stringify(row)),
      ),
      intervals: rows('SELECT device_id, flow, start_ms, end_ms, quality FROM interval_energies ORDER BY device_id, flow, start_ms'),
      intervalRows: new Set(rows<object>("SELECT * FROM interval_energies WHERE quality <> 'missing'").map((row) => JSON.stringify(row))),
      leaves: rows('SELECT leaf_index, leaf_hash FROM proof_records ORDER BY leaf_index'),
      anchors: rows('SELECT id, tree_size, previous_size, state, memo FROM proof_anchors ORDER BY id'),
      eventResults: rows('SELECT event_id, site_id, household_id, pay_date, amount_micro FROM event_results ORDER BY event_id, site_id'),
      statements: rows('SELECT household_id, date, total_micro, lines FROM statements ORDER BY household_id, date'),
    };
  } finally {
    readings.close();
    plant.close();
  }
};

/** Entries of `before` that `after` does not have. */
export const lost = <T>(before: Iterable<T>, after: ReadonlySet<T>): T[] => [...before].filter((entry) => !after.has(entry));

/** The same for rows. */
export const lostRows = (before: readonly object[], after: readonly object[]): string[] =>
  lost(
    before.map((row) => JSON.stringify(row)),
    new Set(after.map((row) => JSON.stringify(row))),
  );
