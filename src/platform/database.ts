import type { DataSourceOptions } from 'typeorm';
import { MIGRATIONS } from '../../migrations/index.js';

/** Where the relational tables live: a file of our own, or a PostgreSQL server. */
export type DatabaseTarget = { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres'; readonly url: string };

/**
 * Options for both engines. WAL alone would let SQLite lose the last commits in a power cut; what is acknowledged here is
 * money and leases, so every commit is synced (`synchronous=FULL`).
 */
export const databaseOptions = (target: DatabaseTarget): DataSourceOptions => {
  const shared = {
    migrations: MIGRATIONS,
    migrationsRun: false,
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
  } as const;
  if (target.kind === 'postgres') return { ...shared, type: 'postgres', url: target.url };
  return { ...shared, type: 'better-sqlite3', database: target.file, prepareDatabase: pragmas };
};

const pragmas = (db: { pragma(source: string): unknown }): void => {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('busy_timeout = 5000');
  db.pragma('foreign_keys = ON');
};
