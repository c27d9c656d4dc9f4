import { AdapterError, messageOf } from '../kernel/errors.js';
import { type DurationMs, SECOND_MS } from '../kernel/units.js';
import type { Commissioned } from './commissioned.js';
import type { FieldDevice } from './field-devices.js';
import type { PulsedDevice, PulseTime } from './pulse-run.js';
import type { Trial } from './pulse-trial.js';
import type { Supervision } from './supervision.port.js';

const FEWEST_ATTEMPTS = 3;
const NOT_RELEASED = 'the device was NOT seen to let go: look at it, and end it with `vpp device command … --release`';

/**
 * The device in the hands of a trial, and back. What the device would keep for ever a supervisor knows of before the device
 * does, where there is one.
 */
export class HandOver {
  /** Whether the device was seen to let go of everything that was tried. */
  isBack = true;

  constructor(
    private readonly field: FieldDevice,
    private readonly controls: Commissioned,
    private readonly time: PulseTime,
    private readonly supervision: Supervision | undefined,
    private readonly say: (line: string) => void,
  ) {}

  of(trial: Trial): Omit<PulsedDevice, 'sample'> {
    const { driver } = this.field;
    return {
      command: async (setpoint, leaseS) => {
        await this.watch(trial, leaseS * SECOND_MS);
        return driver.command(setpoint, leaseS);
      },
      release: async () => {
        const released = await driver.release();
        if (released) await this.forget(trial);
        return released;
      },
      holds: () => this.controls.holds(),
      beat: () => driver.beat(),
    };
  }

  /** The outcome of a trial, after which the device is handed back, whatever it is. */
  async backAfter<T>(trial: Trial, running: Promise<T>): Promise<T> {
    try {
      const outcome = await running;
      this.isBack = await this.back(trial);
      if (!this.isBack) this.say(NOT_RELEASED);
      return outcome;
    } catch (error) {
      this.isBack = this.isBack && (await this.back(trial));
      if (!this.isBack) throw new AdapterError(`${messageOf(error)}; ${NOT_RELEASED}`, false, { cause: error });
      throw error;
    }
  }

  /**
   * A release that was lost on the wire is worth another, and an engine runs on until its return delay is over: until the device
   * has let go, or has had as long as it may take, nobody may walk away.
   */
  private async back(trial: Trial): Promise<boolean> {
    const endsAtMs = this.time.nowMs() + trial.graceMs;
    await this.watch(trial, trial.graceMs).catch(() => undefined);
    let said = '';
    for (let attempt = 1; ; attempt += 1) {
      const fault = await this.releaseFault();
      if (fault === undefined) {
        await this.forget(trial);
        return true;
      }
      if (fault !== said) this.say(fault);
      said = fault;
      if (attempt >= FEWEST_ATTEMPTS && this.time.nowMs() >= endsAtMs) return false;
      await this.time.pause(SECOND_MS);
    }
  }

  private async releaseFault(): Promise<string | undefined> {
    try {
      return (await this.field.driver.release()) ? undefined : 'the device does not show yet that it let go';
    } catch (error) {
      return `not released yet: ${messageOf(error)}`;
    }
  }

  private async watch({ control, expected }: Trial, leaseMs: DurationMs): Promise<void> {
    if (expected === 'device') return;
    const { id: deviceId, profile, address } = this.field.device;
    await this.supervision?.watch({ deviceId, control, profile, address }, leaseMs);
  }

  /** A supervisor that does not hear of it ends once more what is over. */
  private async forget({ control, expected }: Trial): Promise<void> {
    if (expected !== 'device') await this.supervision?.forget({ deviceId: this.field.device.id, control }).catch(() => undefined);
  }
}
