import type { Setpoint } from '../setpoint.js';

/** One control of a device, by what is set with it: how to switch it off, and whether it is on. */
export interface Control {
  readonly kind: Setpoint['kind'];
  /** True once the device shows it. Throws an `AdapterError`. */
  release(): Promise<boolean>;
  holds(): Promise<boolean>;
}

/** Switches controls off. One that fails does not keep the others from being switched off. */
export const releaseEach = async (controls: readonly Control[]): Promise<boolean> => {
  let released = true;
  let failure: unknown;
  for (const control of controls) {
    try {
      released = (await control.release()) && released;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return released;
};

/** Whether any of them is on, whoever did it. */
export const anyHolds = async (controls: readonly Control[]): Promise<boolean> => {
  for (const control of controls) if (await control.holds()) return true;
  return false;
};
