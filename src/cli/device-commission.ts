import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ModbusSerialLinks } from '../field/adapters/modbus-serial-link.js';
import { SupervisorSocket } from '../field/adapters/supervisor-socket.js';
import { CommissionBench, type Preparation, type Subject, subjectOf, wishesFor } from '../field/commission.js';
import { changesBy, type CommissionFindings, type Finding, isDisproved, isSeen } from '../field/commission-findings.js';
import type { PulseTime } from '../field/pulse-run.js';
import { isTrial, ratingOf } from '../field/pulse-trial.js';
import { editedFleet, type EntryChange } from '../fleet/fleet-edit.js';
import { parseFleet } from '../fleet/fleet-file.js';
import { busName } from '../fleet/plant.js';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';
import { SECOND_MS } from '../kernel/units.js';
import { monotonicMs, SystemClock } from '../platform/clock.js';
import { configOf } from '../platform/config.js';
import { tariffSchema } from '../signals/tariff.js';
import { parseDuration, parsePower } from './device-arguments.js';
import { print } from './device-bus.js';
import { checkReplaceable, replaceFile } from './fleet-replace.js';
import { stoppable } from './stoppable.js';
import { lineDiff } from './line-diff.js';
import { beginCommissioning } from './running-plant.js';

interface CommissionOptions {
  readonly fleet: string;
  readonly power?: string;
  readonly lease?: string;
  readonly startEngine?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const REAL_TIME: PulseTime = { nowMs: monotonicMs, pause: (ms, signal) => pause(ms, undefined, { signal }) };

/** Pulses a device of a fleet file, says what that proved, and writes it into the file. */
export const commission = async (deviceId: string, options: CommissionOptions): Promise<void> => {
  const { plant } = parseFleet(options.fleet, readText(options.fleet), tariffSchema.optional());
  const subject = subjectOf(options.fleet, plant, deviceId);
  const wishes = wishesFor(subject, {
    ...(options.power === undefined ? {} : { powerW: parsePower('--power', options.power, ratingOf(subject.device)) }),
    ...(options.lease === undefined ? {} : { leaseS: leaseSeconds(options.lease) }),
  });
  if (subject.device.role === 'generator' && !options.startEngine)
    throw new BadInput(`${deviceId} is an engine: give --start-engine, when nobody is near it and its load may be taken over`);
  if (!options.yes && !process.stdin.isTTY) throw new BadInput('give --yes: a real device is pulsed, and there is nobody to ask');
  if (!options.dryRun) checkReplaceable(options.fleet);
  const { dataDir } = configOf(process.env);
  const lock = await beginCommissioning(dataDir, subject.device);
  const bench = new CommissionBench(new ModbusSerialLinks(), subject, REAL_TIME, new SupervisorSocket(dataDir));
  try {
    const prepared = await bench.prepare(wishes);
    say(planOf(subject, prepared).join('\n'));
    if (prepared.trials.some(isTrial) && !options.yes && !(await isAgreed())) throw new AdapterError('nothing was done', false);
    const findings = await stoppable((signal) => runUntil(signal, bench, prepared));
    finish(findings, subject, options);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    if (options.json) print({ error: error.message });
    else console.error(error.message);
    process.exitCode = 1;
  } finally {
    await bench.close();
    lock.release();
  }
};

const say = (line: string): void => console.error(line);

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadInput(`--fleet: ${file} cannot be read: ${messageOf(error)}`);
  }
};

const SHORTEST_LEASE_S = 10;
const LONGEST_LEASE_S = 600;

const leaseSeconds = (text: string): number => {
  const leaseS = Math.ceil(parseDuration('--lease', text) / SECOND_MS);
  if (leaseS < SHORTEST_LEASE_S || leaseS > LONGEST_LEASE_S)
    throw new BadInput(`--lease "${text}": from ${SHORTEST_LEASE_S}s, which a slow device needs to answer, to ${LONGEST_LEASE_S / 60}m`);
  return leaseS;
};

const SUPERVISED = '  nothing on the device ends this by itself: this command does, and the supervisor if it is killed';
const UNSUPERVISED =
  '  nothing on the device ends this by itself: this command does; no supervisor runs, so if it is killed, or this computer fails, the device goes on (start `vpp supervise` first)';

