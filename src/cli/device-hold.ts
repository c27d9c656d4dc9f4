import { setTimeout as pause } from 'node:timers/promises';
import type { Commissioned } from '../field/commissioned.js';
import type { CommandOutcome } from '../field/drivers/device-driver.js';
import type { Setpoint } from '../field/setpoint.js';
import type { SupervisedLease } from '../field/supervisor/supervised-lease.js';
import type { Supervision } from '../field/supervision.port.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';
import { stoppable } from './stoppable.js';

/** What became of a setpoint that nothing on the device ends. */
export interface HeldHere {
  readonly outcome: CommandOutcome;
  readonly heldMs: DurationMs;
  /** Whether the device was seen to let go; absent where it did not take the setpoint. */
  readonly released?: boolean;
}

/** How its supervisor knows of it, should this command be killed. */
type Known = Pick<SupervisedLease, 'deviceId' | 'profile' | 'address'>;

/** What a release may take beyond the lease before the supervisor thinks that this command died. */
const SUPERVISED_LONGER_MS: DurationMs = 10 * SECOND_MS;
/** An engine runs on until its return delay is over. */
const RELEASE_PATIENCE_MS: DurationMs = 3 * MINUTE_MS;

/**
 * Commands a device that would keep the setpoint for ever, stays for as long as it is to be held, and ends it then, and also when
 * it is stopped before. Throws an `AdapterError` when the device does not answer.
 */
export const holdHere = (
  device: Commissioned,
  setpoint: Setpoint,
  leaseMs: DurationMs,
  { known, supervision }: { readonly known: Known; readonly supervision: Supervision },
): Promise<HeldHere> =>
  stoppable(async (signal) => {
    const control = { deviceId: known.deviceId, control: setpoint.kind };
    const supervised = await isWatched(supervision, { ...known, ...control }, leaseMs + SUPERVISED_LONGER_MS);
    console.error(
      `${device.endsBy(setpoint.kind) === 'device' ? 'the device does not show when it ends this' : 'nothing on the device ends this'}: it is released after ${leaseMs / SECOND_MS} s, and on Ctrl-C` +
        (supervised ? '; if this command is killed, the supervisor ends it' : '; no supervisor runs, so do not kill this command'),
    );
    if (signal.aborted) throw new AdapterError('stopped before the device was told anything', false);
    const beganAtMs = monotonicMs();
    const outcome = await commanded(device, setpoint, leaseMs);
    if (outcome.kind === 'confirmed' || outcome.kind === 'clamped') await pause(leaseMs, undefined, { signal }).catch(() => undefined);
    const heldMs = Math.round(monotonicMs() - beganAtMs);
    const released = outcome.kind === 'refused' || (await isReleased(device, setpoint.kind));
    if (supervised && released) await supervision.forget(control).catch(() => undefined);
    return { outcome, heldMs, ...(outcome.kind === 'refused' ? {} : { released }) };
  });

const isWatched = async (supervision: Supervision, lease: SupervisedLease, leaseMs: DurationMs): Promise<boolean> => {
  try {
    await supervision.watch(lease, leaseMs);
    return true;
  } catch (error) {
    if (error instanceof AdapterError) return false;
    throw error;
  }
};

/** Whatever goes wrong with it, the device may have taken it. */
const commanded = async (device: Commissioned, setpoint: Setpoint, leaseMs: DurationMs): Promise<CommandOutcome> => {
  try {
    return await device.command(setpoint, Math.ceil(leaseMs / SECOND_MS));
  } catch (error) {
    return { kind: 'unknown', reason: messageOf(error) };
  }
};

const isReleased = async (device: Commissioned, kind: Setpoint['kind']): Promise<boolean> => {
  const endsAtMs = monotonicMs() + RELEASE_PATIENCE_MS;
  let said = '';
  do {
    const fault = await releaseFault(device, kind);
    if (fault === undefined) return true;
    if (fault !== said) console.error(fault);
    said = fault;
    await pause(SECOND_MS);
  } while (monotonicMs() < endsAtMs);
  return false;
};

const releaseFault = async (device: Commissioned, kind: Setpoint['kind']): Promise<string | undefined> => {
  try {
    return (await device.release([kind])) ? undefined : 'the device does not show yet that it let go';
  } catch (error) {
    return `not released yet: ${messageOf(error)}`;
  }
};
