import { Command } from 'commander';
import { devicesOf } from '../fleet/plant.js';
import type { PlantFacts } from '../grid/plant-facts.js';
import { BadInput } from '../kernel/errors.js';
import { AuthService } from '../platform/auth.service.js';
import { SystemClock } from '../platform/clock.js';
import { type Config, configOf } from '../platform/config.js';
import { createLog } from '../platform/logger.js';
import { wholeNumber } from './device-arguments.js';
import { PlantApp } from './plant-app.js';
import { CHOOSE_PORT, portFault } from './ports.js';
import { readFleet } from './serve-fleet.js';
import { untilStopped } from './stopping.js';

interface ServeOptions {
  readonly fleet?: string;
  readonly port?: string;
  readonly json?: boolean;
}

export const serveCommand = (): Command =>
  new Command('serve')
    .description('the plant on real devices, from a fleet file; commands one reachable network')
    .option('--fleet <file>', 'the fleet file (VPP_FLEET)')
    .option('--port <n>', 'port of the pages and the API (VPP_PORT, 8080)')
    .option('--json', 'print one line of JSON when the pages are up')
    .addHelpText('after', '\nExample:\n  npm run -s vpp -- user add anna\n  npm run -s vpp -- serve --fleet hardware/fleets/example.yaml\n')
    .action(serve);

const serve = async (options: ServeOptions): Promise<void> => {
  if (options.port !== undefined) wholeNumber('--port', options.port, 0, 65_535);
  const config = configOf({
    ...process.env,
    ...(options.port === undefined ? {} : { VPP_PORT: options.port }),
    ...(options.fleet === undefined ? {} : { VPP_FLEET: options.fleet }),
  });
  const fleet = readFleet(config);
  // Asked before anything is commanded; the pages come up last.
  const fault = await portFault(config.host, config.port, CHOOSE_PORT);
  if (fault !== undefined) throw new BadInput(fault);
  const log = createLog(config.logLevel);
  const plant = await PlantApp.create({
    config,
    fleet,
    log,
    clock: new SystemClock(),
    facts: factsOf(config),
    origin: `heliograph.invalid/${slug(fleet.plant.name)}`,
  });
  try {
    await refuseDemoLogins(plant);
    await plant.run();
    const url = await plant.listen();
    const devices = devicesOf(fleet.plant).length;
    console.log(
      options.json ? JSON.stringify({ url, plant: fleet.plant.name, devices }) : `${fleet.plant.name}: ${devices} devices, ${url}`,
    );
    log.info({ url }, 'the plant is up');
  } catch (error) {
    await plant.stop();
    throw error;
  }
  await untilStopped(() => plant.stop());
};

/** Passwords that were printed on a page must open nothing on a real plant, and without an operator nobody could stop it. */
const refuseDemoLogins = async ({ app }: PlantApp): Promise<void> => {
  const auth = app.get(AuthService);
  if (await auth.hasDemoUsers())
    throw new BadInput('this database holds logins of the demo; use another VPP_DATA_DIR or DATABASE_URL for a real plant');
  if (!(await auth.hasOperator())) throw new BadInput('there is no operator yet; make one with: npm run -s vpp -- user add NAME');
};

const factsOf = (config: Config): PlantFacts => ({
  mode: 'serve',
  simulated: false,
  replay: undefined,
  clockOffsetMs: 0,
  intervalMinutes: config.intervalMinutes,
  ledger: config.solanaRpcUrl === undefined ? 'embedded' : new URL(config.solanaRpcUrl).host,
  demoLogins: undefined,
  history: () => undefined,
});

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
