import { Command } from 'commander';
import { ModbusSerialLinks } from '../field/adapters/modbus-serial-link.js';
import { Bus, type BusUnit, timingOf } from '../field/bus.js';
import { type Commissioned, commissionedDevice } from '../field/commissioned.js';
import { type DeviceReport, type PointReport, scanUnit, type UnitFound } from '../field/commissioning.js';
import type { CommandOutcome } from '../field/drivers/device-driver.js';
import { loadProfiles } from '../field/profiles.js';
import type { Setpoint } from '../field/setpoint.js';
import { AdapterError, BadInput } from '../kernel/errors.js';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';
import { parseBus, parseDuration, parseSetpoint, parseUnitIds, type SetpointText, wholeNumber } from './device-arguments.js';

interface Reach {
  readonly json?: boolean;
  readonly timeoutMs: string;
}

interface OneUnit extends Reach {
  readonly unit: string;
  readonly profile?: string;
}

const WATCHED = /(^|\.)(W|WH|PhV|Hz|SoC|ChaState|TotWhImp|TotWhExp|TotWhInj|TotWhAbs|WMaxLimPct|DCW)$|^[a-z]/;

/** `vpp device …`: commissioning of one device at a time, without a plant. */
export const deviceCommand = (): Command => {
  const device = new Command('device').description('find, read, watch and try devices on Modbus');
  reachable(device.command('scan').argument('<address>', 'HOST[:PORT], rtu+HOST:PORT, or a serial line as /dev/ttyUSB0@9600,8N1'))
    .description('say who answers at which unit id')
    .option('--unit-ids <list>', 'unit ids to try, as 1-10,247', '1-10')
    .addHelpText('after', '\nExample:\n  $ vpp device scan 192.0.2.17:502 --unit-ids 1-10,126')
    .action(scan);
  oneUnit(device.command('read'))
    .description('read every point once')
    .addHelpText('after', '\nExample:\n  $ vpp device read 192.0.2.17 --unit 1 --profile eastron-sdm630 --json')
    .action(read);
  oneUnit(device.command('watch'))
    .description('read the main points again and again, a line each time')
    .option('--every <duration>', 'pause between readings', '1s')
    .option('--count <n>', 'end after so many readings')
    .addHelpText('after', '\nExample:\n  $ vpp device watch 192.0.2.17 --unit 1 --every 2s')
    .action(watch);
  oneUnit(device.command('command'))
    .description('try a setpoint that the device ends by itself')
    .option('--limit <value>', 'most active power, as 60% or 3000W')
    .option('--battery <power>', 'battery power, as 1500W to discharge or -1500W to charge')
    .option('--generator <power>', 'run at a power, as 8000W; `stop` stops it')
    .option('--release', 'end whatever is commanded')
    .option('--for <duration>', 'how long the device keeps it', '1m')
    .option('--wait', 'stay until the device lets go, and say after how long it did')
    .addHelpText('after', '\nExample:\n  $ vpp device command 192.0.2.17 --unit 1 --limit 60% --for 2m --wait')
    .action(command);
  return device;
};

const reachable = (sub: Command): Command =>
  sub.option('--timeout-ms <ms>', 'how long a unit may take to answer', '1000').option('--json', 'print JSON for machines');

const oneUnit = (sub: Command): Command =>
  reachable(sub.argument('<address>', 'HOST[:PORT], rtu+HOST:PORT, or a serial line as /dev/ttyUSB0@9600,8N1'))
    .requiredOption('--unit <id>', 'unit id of the device')
    .option('--profile <name>', 'a file of hardware/profiles; without it the device must speak SunSpec');

/** Runs on one bus and closes it. A device that does not answer is an answer too: a line on stderr, and exit code 1. */
const onBus = async (address: string, { timeoutMs, json }: Reach, act: (bus: Bus) => Promise<void>): Promise<void> => {
  const way = parseBus(address);
  const timing = { ...timingOf(way), timeoutMs: wholeNumber('--timeout-ms', timeoutMs, 10, 60_000) };
  const bus = new Bus(new ModbusSerialLinks().link(way), timing);
  try {
    await act(bus);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    if (json) print({ error: error.message });
    else console.error(error.message);
    process.exitCode = 1;
  } finally {
    await bus.close();
  }
};

const onDevice = (address: string, options: OneUnit, act: (device: Commissioned) => Promise<void>): Promise<void> => {
  const unitId = wholeNumber('--unit', options.unit, 0, 255);
  return onBus(address, options, async (bus) => {
    const unit: BusUnit = bus.unit(unitId);
    await act(await commissionedDevice(unit, options.profile));
  });
};

const print = (value: unknown): void => console.log(JSON.stringify(value));

const scan = (address: string, options: Reach & { unitIds: string }): Promise<void> => {
  const unitIds = parseUnitIds(options.unitIds);
  const profiles = loadProfiles();
  return onBus(address, options, async (bus) => {
    const found: UnitFound[] = [];
    for (const unitId of unitIds) {
      const unit = await scanUnit(bus.unit(unitId), profiles);
      if (!unit) continue;
      found.push(unit);
      if (!options.json) console.log(unitLine(unit));
    }
    if (options.json) print({ address, units: found });
    else if (found.length === 0) console.log(`nobody answers at unit ids ${options.unitIds}`);
    if (found.length === 0) process.exitCode = 1;
  });
};

