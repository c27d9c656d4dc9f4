import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { SystemClock } from '../../platform/clock.js';
import type { Config } from '../../platform/config.js';
import { packageVersion } from '../package-info.js';
import type { Progress } from '../progress.js';
import { sha256Of } from './archive.js';
import { copyFile, dataFilesOf, modeOf } from './data-files.js';
import { copyInflux } from './influx-copy.js';
import { FORMAT, type Manifest, PARTS } from './manifest.js';
import { PostgresSnapshot } from './postgres-copy.js';
import { SqliteSnapshot } from './snapshot.js';

export interface Collected {
  readonly manifest: Manifest;
  /** What is not in it, and where it is. */
  readonly notes: readonly string[];
}

export interface Source {
  readonly config: Config;
  readonly plant: string;
  readonly fleetFile: string | undefined;
  /** Where InfluxDB hands out backups; its usual place without it. */
  readonly influxAt: string | undefined;
}

/** Of the database: what the other parts are held against. */
interface Moment {
  readonly at: string;
  readonly migrations: readonly string[];
  readonly anchored: ReadonlySet<string>;
}

const expiredSchema = z.array(z.string());

/**
 * Copies everything a plant keeps into a folder, also while it runs, so that the parts fit together. The database is fixed
 * first: intervals, proof log and tiles, statements and logins are in it, as they stood at one moment. Readings are fixed after
 * it, so that there are at least those which its intervals rest on; what it has not closed is closed by the next start. The
 * embedded ledger is copied after it, so that every anchor it calls sent is there, and cut to what it knows, so that none is
 * there of a log which it does not hold. Readings that wait for InfluxDB are copied before InfluxDB: later they may be in neither.
 */
export const collect = async (source: Source, folder: string, progress: Progress): Promise<Collected> => {
  const { config } = source;
  const data = join(folder, PARTS.data);
  mkdirSync(data, { mode: 0o700 });
  const fixed = await fixDatabase(config, folder, progress);
  const { databases } = dataFilesOf(config.dataDir);
  const own = config.database.kind === 'sqlite' ? relative(config.dataDir, config.database.file) : undefined;
  const snapshots = databases
    .filter((name) => name !== own)
    .map((name) => ({ name, snapshot: SqliteSnapshot.take(join(config.dataDir, name)) }));
  let readingsVersion = 0;
  try {
    await fixed.finish();
    for (const { name, snapshot } of snapshots) {
      if (name === 'readings.sqlite') readingsVersion = snapshot.version;
      await copySnapshot(snapshot, name, data, progress);
    }
  } finally {
    for (const { snapshot } of snapshots) snapshot.close();
  }
  for (const path of dataFilesOf(config.dataDir).others) copyFile(join(config.dataDir, path), join(data, path), fixed.moment.anchored);
  const { readings, notes } = await copyReadings(source, folder, progress);
  const fleet = copyFleet(source, folder);
  // A demo has none: it makes its homes itself.
  if (fleet === undefined && !existsSync(join(data, 'demo.json')))
    notes.push('there is no fleet file in it; name the plant’s with --fleet to have it there');
  const manifest: Manifest = {
    format: FORMAT,
    version: packageVersion(),
    plant: source.plant,
    at: fixed.moment.at,
    database: config.database.kind,
    readings,
    schema: { migrations: [...fixed.moment.migrations], readings: readingsVersion },
    ...(fleet === undefined ? {} : { fleet }),
    files: await listed(folder, progress),
  };
  return { manifest, notes };
};

/** The database as it stands now; `finish` copies it. */
const fixDatabase = async (config: Config, folder: string, progress: Progress): Promise<{ moment: Moment; finish(): Promise<void> }> => {
  const { database } = config;
  const at = new Date(new SystemClock().now()).toISOString();
  if (database.kind === 'postgres') {
    const snapshot = await PostgresSnapshot.take(database.url);
    const moment = await momentOf(at, { hasTable: (name) => snapshot.hasTable(name), rows: (query) => snapshot.rows(query) });
    const finish = async (): Promise<void> => {
      progress.step('copying the database by pg_dump …');
      try {
        await snapshot.dumpTo(join(folder, PARTS.postgres));
      } finally {
        await snapshot.close();
      }
    };
    return { moment, finish };
  }
  const snapshot = SqliteSnapshot.take(database.file);
  const moment = await momentOf(at, snapshot);
  const name = relative(config.dataDir, database.file);
  return { moment, finish: () => copySnapshot(snapshot, name, join(folder, PARTS.data), progress).finally(() => snapshot.close()) };
};

interface Tables {
  hasTable(name: string): boolean | Promise<boolean>;
  rows<T extends object>(query: string): T[] | Promise<T[]>;
}

const momentOf = async (at: string, tables: Tables): Promise<Moment> => {
  const migrations = (await tables.hasTable('migrations'))
    ? await tables.rows<{ name: string }>('SELECT name FROM migrations ORDER BY id')
    : [];
  const anchors = (await tables.hasTable('proof_anchors'))
    ? await tables.rows<{ signature: string | null; expired: string }>('SELECT signature, expired_signatures AS expired FROM proof_anchors')
    : [];
  const anchored = anchors.flatMap(({ signature, expired }) => [
    ...(signature === null ? [] : [signature]),
    ...expiredSchema.parse(JSON.parse(expired)),
  ]);
  return { at, migrations: migrations.map(({ name }) => name), anchored: new Set(anchored) };
};

const copySnapshot = async (snapshot: SqliteSnapshot, name: string, folder: string, progress: Progress): Promise<void> => {
  const target = join(folder, name);
  await snapshot.copyTo(target, (share) => progress.show(() => `copying ${name}: ${Math.round(100 * share)} %`));
  chmodSync(target, 0o600);
};

const copyReadings = async (
  { config: { influxUrl }, influxAt }: Source,
  folder: string,
  progress: Progress,
): Promise<{ readings: Manifest['readings']; notes: string[] }> => {
  if (influxUrl === undefined) return { readings: 'sqlite', notes: [] };
  progress.step('copying the readings by influxd …');
  const outcome = await copyInflux(influxUrl, influxAt, join(folder, PARTS.influx));
  return outcome.kind === 'copied' ? { readings: 'influx', notes: [] } : { readings: 'left-out', notes: [outcome.message] };
};

/** Where the fleet file is in the backup: a plant may keep it with its data. */
const copyFleet = ({ config: { dataDir }, fleetFile }: Source, folder: string): string | undefined => {
  if (fleetFile === undefined || !existsSync(fleetFile)) return undefined;
  const inside = relative(resolve(dataDir), resolve(fleetFile));
  if (!inside.startsWith('..') && existsSync(join(folder, PARTS.data, inside))) return [PARTS.data, ...inside.split(sep)].join('/');
  copyFileSync(fleetFile, join(folder, PARTS.fleet));
  return PARTS.fleet;
};

const listed = async (folder: string, progress: Progress): Promise<Manifest['files']> => {
  const files: Manifest['files'] = [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).split(sep).join('/');
    progress.show(() => `reading ${path} over`);
    files.push({ path, bytes: statSync(file).size, sha256: await sha256Of(file), mode: modeOf(file) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
};
