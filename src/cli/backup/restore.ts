import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import { SystemClock } from '../../platform/clock.js';
import { type Config, configOf } from '../../platform/config.js';
import { syncFolder } from '../../platform/durable-file.js';
import { type FolderLock, lockFolder } from '../../platform/folder-lock.js';
import { Progress } from '../progress.js';
import { sha256Of, unpack } from './archive.js';
import { type Manifest, MANIFEST_FILE, manifestSchema, newerThanThis, PARTS } from './manifest.js';
import { refuseFilledPostgres, restorePostgres } from './postgres-copy.js';

interface RestoreOptions {
  readonly data?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

const HELP = `
Every byte is checked before anything is touched. The folder must be empty or new; --force moves aside what is in it.
What the plant recorded after the backup is not in it: its anchors on a chain stay there, and the log goes on from the backup.

Example:
  vpp restore /var/backups/plant-2026-11-28.tar --data data`;

export const restoreCommand = (): Command =>
  new Command('restore')
    .description('a plant’s folder from a backup')
    .argument('<file>', 'made by vpp backup')
    .option('--data <folder>', 'the folder to make (VPP_DATA_DIR)')
    .option('--force', 'move the old folder aside')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(restore);

const restore = async (file: string, options: RestoreOptions): Promise<void> => {
  const config = configOf({ ...process.env, ...(options.data === undefined ? {} : { VPP_DATA_DIR: options.data }) });
  const progress = new Progress();
  const place = Place.take(resolve(config.dataDir), options.force === true);
  try {
    progress.step('checking …');
    await unpack(file, place.staging);
    const manifest = await checkedManifest(file, place.staging);
    await refuseUnfit(file, manifest, config);
    if (config.database.kind === 'postgres') {
      progress.step('restoring the database by pg_restore …');
      await restorePostgres(config.database.url, join(place.staging, PARTS.postgres));
    }
    const put = arrange(manifest, place.staging);
    const aside = place.fill(join(place.staging, PARTS.data));
    say(manifest, { ...put, aside, folder: config.dataDir }, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new AdapterError(`${config.dataDir}: cannot be written: ${messageOf(error)}`, true, { cause: error });
  } finally {
    progress.clear();
    place.leave();
  }
};

/** Holds the unpacked files against the manifest, and gives them the modes they had. */
const checkedManifest = async (file: string, folder: string): Promise<Manifest> => {
  const manifest = manifestIn(file, join(folder, MANIFEST_FILE));
  const newer = newerThanThis(manifest);
  if (newer.length > 0)
    throw new BadInput(
      `${file}: was written by a newer version of Heliograph (${manifest.version}; it knows ${newer.join(', ')}); update Heliograph`,
    );
  const damaged = (path: string): BadInput => new BadInput(`${file}: ${path} is not as the manifest has it; use another copy`);
  const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (there.length !== manifest.files.length + 1) throw damaged(MANIFEST_FILE);
  for (const { path, bytes, sha256, mode } of manifest.files) {
    const target = join(folder, path);
    if (!existsSync(target) || statSync(target).size !== bytes || (await sha256Of(target)) !== sha256) throw damaged(path);
    chmodSync(target, mode);
    syncFile(target);
  }
  return manifest;
};

const manifestIn = (file: string, path: string): Manifest => {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new BadInput(`${file}: its manifest cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
};

const syncFile = (path: string): void => {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

const refuseUnfit = async (file: string, { database }: Manifest, config: Config): Promise<void> => {
  if (database !== config.database.kind)
    throw new BadInput(
      database === 'postgres'
        ? `${file}: holds a PostgreSQL database; set DATABASE_URL to an empty one`
        : `${file}: holds an SQLite database, and DATABASE_URL names PostgreSQL; unset it`,
    );
  if (config.database.kind === 'postgres') await refuseFilledPostgres(config.database.url);
};

/** Puts what came from elsewhere into the data folder, where no such thing is; answers where it is to be found. */
const arrange = ({ fleet, readings }: Manifest, folder: string): { fleet?: string; influx?: string } => {
  const data = join(folder, PARTS.data);
  const influx = readings === 'influx' ? 'influxdb-backup' : undefined;
  if (influx !== undefined) renameSync(join(folder, PARTS.influx), join(data, influx));
  if (fleet === PARTS.fleet) renameSync(join(folder, fleet), join(data, fleet));
  return { fleet: fleet?.replace(`${PARTS.data}/`, ''), influx };
};

interface Restored {
  readonly folder: string;
  readonly aside: string | undefined;
  readonly fleet?: string;
  readonly influx?: string;
}

const say = (
  { plant, at, version, readings, files }: Manifest,
  { folder, aside, fleet, influx }: Restored,
  { json }: RestoreOptions,
): void => {
  const fleetFile = fleet === undefined ? undefined : join(folder, fleet);
  if (json === true) return console.log(JSON.stringify({ folder, plant, at, version, readings, files: files.length, aside, fleetFile }));
  console.log(`${folder}: ${plant === '' ? 'the plant' : `"${plant}"`} as of ${at}, ${files.length} files, every one checked`);
  if (aside !== undefined) console.log(`What was there is now in ${aside}.`);
  if (influx !== undefined) console.log(`Readings: restore them into InfluxDB with: influxd restore -portable ${join(folder, influx)}`);
  if (readings === 'left-out') console.log('Readings: they were in InfluxDB and are not in this backup; restore them with its own tool.');
  if (fleetFile !== undefined) console.log(`Start it with: npm run -s vpp -- serve --fleet ${fleetFile}`);
};

/** Locks stay in a folder whose plant has ended; and some disks come with a folder of their own. */
const NOTHING = /^(((supervisor|commissioning)-)?lock\.sqlite(-journal)?|lost\+found)$/;

/** The folder to be made, held against plants and supervisors, with room beside it on the same disk. */
class Place {
  private constructor(
    private readonly folder: string,
    readonly staging: string,
    /** A disk of its own: it cannot be put in the place of another folder, only filled. */
    private readonly mounted: boolean,
    private readonly locks: readonly FolderLock[],
  ) {}

  static take(folder: string, force: boolean): Place {
    const parent = dirname(folder);
    if (!existsSync(parent)) mkdirSync(parent, { recursive: true, mode: 0o700 });
    const there = existsSync(folder);
    const locks = there ? [lockFolder(folder), lockFolder(folder, 'supervisor')] : [];
    try {
      const filled = there && readdirSync(folder).some((name) => !NOTHING.test(name));
      if (filled && !force) throw new BadInput(`${folder} is not empty; name a new folder, or move it aside with --force`);
      const mounted = there && statSync(folder).dev !== statSync(parent).dev;
      if (filled && mounted) throw new BadInput(`${folder} is a disk of its own, which cannot be moved aside; empty it first`);
      return new Place(folder, mkdtempSync(join(mounted ? folder : parent, `.${basename(folder)}-restoring-`)), mounted, locks);
    } catch (error) {
      for (const lock of locks) lock.release();
      throw error;
    }
  }

  /** Puts a folder of the staging in place; answers where the old one is now. */
  fill(source: string): string | undefined {
    chmodSync(source, 0o700);
    if (this.mounted) {
      for (const name of readdirSync(source)) renameSync(join(source, name), join(this.folder, name));
      syncFolder(this.folder);
      return undefined;
    }
    const filled = existsSync(this.folder) && readdirSync(this.folder).some((name) => !NOTHING.test(name));
    const aside = filled ? `${this.folder}.before-${new Date(new SystemClock().now()).toISOString().replaceAll(/[:.]/g, '-')}` : undefined;
    if (aside !== undefined) renameSync(this.folder, aside);
    else rmSync(this.folder, { recursive: true, force: true });
    renameSync(source, this.folder);
    syncFolder(dirname(this.folder));
    return aside;
  }

  leave(): void {
    rmSync(this.staging, { recursive: true, force: true });
    for (const lock of this.locks) lock.release();
  }
}