const unitLine = (found: UnitFound): string => {
  const at = `unit ${String(found.unitId).padStart(3)}`;
  switch (found.kind) {
    case 'sunspec': {
      const { manufacturer = '?', model = '?', version = '?', serial = '?' } = found.identity;
      return `${at}  SunSpec ${found.models.map(({ id }) => id).join('+')}  ${manufacturer} ${model} ${version}, serial ${serial}`;
    }
    case 'register-map':
      return `${at}  register map, fits --profile ${found.profiles.join(' or ')}`;
    case 'unknown':
      return `${at}  ${found.reason}`;
  }
};

const read = (address: string, options: OneUnit): Promise<void> =>
  onDevice(address, options, async (device) => {
    const report = await device.report();
    if (options.json) return print({ address, unitId: Number(options.unit), ...report });
    printReport(report);
  });

const printReport = ({ identity, models, quirks, points }: DeviceReport): void => {
  console.log(Object.values(identity).join(' '));
  for (const { id, name, address, length } of models) console.log(`model ${id} (${name}) at ${address}, ${length} registers`);
  for (const { name, source } of quirks) console.log(`quirk: ${name} (${source})`);
  for (const [name, point] of Object.entries(points)) console.log(`${name.padEnd(28)} ${shown(point)}`);
};

const shown = ({ value, unit, quality, meaning }: PointReport): string =>
  value === undefined ? `(${quality})` : `${value} ${unit}${meaning ? ` ${meaning}` : ''}`.trimEnd();

const watch = (address: string, options: OneUnit & { every: string; count?: string }): Promise<void> => {
  const everyMs = parseDuration('--every', options.every);
  const count = options.count === undefined ? Infinity : wholeNumber('--count', options.count, 1, 1_000_000);
  return onDevice(address, options, async (device) => {
    for (let done = 1; done <= count; done += 1) {
      const points = Object.entries((await device.report()).points).filter(
        ([name, { value }]) => value !== undefined && WATCHED.test(name),
      );
      if (options.json) print({ points: Object.fromEntries(points) });
      else console.log(points.map(([name, point]) => `${name}=${shown(point)}`).join('  '));
      if (done < count) await pause(everyMs);
    }
  });
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface CommandOptions extends OneUnit, SetpointText {
  readonly release?: boolean;
  readonly for: string;
  readonly wait?: boolean;
}

const command = (address: string, options: CommandOptions): Promise<void> => {
  const leaseMs = parseDuration('--for', options.for);
  if (leaseMs > LONGEST_LEASE_MS) throw new BadInput('--for: at most 18h, which is what most devices’ timers hold');
  const wanted = options.release ? undefined : parseSetpoint(options);
  if (options.release && (options.limit ?? options.battery ?? options.generator))
    throw new BadInput('--release stands alone: it ends what is commanded');
  return onDevice(address, options, async (device) => {
    if (!wanted) return sayReleased(await device.release(), options);
    const outcome = await device.command(await asSetpoint(wanted, device), Math.ceil(leaseMs / SECOND_MS));
    const heldMs = options.wait && isHeld(outcome) ? await untilReleased(device, leaseMs) : undefined;
    sayOutcome(outcome, heldMs, options);
  });
};

/** The timers of SunSpec models 123 and 124 hold 65,534 s. */
const LONGEST_LEASE_MS = 18 * HOUR_MS;

const isHeld = ({ kind }: CommandOutcome): boolean => kind === 'confirmed' || kind === 'clamped';

const asSetpoint = async (wanted: ReturnType<typeof parseSetpoint>, device: Commissioned): Promise<Setpoint> => {
  if (wanted.kind !== 'limit-percent') return wanted;
  const ratedW = await device.ratedW();
  if (ratedW === undefined) throw new AdapterError('the device does not tell its rating: give the limit in watts', false);
  return { kind: 'pv-limit', maxW: (wanted.percent / 100) * ratedW };
};

/** How long the device really kept the setpoint; twice the lease at most. */
const untilReleased = async (device: Commissioned, leaseMs: number): Promise<number> => {
  const beganAtMs = monotonicMs();
  while ((await device.holds()) && monotonicMs() - beganAtMs < 2 * leaseMs) await pause(250);
  return Math.round(monotonicMs() - beganAtMs);
};

const sayReleased = (released: boolean, { json }: Reach): void => {
  if (json) print({ kind: released ? 'released' : 'unknown' });
  else console.log(released ? 'released' : 'the device does not show that it let go');
  if (!released) process.exitCode = 1;
};

const sayOutcome = (outcome: CommandOutcome, heldMs: number | undefined, { json }: Reach): void => {
  if (json) print({ ...outcome, ...(heldMs === undefined ? {} : { heldMs }) });
  else console.log(outcomeLine(outcome) + (heldMs === undefined ? '' : `; the device let go after ${(heldMs / SECOND_MS).toFixed(1)} s`));
  if (!isHeld(outcome)) process.exitCode = 1;
};

const outcomeLine = (outcome: CommandOutcome): string => {
  switch (outcome.kind) {
    case 'confirmed':
      return 'confirmed by reading back';
    case 'clamped':
      return `the device made it ${Math.round(outcome.readbackW)} W`;
    case 'refused':
    case 'unknown':
      return `${outcome.kind}: ${outcome.reason}`;
  }
};
