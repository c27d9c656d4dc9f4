import { setTimeout as pause } from 'node:timers/promises';
import type { Commissioned } from '../field/commissioned.js';
import type { CommandOutcome } from '../field/drivers/device-driver.js';
import type { Setpoint } from '../field/setpoint.js';
import { SupervisorSocket } from '../field/adapters/supervisor-socket.js';
import { SUNSPEC_PROFILE } from '../field/profiles.js';
import type { ModbusAddress } from '../fleet/plant.js';
import { AdapterError, BadInput } from '../kernel/errors.js';
import { HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';
import { configOf } from '../platform/config.js';
import { parseBus, parseDuration, parseSetpoint, type SetpointText, wholeNumber } from './device-arguments.js';
import { baseOf, onDevice, type OneUnit, print, type Reach } from './device-bus.js';
import { type HeldHere, holdHere } from './device-hold.js';
import { refuseOverStranger, releaseStanding, sayReleased } from './device-stranger.js';
import { masterOf } from './running-plant.js';
import { stoppable } from './stoppable.js';

export interface TryOptions extends OneUnit, SetpointText {
  readonly release?: boolean;
  readonly for: string;
  readonly wait?: boolean;
  readonly insist?: boolean;
  readonly whoeverSetIt?: boolean;
}

/** What is asked for: a setpoint for so long, or nothing but that the device lets go. */
export interface Trial {
  readonly wanted: ReturnType<typeof parseSetpoint> | undefined;
  readonly leaseMs: number;
}

/** Throws `BadInput`. */
export const parseTrial = (options: Pick<TryOptions, 'release' | 'for' | keyof SetpointText>, longestMs: number, why: string): Trial => {
  const leaseMs = parseDuration('--for', options.for);
  if (leaseMs > longestMs) throw new BadInput(`--for: at most ${longestMs / HOUR_MS}h, which is ${why}`);
  if (options.release && (options.limit ?? options.battery ?? options.generator ?? options.load))
    throw new BadInput('--release stands alone: it ends what is commanded');
  return { wanted: options.release ? undefined : parseSetpoint(options), leaseMs };
};

/** The timers of SunSpec models 123 and 124 hold 65,534 s. */
const LONGEST_LEASE_MS = 18 * HOUR_MS;

/** Tries a setpoint on a device that nobody else commands. Throws `BadInput` where a plant of this machine does. */
export const tryDirectly = async (address: string, options: TryOptions): Promise<void> => {
  const { wanted, leaseMs } = parseTrial(options, LONGEST_LEASE_MS, 'what most devices’ timers hold');
  await refuseBesidePlant(address, options);
  return onDevice(address, options, async (device) => {
    if (!wanted) return sayReleased(await releaseStanding(device, options.whoeverSetIt === true), options);
    const setpoint = await asSetpoint(wanted, device);
    await refuseOverStranger(device, setpoint.kind, options.insist === true);
    const isSeenToEnd = device.endsBy(setpoint.kind) === 'device' && device.showsItsEnd(setpoint.kind);
    if (!isSeenToEnd && !isEnd(setpoint))
      return sayHeldHere(await holdHere(device, setpoint, leaseMs, supervisedAs(address, options)), options);
    const { outcome, held } = await stoppable((signal) => timed(device, setpoint, { leaseMs, wait: options.wait === true, signal }));
    sayOutcome(outcome, held, options);
  });
};

interface Timed {
  readonly leaseMs: number;
  readonly wait: boolean;
  readonly signal: AbortSignal;
}

/** What the device's own timer ends. Whoever stops the command does not want to go on either: it is handed back then. */
const timed = async (
  device: Commissioned,
  setpoint: Setpoint,
  { leaseMs, wait, signal }: Timed,
): Promise<{ outcome: CommandOutcome; held?: Held }> => {
  const beganAtMs = monotonicMs();
  const outcome = await madeOf(await device.command(setpoint, Math.ceil(leaseMs / SECOND_MS)), setpoint, device);
  const held = wait && isHeld(outcome) ? await untilReleased(device, leaseMs, signal) : undefined;
  if (!signal.aborted || held?.letGo === true || outcome.kind === 'refused') return { outcome, held };
  const letGo = await device.release([setpoint.kind]);
  return { outcome, held: { heldMs: Math.round(monotonicMs() - beganAtMs), letGo, stopped: true } };
};

/** A limit above the rating is none: the device takes it as its rating. */
const madeOf = async (outcome: CommandOutcome, setpoint: Setpoint, device: Commissioned): Promise<CommandOutcome> => {
  if (outcome.kind !== 'confirmed' || setpoint.kind !== 'pv-limit') return outcome;
  const ratedW = await device.ratedW();
  return ratedW !== undefined && setpoint.maxW > ratedW ? { kind: 'clamped', readbackW: ratedW } : outcome;
};

/** To stop an engine is to end what it was told. */
const isEnd = (setpoint: Setpoint): boolean => setpoint.kind === 'generator' && !setpoint.run;

const addressOf = (address: string, { unit, ...options }: OneUnit): ModbusAddress => {
  const sunspecBase = baseOf(options);
  const unitId = wholeNumber('--unit', unit, 0, 255);
  return { ...parseBus(address), unitId, ...(sunspecBase === undefined ? {} : { sunspecBase }) };
};

const supervisedAs = (address: string, options: OneUnit): Parameters<typeof holdHere>[3] => ({
  known: {
    deviceId: `${address} unit ${options.unit}`,
    profile: options.profile ?? SUNSPEC_PROFILE,
    address: addressOf(address, options),
  },
  supervision: new SupervisorSocket(configOf(process.env).dataDir),
});

const refuseBesidePlant = async (address: string, options: TryOptions): Promise<void> => {
  const { dataDir } = configOf(process.env);
  const master = await masterOf(dataDir, addressOf(address, options));
  if (!master) return;
  const { deviceId } = master;
  if (master.by === 'commissioning')
    throw new BadInput(`${address} unit ${options.unit} is ${deviceId}, and a commissioning of it is under way: wait until it has ended`);
  const { plant, url = 'URL' } = master;
  const asked = (['limit', 'battery', 'generator', 'load'] as const).flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}=${options[name]}`],
  );
  const words = [...asked, ...(options.release ? ['--release'] : [`--for ${options.for}`])].join(' ');
  throw new BadInput(
    `${address} unit ${options.unit} is ${deviceId} of the plant "${plant}", which runs on ${dataDir} and commands it: go through it with \`vpp device command ${deviceId} --plant ${url} ${words}\``,
  );
};

