import { AdapterError } from '../../kernel/errors.js';
import type { BusUnit } from '../bus.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import type { Fallback, Setpoint } from '../setpoint.js';
import type { SunspecMap } from '../sunspec-walk.js';
import { ControllerHeartbeat, HEARTBEATS } from './controller-heartbeat.js';
import {
  holdsDerLimit,
  holdsDerPower,
  limitByDerControls,
  powerByDerControls,
  releaseDerLimit,
  releaseDerPower,
  shownDerFallback,
  shownDerLimit,
  shownDerPower,
} from './der-controls.js';
import { holdsImmediateLimit, limitByImmediateControls, releaseImmediateLimit, shownImmediateLimit } from './immediate-limit.js';
import { ModelRegisters } from './model-registers.js';
import { anyHolds, type Control, releaseEach, shownBy } from './release-each.js';
import { holdsStorage, powerByStorageControls, releaseStorage, shownStorage } from './storage-power.js';
import { outcomeOf, withoutFallback } from './written.js';

/** What a SunSpec device can be told, by the control models it has. */
export interface SunspecControls {
  command(setpoint: Setpoint, leaseS: number, fallback?: Fallback): Promise<CommandOutcome>;
  /** Switches off the controls of these kinds, all without; true once the device shows it. Throws an `AdapterError`. */
  release(kinds?: SetpointKinds): Promise<boolean>;
  /** Whether any control is switched on, whoever did it. Throws an `AdapterError`. */
  holds(): Promise<boolean>;
  /** Shows the device that its controller lives; false where it does not ask. Throws an `AdapterError`. */
  beat(): Promise<boolean>;
  /** What binds the device by its controls of a kind, whoever set it. Throws an `AdapterError`. */
  shows(kind: Setpoint['kind']): Promise<string | undefined>;
  /** What the control of a limit will show once it has gone over to the fallback; `undefined` where it has none. Throws an `AdapterError`. */
  showsFallback(fallback: Fallback): Promise<string | undefined>;
  /** What limits in percent are percentages of; `undefined` where the device does not tell. Throws an `AdapterError`. */
  ratedW(): Promise<number | undefined>;
}

type Command = (setpoint: Setpoint, leaseS: number, fallback?: Fallback) => Promise<CommandOutcome> | undefined;
export type SetpointKinds = readonly Setpoint['kind'][];

export const sunspecControls = (map: SunspecMap, unit: BusUnit): SunspecControls => {
  const registers = (id: number, through: BusUnit = unit): ModelRegisters | undefined => {
    const model = map.models.find((candidate) => candidate.id === id);
    return model && new ModelRegisters(through, model);
  };
  const command = commandOf(registers);
  const controls = controlsOf(registers);
  const heartbeat = new ControllerHeartbeat(
    HEARTBEATS.flatMap(({ modelId, point, below }) => {
      // A register that is made to be counted up is not kept in flash.
      const model = registers(modelId, unit.uncounted());
      return model ? [{ registers: model, point, below }] : [];
    }),
  );
  return {
    command: async (setpoint, leaseS, fallback) => {
      try {
        if (await heartbeat.isLocal()) return { kind: 'refused', reason: 'somebody on site has taken the device out of remote control' };
        return await (command(setpoint, leaseS, fallback) ?? { kind: 'refused', reason: `the device has no control for ${setpoint.kind}` });
      } catch (error) {
        // Nothing is written before the ratings have been read: a failure up to there has changed nothing.
        if (error instanceof AdapterError && error.retryable) return { kind: 'unknown', reason: `not written: ${error.message}` };
        return outcomeOf(error);
      }
    },
    release: (kinds) => releaseEach(controls.filter(({ kind }) => !kinds || kinds.includes(kind))),
    holds: () => anyHolds(controls),
    beat: () => heartbeat.beat(),
    shows: (kind) => shownBy(controls, kind),
    // Only model 704 falls back to a value, and model 123 is the one that is told where a device has both.
    showsFallback: async () => {
      const der = registers(123) && registers(121) ? undefined : registers(704);
      return der && shownDerFallback(der);
    },
    ratedW: async () => (await (registers(121) ?? registers(702))?.read('WMax'))?.WMax,
  };
};

type RegistersOf = (id: number) => ModelRegisters | undefined;

const commandOf = (registers: RegistersOf): Command => {
  const [settings, immediate, storage, capacity, der] = [121, 123, 124, 702, 704].map((id) => registers(id));
  return (setpoint, leaseS, fallback) => {
    switch (setpoint.kind) {
      case 'pv-limit':
        if (immediate && settings)
          return limitByImmediateControls(immediate, settings, setpoint.maxW, leaseS).then((outcome) => withoutFallback(outcome, fallback));
        return der && capacity && limitByDerControls(der, capacity, setpoint.maxW, leaseS, fallback?.maxW);
      case 'battery-power':
        if (storage) return powerByStorageControls(storage, setpoint.powerW, leaseS);
        return der && powerByDerControls(der, capacity, setpoint.powerW, leaseS);
      case 'generator':
        return undefined;
    }
  };
};

/** A control as its model has it. */
type OnModel = { [Act in 'release' | 'holds' | 'shows']: (model: ModelRegisters) => ReturnType<Control[Act]> };

const controlsOf = (registers: RegistersOf): Control[] => {
  const [immediate, storage, der] = [123, 124, 704].map((id) => registers(id));
  const controls: Control[] = [];
  const add = (kind: Setpoint['kind'], model: ModelRegisters, { release, holds, shows }: OnModel): void => {
    controls.push({ kind, release: () => release(model), holds: () => holds(model), shows: () => shows(model) });
  };
  if (immediate) add('pv-limit', immediate, { release: releaseImmediateLimit, holds: holdsImmediateLimit, shows: shownImmediateLimit });
  if (storage) add('battery-power', storage, { release: releaseStorage, holds: holdsStorage, shows: shownStorage });
  if (der) {
    add('battery-power', der, { release: releaseDerPower, holds: holdsDerPower, shows: shownDerPower });
    add('pv-limit', der, { release: releaseDerLimit, holds: holdsDerLimit, shows: shownDerLimit });
  }
  return controls;
};
