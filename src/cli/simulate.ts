import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parseFleet } from '../fleet/fleet-file.js';
import { loadProfiles } from '../field/profiles.js';
import { BadInput } from '../kernel/errors.js';
import type { Plant, SiteId } from '../fleet/plant.js';
import { localDate, momentOf } from '../kernel/local-day.js';
import { type Clock, SystemClock } from '../platform/clock.js';
import { DemoClock } from '../platform/demo-clock.js';
import { tariffSchema } from '../signals/tariff.js';
import { FaultProxy, loadHomes, parseWireFault, startFleet, type WireFault, WIRE_FAULTS } from '../simulator/index.js';
import { untilStopped } from './stopping.js';
import { virtualSites } from './virtual-sites.js';

interface SimulateOptions {
  readonly fleet: string;
  readonly homes?: string;
  readonly seed: string;
  readonly at?: string;
  readonly fault: readonly string[];
  readonly json?: boolean;
}

/** A fault on the way to a site, or to one unit of it. */
interface PlacedFault {
  readonly siteId: string;
  readonly unitId: number | undefined;
  readonly fault: WireFault;
}

const HELP = `
late:MS and reboot:MS are in milliseconds, exception:CODE is answered instead, counter-reset:ADDRESS:WORDS begins a counter anew; without a
unit id a fault is on all of a site's wire.

Example:
  npm run -s vpp -- simulate --fleet hardware/fleets/demo.yaml --at 12:30 --fault home-03/2=late:1500
`;

export const simulateCommand = (): Command =>
  new Command('simulate')
    .description('only the virtual hardware of a fleet file, on Modbus TCP')
    .requiredOption('--fleet <file>', 'the fleet file; each site’s devices share one host and port')
    .option('--homes <folder>', 'measured homes to replay')
    .option('--seed <n>', 'another seed makes up other households and skies', '7')
    .option('--at <time>', 'the time it is there at the start, as 12:30 of the plant’s zone or 2026-06-21T12:30:00+02:00; now without it')
    .option('--fault <site[/unit]=fault>', `put a fault on a site’s wire; may be repeated: ${WIRE_FAULTS.join(', ')}`, collected, [])
    .option('--json', 'print one line of JSON when it listens')
    .addHelpText('after', HELP)
    .action(simulate);

const simulate = async (options: SimulateOptions): Promise<void> => {
  if (!existsSync(options.fleet)) throw new BadInput(`--fleet: there is no file ${options.fleet}`);
  const { plant } = parseFleet(options.fleet, readFileSync(options.fleet, 'utf8'), tariffSchema.optional());
  const seed = Number(options.seed);
  if (!Number.isInteger(seed) || seed < 0) throw new BadInput(`--seed: "${options.seed}" is not a whole number`);
  const measured = options.homes === undefined ? [] : loadHomes(options.homes);
  const faults = options.fault.map(placedFault);
  const unknown = faults.find(({ siteId }) => !plant.sites.some(({ id }) => id === siteId));
  if (unknown) throw new BadInput(`--fault: there is no site "${unknown.siteId}" in ${options.fleet}`);
  const nowhere = faults.find(({ siteId, unitId }) => unitId !== undefined && !unitsOf(plant, siteId).includes(unitId));
  if (nowhere)
    throw new BadInput(
      `--fault: site "${nowhere.siteId}" has the units ${unitsOf(plant, nowhere.siteId).join(', ')}, and no ${nowhere.unitId}`,
    );
  const clock = clockAt(options.at, plant.zone);
  const behindProxy = (id: string): boolean => faults.some(({ siteId }) => siteId === id);
  const sites = virtualSites({ plant, profiles: loadProfiles(), seed, measured, faults: [] });
  const hardware = sites.map((site) => (behindProxy(site.id) ? { ...site, port: 0 } : site));
  const fleet = await startFleet(hardware, { now: () => clock.now() });
  const addresses = new Map(fleet.addresses);
  const proxies: FaultProxy[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await fleet.stop();
  };
  try {
    for (const { id, host, port } of sites.filter((site) => behindProxy(site.id))) {
      const proxy = await FaultProxy.listen(fleet.addresses.get(id)!, { host, port });
      proxies.push(proxy);
      addresses.set(id, proxy.address);
      for (const { siteId, unitId, fault } of faults) if (siteId === id) await proxy.set(fault, unitId);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  // Whoever reads the line below may stop it at once.
  const stopped = untilStopped(stop, 'Switching the virtual hardware off …');
  const shown = [...addresses].map(([siteId, { host, port }]) => ({ siteId, host, port }));
  if (options.json) console.log(JSON.stringify({ sites: shown }));
  else for (const { siteId, host, port } of shown) console.log(`${siteId.padEnd(20)} ${host}:${port}`);
  await stopped;
};

const unitsOf = ({ sites }: Plant, siteId: SiteId): number[] =>
  sites.find(({ id }) => id === siteId)!.devices.map(({ address }) => address.unitId);

/** The machine's clock, or one that begins at another moment and goes on at the same pace. */
const clockAt = (at: string | undefined, zone: string): Clock => {
  const real = new SystemClock();
  if (at === undefined) return real;
  const time = /^(\d{1,2}):(\d{2})$/.exec(at);
  const [hour, minute] = [Number(time?.[1]), Number(time?.[2])];
  const isTime = time !== null && hour < 24 && minute < 60;
  const atMs = isTime
    ? momentOf(zone, localDate(zone, real.now()), hour, minute)
    : /T.*(Z|[+-]\d{2}:?\d{2})$/.test(at)
      ? Date.parse(at)
      : NaN;
  if (!Number.isFinite(atMs))
    throw new BadInput(`--at "${at}": give a time of the day, as 12:30, or a moment with its offset, as 2026-06-21T12:30:00+02:00`);
  const clock = new DemoClock(atMs);
  clock.run();
  return clock;
};

const collected = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const placedFault = (text: string): PlacedFault => {
  const parsed = /^([^=/]+)(?:\/(\d+))?=(.+)$/.exec(text);
  if (!parsed) throw new BadInput(`--fault "${text}": write SITE=FAULT or SITE/UNIT=FAULT, as in home-03/2=late:1500`);
  return { siteId: parsed[1]!, unitId: parsed[2] === undefined ? undefined : Number(parsed[2]), fault: parseWireFault(parsed[3]!) };
};