const isHeld = ({ kind }: CommandOutcome): boolean => kind === 'confirmed' || kind === 'clamped';

const asSetpoint = async (wanted: NonNullable<Trial['wanted']>, device: Commissioned): Promise<Setpoint> => {
  if (wanted.kind !== 'limit-percent') return wanted;
  const ratedW = await device.ratedW();
  if (ratedW === undefined) throw new AdapterError('the device does not tell its rating: give the limit in watts', false);
  return { kind: 'pv-limit', maxW: (wanted.percent / 100) * ratedW };
};

interface Held {
  /** How long the device kept the setpoint, or has kept it so far. */
  readonly heldMs: number;
  readonly letGo: boolean;
  /** Whether it was handed back because the command was stopped, before the device's timer did. */
  readonly stopped?: true;
}

/** Looks until the device lets go or the command is stopped; for twice the lease at most. */
const untilReleased = async (device: Commissioned, leaseMs: number, signal: AbortSignal): Promise<Held> => {
  const beganAtMs = monotonicMs();
  for (;;) {
    const letGo = !(await device.holds());
    const heldMs = Math.round(monotonicMs() - beganAtMs);
    if (letGo || signal.aborted || heldMs >= 2 * leaseMs) return { heldMs, letGo };
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
};

const LOOK_EVERY_MS = 250;

const sayOutcome = (outcome: CommandOutcome, held: Held | undefined, { json }: Reach): void => {
  if (json) print({ ...outcome, ...held });
  else console.log(outcomeLine(outcome) + (held ? `; ${heldLine(held)}` : ''));
  if (!isHeld(outcome) || held?.letGo === false) process.exitCode = 1;
};

const sayHeldHere = ({ outcome, heldMs, released }: HeldHere, { json }: Reach): void => {
  const ending = released
    ? `released after ${(heldMs / SECOND_MS).toFixed(1)} s`
    : 'NOT seen to let go: look at it, and end it with --release';
  if (json) print({ ...outcome, heldMs, ...(released === undefined ? {} : { released }) });
  else console.log(outcomeLine(outcome) + (released === undefined ? '' : `; ${ending}`));
  if (!isHeld(outcome) || released !== true) process.exitCode = 1;
};

const heldLine = ({ heldMs, letGo, stopped }: Held): string =>
  letGo
    ? stopped
      ? `stopped, and released after ${(heldMs / SECOND_MS).toFixed(1)} s`
      : `the device let go after ${(heldMs / SECOND_MS).toFixed(1)} s`
    : `the device still holds it after ${(heldMs / SECOND_MS).toFixed(1)} s: end it with --release`;

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
