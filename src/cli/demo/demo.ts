import { randomInt } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { loadProfiles } from '../../field/profiles.js';
import { BadInput } from '../../kernel/errors.js';
import { isZone } from '../../kernel/local-day.js';
import { type EpochMs, SECOND_MS } from '../../kernel/units.js';
import { SystemClock } from '../../platform/clock.js';
import { type Config, configOf } from '../../platform/config.js';
import { DemoClock } from '../../platform/demo-clock.js';
import { lockFolder } from '../../platform/folder-lock.js';
import { createLog } from '../../platform/logger.js';
import { loadHomes, type MeasuredHome } from '../../simulator/index.js';
import { openReadingStore } from '../../telemetry/telemetry.module.js';
import { readingTarget } from '../reading-target.js';
import { CHOOSE_PORT, portFault } from '../ports.js';
import { untilStopped } from '../stopping.js';
import { DEMO_FAULTS, virtualSites } from '../virtual-sites.js';
import { demoFleet, onPorts, sunnyMorning, withMeasuredHomes } from './demo-plant.js';
import { DemoRun, type DemoSettings } from './demo-run.js';
import { DemoFolder, type DemoState, madePassword } from './demo-state.js';
import { gapNote, sunnyMeasuredMorning, zoneOfSun } from './measured-days.js';

const DEFAULT_SEED = 7;
const DEFAULT_MODBUS_PORT = 15_020;
/** Between the last saved state of the virtual hardware and the moment a killed demo had reached. */
const KILLED_MARGIN_MS = 5 * SECOND_MS;

