import { AdapterError } from '../../kernel/errors.js';
import type { BusUnit } from '../bus.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import { type Fallback, type Setpoint, SETPOINT_KINDS } from '../setpoint.js';
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
import {
  holdsImmediateLimit,
  limitByImmediateControls,
  releaseImmediateLimit,
  shownImmediateLimit,
  shownWhenTold,
} from './immediate-limit.js';
import { ModelRegisters } from './model-registers.js';
import { anyHolds, type Control, releaseEach, shownBy } from './release-each.js';
import { holdsStorage, powerByStorageControls, releaseStorage, shownStorage } from './storage-power.js';
import { outcomeOf, withoutFallback } from './written.js';

/** What a SunSpec device can be told, by the control models it has. */
export interface SunspecControls {
  /** The setpoints that it has a control for. */
  readonly kinds: SetpointKinds;
  /** Without `leaseS` the device is given no timer: for what something else ends. */
  command(setpoint: Setpoint, leaseS: number | undefined, fallback?: Fallback): Promise<CommandOutcome>;
  /** Switches off the controls of these kinds, all without; true once the device shows it. Throws an `AdapterError`. */
  release(kinds?: SetpointKinds): Promise<boolean>;
  /** Whether any control is switched on, whoever did it. Throws an `AdapterError`. */
  holds(): Promise<boolean>;
  /** Shows the device that its controller lives; false where it does not ask. Throws an `AdapterError`. */
  beat(): Promise<boolean>;
  /** What binds the device by its controls of a kind, whoever set it. Throws an `AdapterError`. */
  shows(kind: Setpoint['kind']): Promise<string | undefined>;
  /**
   * What the control of a limit will show once it has gone over to the fallback, by itself or `told` so; `undefined` where it has
   * none. Throws an `AdapterError`.
   */
  showsFallback(fallback: Fallback, told: boolean): Promise<string | undefined>;
  /** What limits in percent are percentages of; `undefined` where the device does not tell. Throws an `AdapterError`. */
  ratedW(): Promise<number | undefined>;
}

/** Writes a setpoint of one kind by the models that a device has for it. */
type Way<Kind extends Setpoint['kind']> = (
  setpoint: Extract<Setpoint, { kind: Kind }>,
  leaseS: number | undefined,
  fallback?: Fallback,
) => Promise<CommandOutcome>;
type Ways = { readonly [Kind in Setpoint['kind']]?: Way<Kind> };
export type SetpointKinds = readonly Setpoint['kind'][];

export const sunspecControls = (map: SunspecMap, unit: BusUnit): SunspecControls => {
  const registers = (id: number, through: BusUnit = unit): ModelRegisters | undefined => {
    const model = map.models.find((candidate) => candidate.id === id);
    return model && new ModelRegisters(through, model);
  };
  const ways = waysOf(registers);
  const controls = controlsOf(registers);
  const heartbeat = new ControllerHeartbeat(
    HEARTBEATS.flatMap(({ modelId, point, below }) => {
      // A register that is made to be counted up is not kept in flash.
      const model = registers(modelId, unit.uncounted());
      return model ? [{ registers: model, point, below }] : [];
    }),
  );
  return {
    kinds: SETPOINT_KINDS.filter((kind) => ways[kind] !== undefined),
    command: async (setpoint, leaseS, fallback) => {
      try {
        if (await heartbeat.isLocal()) return { kind: 'refused', reason: 'somebody on site has taken the device out of remote control' };
        const way = ways[setpoint.kind] as Way<Setpoint['kind']> | undefined;
        return way ? await way(setpoint, leaseS, fallback) : { kind: 'refused', reason: `the device has no control for ${setpoint.kind}` };
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
    // Only model 704 falls back to a value by itself, and model 123 is the one that is told where a device has both.
    showsFallback: async ({ maxW }, told) => {
      const [settings, immediate, der] = [121, 123, 704].map((id) => registers(id));
      if (immediate && settings) return told ? shownWhenTold(immediate, settings, maxW) : undefined;
      return der && shownDerFallback(der);
    },
    ratedW: async () => (await (registers(121) ?? registers(702))?.read('WMax'))?.WMax,
  };
};

type RegistersOf = (id: number) => ModelRegisters | undefined;

const waysOf = (registers: RegistersOf): Ways => {
  const [settings, immediate, storage, capacity, der] = [121, 123, 124, 702, 704].map((id) => registers(id));
  return {
    ...limitWay(immediate, settings, der, capacity),
    ...(storage
      ? { 'battery-power': ({ powerW }, leaseS) => powerByStorageControls(storage, powerW, leaseS) }
      : der && { 'battery-power': ({ powerW }, leaseS) => powerByDerControls(der, capacity, powerW, leaseS) }),
  };
};

const limitWay = (...[immediate, settings, der, capacity]: (ModelRegisters | undefined)[]): Pick<Ways, 'pv-limit'> => {
  if (immediate && settings)
    return {
      'pv-limit': async ({ maxW }, leaseS, fallback) => {
        const outcome = await limitByImmediateControls(immediate, settings, maxW, leaseS);
        return leaseS === undefined ? outcome : withoutFallback(outcome, fallback);
      },
    };
  if (!der || !capacity) return {};
  return { 'pv-limit': ({ maxW }, leaseS, fallback) => limitByDerControls(der, capacity, maxW, leaseS, fallback?.maxW) };
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