/** What is going to happen, before it does. */
const planOf = ({ device, meter, site }: Subject, { trials, silent, supervised }: Preparation): string[] => {
  const { id, name, role, address } = device;
  const what = `${id} ("${name}", ${role} at ${busName(address)} unit ${address.unitId}, site ${site.id})`;
  if (!trials.some(isTrial)) return [`${what} cannot be pulsed now`];
  return [
    `${what} is going to be pulsed:`,
    ...trials.flatMap((trial) => {
      if (!isTrial(trial)) return [`  ${trial.control}: not now: ${trial.reason}`];
      const each = `${Math.round(trial.phaseMs / SECOND_MS)} s each, up to four rounds`;
      const told = trial.levelsW.map((levelW) => `${Math.round(levelW)} W`).join(' and ');
      const first = trial.levelsW.length === 0 ? '' : `${told} in turn, ${each}; then `;
      const leftOut = trial.leftOut.map((reason) => `  left out: ${reason}`);
      return [`  ${trial.control}: ${first}${Math.round(trial.lastW)} W for ${trial.leaseS} s, which nobody renews`, ...leftOut];
    }),
    `  watched: its own power${meter ? ` and that of ${meter.id}` : '; there is no grid meter to watch'}`,
    ...(silent.length > 0 ? [`  not answering, and so not watched: ${silent.join(', ')}`] : []),
    ...(supervised === undefined ? [] : [supervised ? SUPERVISED : UNSUPERVISED]),
    '  Ctrl-C hands it back at any time.',
  ];
};

const isAgreed = async (): Promise<boolean> => {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const away = new AbortController();
  // Ctrl-C and Ctrl-D are answers too.
  for (const end of ['SIGINT', 'close'] as const) lines.once(end, () => away.abort());
  try {
    return /^y(es)?$/i.test((await lines.question('Go on? [y/N] ', { signal: away.signal })).trim());
  } catch (error) {
    if (!away.signal.aborted) throw error;
    return false;
  } finally {
    lines.close();
  }
};

const runUntil = async (signal: AbortSignal, bench: CommissionBench, prepared: Preparation): Promise<CommissionFindings> => {
  try {
    return await bench.run(prepared, signal, say);
  } catch (error) {
    if (!signal.aborted || error instanceof AdapterError) throw error;
    throw new AdapterError('stopped: the device was handed back', false, { cause: error });
  }
};

/** What was found is told whatever becomes of the file. */
const finish = (findings: CommissionFindings, { device, meter }: Subject, options: CommissionOptions): void => {
  const at = new Date(new SystemClock().now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const changes = changesBy(findings, device, meter, at);
  if (!options.json) console.log(findingLines(findings).join('\n'));
  const { written, fault, diff } = changed(options, changes);
  if (options.json) print({ ...findings, changes, written, ...(fault === undefined ? {} : { fault }) });
  else if (fault === undefined) console.log(changeLines(changes, diff, options).join('\n'));
  if (fault !== undefined) say(fault);
  if (isDisproved(findings) || !isSeen(findings) || fault !== undefined) process.exitCode = 1;
};

interface Changed {
  readonly written: boolean;
  readonly diff: readonly string[];
  /** Why it could not be written. */
  readonly fault?: string;
}

const changed = ({ fleet, dryRun }: CommissionOptions, changes: readonly EntryChange[]): Changed => {
  try {
    const before = readText(fleet);
    const after = editedFleet(fleet, before, changes);
    const written = !dryRun && after !== before;
    if (written) replaceFile(fleet, after);
    return { written, diff: lineDiff(before, after) };
  } catch (error) {
    return { written: false, diff: [], fault: `${fleet} was not changed: ${messageOf(error)}` };
  }
};

const findingLines = ({ role, controls, meter, reversion, handedBack }: CommissionFindings): string[] => [
  line('role', role),
  ...controls.flatMap(({ control, sign, latency, leftOut }) => [
    line(`${control} sign`, sign),
    line(`${control} latency`, latency),
    ...leftOut.map((reason) => line(control, { verdict: 'unproven', reason })),
  ]),
  line('meter direction', meter),
  line('reversion', reversion),
  ...(handedBack ? [] : ['The device was NOT seen to let go: look at it, and end it with `vpp device command … --release`.']),
];

const line = (what: string, { verdict, reason }: Finding): string => `${what.padEnd(22)} ${verdict.padEnd(10)} ${reason}`;

const changeLines = (changes: readonly EntryChange[], diff: readonly string[], { fleet, dryRun }: CommissionOptions): string[] => {
  if (changes.length === 0) return [`${fleet} stays as it is`];
  return [dryRun ? `${fleet} would change:` : `${fleet} was changed:`, ...diff];
};