export interface DemoOptions {
  readonly data?: string;
  readonly port?: string;
  readonly homes?: string;
  readonly zone?: string;
  readonly seed?: string;
  readonly modbusPort?: string;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

export const demoCommand = (): Command =>
  new Command('demo')
    .description('a whole virtual power plant on simulated hardware, nothing to configure')
    .option('--homes <folder>', 'measured homes to replay: CSV files with start_utc,load_w,pv_w')
    .option('--zone <name>', 'their IANA time zone; otherwise reckoned from their sun')
    .option('--seed <n>', 'another seed makes up other households and skies')
    .option('--port <n>', 'port of the pages; 0 takes a free one (VPP_PORT, 8080)')
    .option('--modbus-port <n>', `first port of the virtual hardware; 0 takes free ones (${DEFAULT_MODBUS_PORT})`)
    .option('--data <folder>', 'where the demo keeps what it knows (VPP_DATA_DIR/demo)')
    .option('--fresh', 'forget an earlier demo in that folder and start over')
    .option('--json', 'print one line of JSON when the pages are up')
    .addHelpText('after', '\nExample:\n  npm start -- --homes ../shared/data/homes --port 8090\n')
    .action(demo);

const demo = async (options: DemoOptions): Promise<void> => {
  const { note, ...settings } = await settingsOf(options);
  await portsAreFree(settings);
  if (options.fresh) rmSync(settings.config.dataDir, { recursive: true, force: true });
  const run = await DemoRun.start(settings);
  if (note !== undefined) console.error(`  ${note}`);
  await untilStopped(() => run.stop());
};

/** Everything that can be wrong with what was asked is found here, before anything is started or written. */
const settingsOf = async (options: DemoOptions): Promise<DemoSettings & { note: string | undefined }> => {
  const config = demoConfig(options);
  const measured = options.homes === undefined ? [] : loadHomes(options.homes);
  if (existsSync(config.dataDir)) lockFolder(config.dataDir).release();
  if (options.fresh) refuseForeign(config.dataDir);
  const folder = new DemoFolder(config.dataDir);
  const state = (options.fresh ? undefined : folder.read()) ?? newState(options, measured);
  refuseOther(state, options, config.dataDir);
  const replayed = state.homes === undefined ? [] : measured.length > 0 ? measured : loadHomes(state.homes);
  const file = demoFleet();
  const zoned = replayed.length > 0 ? withMeasuredHomes(file.plant, replayed, state.zone) : file.plant;
  const plant = onPorts(zoned, await modbusPorts(options, zoned.sites.length));
  const sites = virtualSites({ plant, profiles: loadProfiles(), seed: state.seed, measured: replayed, faults: DEMO_FAULTS });
  const fleet = { ...file, plant };
  return {
    config,
    fleet,
    sites,
    folder,
    state,
    clock: new DemoClock(await resumeMs(folder, state, config)),
    log: createLog(config.logLevel),
    json: options.json ?? false,
    note: gapNote(replayed),
  };
};

const demoConfig = (options: DemoOptions): Config => {
  const base = configOf({ ...process.env, VPP_LOG_LEVEL: process.env['VPP_LOG_LEVEL'] ?? 'warn' });
  const dataDir = resolve(options.data ?? join(base.dataDir, 'demo'));
  const port = options.port === undefined ? base.port : wholeNumber('--port', options.port, 65_535);
  const rawRetentionDays = process.env['VPP_RAW_RETENTION_DAYS'] === undefined ? 2 : base.rawRetentionDays;
  const intervalMinutes = process.env['VPP_INTERVAL_MINUTES'] === undefined ? 1 : base.intervalMinutes;
  const database = base.database.kind === 'sqlite' ? { kind: 'sqlite' as const, file: join(dataDir, 'plant.sqlite') } : base.database;
  return { ...base, dataDir, port, rawRetentionDays, intervalMinutes, database };
};

const wholeNumber = (option: string, text: string, max: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new BadInput(`${option}: "${text}" is not a whole number from 0 to ${max}`);
  return value;
};

/** Only what a demo has written is ever deleted. */
const refuseForeign = (dataDir: string): void => {
  if (existsSync(dataDir) && !existsSync(join(dataDir, 'demo.json')))
    throw new BadInput(`--fresh: ${dataDir} holds no demo, so it is left as it is; name the demo's folder with --data`);
};

const newState = (options: DemoOptions, measured: readonly MeasuredHome[]): DemoState => {
  const seed = options.seed === undefined ? DEFAULT_SEED : wholeNumber('--seed', options.seed, 2 ** 31);
  const first = measured[0];
  if (options.zone !== undefined && !isZone(options.zone))
    throw new BadInput(`--zone: "${options.zone}" is not an IANA time zone, such as America/Los_Angeles`);
  if (options.zone !== undefined && !first) throw new BadInput('--zone: goes with --homes; the made-up plant has its own');
  const zone = first ? (options.zone ?? zoneOfSun(first)) : demoFleet().plant.zone;
  return {
    version: 1,
    seed,
    ...(options.homes === undefined ? {} : { homes: resolve(options.homes) }),
    zone,
    startMs: first ? sunnyMeasuredMorning(zone, measured) : sunnyMorning(zone, seed, new SystemClock().now()),
    daysDone: 0,
    logins: [
      { name: 'operator', password: madePassword(), role: 'operator', title: 'Grid operator' },
      { name: 'home-01', password: madePassword(), role: 'household', title: 'A home with sun and battery' },
      { name: 'home-04', password: madePassword(), role: 'household', title: 'A home with a hybrid inverter' },
    ],
  };
};

const refuseOther = (state: DemoState, options: DemoOptions, dataDir: string): void => {
  const asked = options.homes === undefined ? undefined : resolve(options.homes);
  const differs =
    (asked !== undefined && asked !== state.homes) ||
    (options.seed !== undefined && Number(options.seed) !== state.seed) ||
    (options.zone !== undefined && options.zone !== state.zone);
  if (!differs) return;
  const holds = state.homes === undefined ? `made-up homes with seed ${state.seed}` : `the homes of ${state.homes} in ${state.zone}`;
  throw new BadInput(`${dataDir} holds a demo of ${holds}; start over with --fresh, or name another folder with --data`);
};

/**
 * The virtual hardware stood still while the demo was off, and so did its clock: it goes on from the last moment on record,
 * and never before a reading that is stored.
 */
const resumeMs = async (folder: DemoFolder, { daysDone, startMs }: DemoState, config: Config): Promise<EpochMs> => {
  const hardware = daysDone > 0 ? folder.readHardware() : undefined;
  if (!hardware) return startMs;
  return Math.max(hardware.atMs + KILLED_MARGIN_MS, (await lastReadMs(config)) + SECOND_MS);
};

const lastReadMs = async (config: Config): Promise<EpochMs> => {
  const store = openReadingStore(readingTarget(config), () => undefined);
  try {
    return (await store.lastMs()) ?? -Infinity;
  } finally {
    await store.close();
  }
};

const modbusPorts = (options: DemoOptions, count: number): Promise<number[]> | number[] => {
  const base = options.modbusPort === undefined ? DEFAULT_MODBUS_PORT : wholeNumber('--modbus-port', options.modbusPort, 65_535 - count);
  return base === 0 ? freePorts(count) : Array.from({ length: count }, (_, index) => base + index);
};

/** Below what systems hand out to outgoing connections: a port that is free stays so until it is listened on. */
const FREE_PORTS = { from: 16_000, to: 32_000 };
const MOST_TRIES = 50;

/** A run of ports that nobody listens on. Throws `BadInput` where none was found. */
const freePorts = async (count: number): Promise<number[]> => {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const base = randomInt(FREE_PORTS.from, FREE_PORTS.to - count);
    const ports = Array.from({ length: count }, (_, index) => base + index);
    const faults = await Promise.all(ports.map((port) => portFault('127.0.0.1', port, '')));
    if (faults.every((fault) => fault === undefined)) return ports;
  }
  throw new BadInput(`--modbus-port: found no ${count} free ports in a row; name the first one of a free stretch`);
};

/** Names every port that is taken, before anything is started. */
const portsAreFree = async ({ config, sites }: DemoSettings): Promise<void> => {
  const faults = await Promise.all([
    portFault(config.host, config.port, CHOOSE_PORT),
    ...sites.map(({ host, port }) => portFault(host, port, 'choose others with --modbus-port; 0 takes free ones')),
  ]);
  const taken = faults.flatMap((fault) => fault ?? []);
  if (taken.length > 0) throw new BadInput(taken);
};
