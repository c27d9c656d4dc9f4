import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import { type Config, configOf } from '../../platform/config.js';
import { Progress } from '../progress.js';
import { noteIn } from '../running-plant.js';
import { pack } from './archive.js';
import { collect, type Collected } from './collect.js';
import { MANIFEST_FILE } from './manifest.js';

interface BackupOptions {
  readonly data?: string;
  readonly fleet?: string;
  readonly influx?: string;
  readonly json?: boolean;
}

const HELP = `
Also while the plant runs; it is not held up. Database, readings, signing keys, embedded ledger, leases and fleet file go into
one file, which is there whole or not at all. PostgreSQL is copied by pg_dump; InfluxDB by influxd, where that is here.
The file holds the plant's signing keys and logins: keep it as you keep those.

Example:
  vpp backup /var/backups/plant-2026-11-28.tar`;

export const backupCommand = (): Command =>
  new Command('backup')
    .description('everything a plant keeps, in one file')
    .argument('<file>', 'the file to make')
    .option('--data <folder>', 'the plant’s folder (VPP_DATA_DIR)')
    .option('--fleet <file>', 'the fleet file (VPP_FLEET); that of the plant that runs without it')
    .option('--influx <host:port>', 'where InfluxDB hands out backups; port 8088 of its host without it')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(backUp);

const backUp = async (file: string, options: BackupOptions): Promise<void> => {
  const config = configOf({ ...process.env, ...(options.data === undefined ? {} : { VPP_DATA_DIR: options.data }) });
  refuseUnfit(file, config);
  const note = noteIn(config.dataDir);
  const fleetFile = options.fleet ?? config.fleetFile ?? note?.fleetFile;
  if (options.influx !== undefined && !URL.canParse(`tcp://${options.influx}`))
    throw new BadInput(`--influx "${options.influx}": give HOST:PORT, as 127.0.0.1:8088`);
  if (options.fleet !== undefined && !existsSync(options.fleet)) throw new BadInput(`--fleet ${options.fleet}: there is no such file`);
  const progress = new Progress();
  const { manifest, notes } = await inFolderBeside(file, async (folder) => {
    const collected = await collect({ config, plant: note?.plant ?? '', fleetFile, influxAt: options.influx }, folder, progress);
    progress.step('packing …');
    await packed(file, folder, collected);
    return collected;
  });
  progress.clear();
  const { files, ...about } = manifest;
  const bytes = statSync(file).size;
  if (options.json === true) return console.log(JSON.stringify({ file, bytes, ...about, files: files.length, notes }));
  console.log(`${file}: ${files.length} files, ${(bytes / 1_000_000).toFixed(1)} MB, as of ${manifest.at}`);
  console.log('It holds the plant’s signing keys and logins, and only this user may read it: keep it as you keep those.');
  for (const line of notes) console.log(`Note: ${line}`);
};

const refuseUnfit = (file: string, { dataDir, database }: Config): void => {
  if (existsSync(file)) throw new BadInput(`${file}: is there already; name another file, or take that one away`);
  if (!existsSync(dirname(resolve(file)))) throw new BadInput(`${file}: there is no folder ${dirname(file)}`);
  if (!existsSync(dataDir) || (database.kind === 'sqlite' && !existsSync(database.file)))
    throw new BadInput(`${dataDir}: holds no plant; name its folder with --data or VPP_DATA_DIR`);
  if (!relative(resolve(dataDir), resolve(file)).startsWith('..'))
    throw new BadInput(`${file}: lies in the plant’s own folder, and would be lost with it; name a file elsewhere`);
};

/** Works in a private folder beside a file, on the same disk, which is gone afterwards. */
const inFolderBeside = async <T>(file: string, work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(`${resolve(file)}.parts-`);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const stopped = (): void => {
    remove();
    process.exit(1);
  };
  process.once('SIGINT', stopped).once('SIGTERM', stopped);
  try {
    return await work(folder);
  } catch (error) {
    // A full disk, most of all.
    if ((error as NodeJS.ErrnoException).syscall !== undefined)
      throw new AdapterError(`${file}: cannot be written: ${messageOf(error)}`, true, { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', stopped).off('SIGTERM', stopped);
    remove();
  }
};

const packed = (file: string, folder: string, { manifest }: Collected): Promise<void> => {
  writeFileSync(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  return pack(file, folder, [MANIFEST_FILE, ...manifest.files.map(({ path }) => path)]);
};
