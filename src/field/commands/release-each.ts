import type { Setpoint } from '../setpoint.js';

/** One control of a device, by what is set with it: how to switch it off, and whether it is on. */
export interface Control {
  readonly kind: Setpoint['kind'];
  /** True once the device shows it. Throws an `AdapterError`. */
  release(): Promise<boolean>;
  holds(): Promise<boolean>;
  /** What binds the device by it, whoever set it; the same text until somebody changes it. `undefined` where nothing does. */
  shows(): Promise<string | undefined>;
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

/** What binds the device by the controls of a kind, whoever set it; `undefined` where nothing does. */
export const shownBy = async (controls: readonly Control[], kind: Setpoint['kind']): Promise<string | undefined> => {
  const shown: string[] = [];
  for (const control of controls) {
    const text = control.kind === kind ? await control.shows() : undefined;
    if (text !== undefined) shown.push(text);
  }
  return shown.length === 0 ? undefined : shown.join(', ');
};

/** Whether any of them is on, whoever did it. */
export const anyHolds = async (controls: readonly Control[]): Promise<boolean> => {
  for (const control of controls) if (await control.holds()) return true;
  return false;
};
