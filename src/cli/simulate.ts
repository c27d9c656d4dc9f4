import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parseFleet } from '../fleet/fleet-file.js';
import { loadProfiles } from '../field/profiles.js';
import { BadInput } from '../kernel/errors.js';
import { SystemClock } from '../platform/clock.js';
import { tariffSchema } from '../signals/tariff.js';
import { loadHomes, startFleet } from '../simulator/index.js';
import { untilStopped } from './stopping.js';
import { virtualSites } from './virtual-sites.js';

interface SimulateOptions {
  readonly fleet: string;
  readonly homes?: string;
  readonly seed: string;
  readonly json?: boolean;
}

export const simulateCommand = (): Command =>
  new Command('simulate')
    .description('only the virtual hardware of a fleet file, on Modbus TCP')
    .requiredOption('--fleet <file>', 'the fleet file; each site’s devices share one host and port')
    .option('--homes <folder>', 'measured homes to replay')
    .option('--seed <n>', 'another seed makes up other households and skies', '7')
    .option('--json', 'print one line of JSON when it listens')
    .addHelpText('after', '\nExample:\n  npm run -s vpp -- simulate --fleet hardware/fleets/demo.yaml\n')
    .action(simulate);

const simulate = async (options: SimulateOptions): Promise<void> => {
  if (!existsSync(options.fleet)) throw new BadInput(`--fleet: there is no file ${options.fleet}`);
  const { plant } = parseFleet(options.fleet, readFileSync(options.fleet, 'utf8'), tariffSchema.optional());
  const seed = Number(options.seed);
  if (!Number.isInteger(seed) || seed < 0) throw new BadInput(`--seed: "${options.seed}" is not a whole number`);
  const measured = options.homes === undefined ? [] : loadHomes(options.homes);
  const clock = new SystemClock();
  const fleet = await startFleet(virtualSites({ plant, profiles: loadProfiles(), seed, measured, faults: [] }), { now: () => clock.now() });
  const sites = [...fleet.addresses].map(([siteId, { host, port }]) => ({ siteId, host, port }));
  if (options.json) console.log(JSON.stringify({ sites }));
  else for (const { siteId, host, port } of sites) console.log(`${siteId.padEnd(20)} ${host}:${port}`);
  await untilStopped(() => fleet.stop());
};
