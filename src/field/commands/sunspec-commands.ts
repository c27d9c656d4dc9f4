import { AdapterError } from '../../kernel/errors.js';
import type { BusUnit } from '../bus.js';
import type { CommandOutcome } from '../drivers/device-driver.js';
import type { Setpoint } from '../setpoint.js';
import type { SunspecMap } from '../sunspec-walk.js';
import { limitByDerControls, powerByDerControls, releaseDerLimit, releaseDerPower } from './der-controls.js';
import { limitByImmediateControls, releaseImmediateLimit } from './immediate-limit.js';
import { ModelRegisters } from './model-registers.js';
import { powerByStorageControls, releaseStorage } from './storage-power.js';
import { outcomeOf } from './written.js';

/** What a SunSpec device can be told, by the control models it has. */
export interface SunspecControls {
  command(setpoint: Setpoint, leaseS: number): Promise<CommandOutcome>;
  release(): Promise<boolean>;
}

type Command = (setpoint: Setpoint, leaseS: number) => Promise<CommandOutcome> | undefined;
type Release = () => Promise<boolean>;

export const sunspecControls = (map: SunspecMap, unit: BusUnit): SunspecControls => {
  const registers = (id: number): ModelRegisters | undefined => {
    const model = map.models.find((candidate) => candidate.id === id);
    return model && new ModelRegisters(unit, model);
  };
  const command = commandOf(registers);
  const releases = releasesOf(registers);
  return {
    command: async (setpoint, leaseS) => {
      try {
        return await (command(setpoint, leaseS) ?? { kind: 'refused', reason: `the device has no control for ${setpoint.kind}` });
      } catch (error) {
        // Nothing is written before the ratings have been read: a failure up to there has changed nothing.
        if (error instanceof AdapterError && error.retryable) return { kind: 'unknown', reason: `not written: ${error.message}` };
        return outcomeOf(error);
      }
    },
    release: async () => {
      let released = true;
      for (const release of releases) released = (await release()) && released;
      return released;
    },
  };
};

type RegistersOf = (id: number) => ModelRegisters | undefined;

const commandOf = (registers: RegistersOf): Command => {
  const [settings, immediate, storage, capacity, der] = [121, 123, 124, 702, 704].map(registers);
  return (setpoint, leaseS) => {
    switch (setpoint.kind) {
      case 'pv-limit':
        if (immediate && settings) return limitByImmediateControls(immediate, settings, setpoint.maxW, leaseS);
        return der && capacity && limitByDerControls(der, capacity, setpoint.maxW, leaseS);
      case 'battery-power':
        if (storage) return powerByStorageControls(storage, setpoint.powerW, leaseS);
        return der && powerByDerControls(der, capacity, setpoint.powerW, leaseS);
      case 'generator':
        return undefined;
    }
  };
};

const releasesOf = (registers: RegistersOf): Release[] => {
  const [immediate, storage, der] = [123, 124, 704].map(registers);
  return [
    ...(immediate ? [() => releaseImmediateLimit(immediate)] : []),
    ...(storage ? [() => releaseStorage(storage)] : []),
    ...(der ? [() => releaseDerPower(der), () => releaseDerLimit(der)] : []),
  ];
};
