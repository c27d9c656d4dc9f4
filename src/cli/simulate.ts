import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parseFleet } from '../fleet/fleet-file.js';
import { loadProfiles } from '../field/profiles.js';
import { BadInput } from '../kernel/errors.js';
import { SystemClock } from '../platform/clock.js';
import { tariffSchema } from '../signals/tariff.js';
import { FaultProxy, loadHomes, parseWireFault, startFleet, type WireFault, WIRE_FAULTS } from '../simulator/index.js';
import { untilStopped } from './stopping.js';
import { virtualSites } from './virtual-sites.js';

interface SimulateOptions {
  readonly fleet: string;
  readonly homes?: string;
  readonly seed: string;
  readonly fault: readonly string[];
  readonly json?: boolean;
}

/** A fault on the way to a site, or to one unit of it. */
interface PlacedFault {
  readonly siteId: string;
  readonly unitId: number | undefined;
  readonly fault: WireFault;
}

export const simulateCommand = (): Command =>
  new Command('simulate')
    .description('only the virtual hardware of a fleet file, on Modbus TCP')
    .requiredOption('--fleet <file>', 'the fleet file; each site’s devices share one host and port')
    .option('--homes <folder>', 'measured homes to replay')
    .option('--seed <n>', 'another seed makes up other households and skies', '7')
    .option('--fault <site[/unit]=fault>', `put a fault on a site’s wire; may be repeated: ${WIRE_FAULTS.join(', ')}`, collected, [])
    .option('--json', 'print one line of JSON when it listens')
    .addHelpText('after', '\nExample:\n  npm run -s vpp -- simulate --fleet hardware/fleets/demo.yaml --fault home-03/2=late:1500\n')
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
  const clock = new SystemClock();
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
  const shown = [...addresses].map(([siteId, { host, port }]) => ({ siteId, host, port }));
  if (options.json) console.log(JSON.stringify({ sites: shown }));
  else for (const { siteId, host, port } of shown) console.log(`${siteId.padEnd(20)} ${host}:${port}`);
  await untilStopped(stop, 'Switching the virtual hardware off …');
};

const collected = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const placedFault = (text: string): PlacedFault => {
  const parsed = /^([^=/]+)(?:\/(\d+))?=(.+)$/.exec(text);
  if (!parsed) throw new BadInput(`--fault "${text}": write SITE=FAULT or SITE/UNIT=FAULT, as in home-03/2=late:1500`);
  return { siteId: parsed[1]!, unitId: parsed[2] === undefined ? undefined : Number(parsed[2]), fault: parseWireFault(parsed[3]!) };
};
