import type { ReversionClass } from '../fleet/plant.js';
import { holdingCases } from '../registers/profile-commands.js';
import type { Profile } from '../registers/profile.js';
import { COMMAND_OF } from './commands/profile-controls.js';
import type { Setpoint } from './setpoint.js';

/** What ends the setpoints of a control when nobody says more. */
export interface Ending {
  readonly by: ReversionClass;
  /** The device's own time, where it cannot be told another. */
  readonly afterS?: number;
  readonly inMinutes: boolean;
  /** Its registers do not show that it has come. */
  readonly unseen?: boolean;
}

/** SunSpec devices have timers; whether this one keeps to them its commissioning tells. */
export const BY_A_TIMER: Ending = { by: 'device', inMinutes: false };

/** And where the fleet file counts on the supervisor they are given none. */
export const BY_THE_SUPERVISOR: Ending = { by: 'supervisor', inMinutes: false };

/** By its profile; `undefined` for a control that it does not have. */
export const endingBy = ({ commands = {}, reversion }: Profile, kind: Setpoint['kind']): Ending | undefined => {
  const control = commands[COMMAND_OF[kind]];
  if (!control) return undefined;
  const writes = holdingCases({ [COMMAND_OF[kind]]: control }).flatMap(([, { write }]) => write);
  return {
    by: (control.reversion ?? reversion)?.class ?? 'none',
    ...(control.endsAfterS === undefined ? {} : { afterS: control.endsAfterS }),
    ...(control.endsUnseen ? { unseen: true } : {}),
    inMinutes: writes.some(({ value }) => value === 'leaseMin'),
  };
};
