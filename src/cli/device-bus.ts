import { ModbusSerialLinks } from '../field/adapters/modbus-serial-link.js';
import { Bus, timingOf } from '../field/bus.js';
import { type Commissioned, commissionedDevice } from '../field/commissioned.js';
import { AdapterError } from '../kernel/errors.js';
import { parseBus, wholeNumber } from './device-arguments.js';

/** What every command says about its way to the wire. */
export interface Reach {
  readonly json?: boolean;
  readonly timeoutMs: string;
  readonly base?: string;
}

/** A command on one device. */
export interface OneUnit extends Reach {
  readonly unit: string;
  readonly profile?: string;
}

/** Runs on one bus and closes it. A device that does not answer is an answer too: a line on stderr, and exit code 1. */
export const onBus = async (address: string, { timeoutMs, json }: Reach, act: (bus: Bus) => Promise<void>): Promise<void> => {
  const way = parseBus(address);
  const timing = { ...timingOf(way), timeoutMs: wholeNumber('--timeout-ms', timeoutMs, 10, 60_000) };
  const bus = new Bus(new ModbusSerialLinks().link(way), timing);
  try {
    await act(bus);
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    if (json) print({ error: error.message });
    else console.error(error.message);
    process.exitCode = 1;
  } finally {
    await bus.close();
  }
};

export const onDevice = (address: string, options: OneUnit, act: (device: Commissioned) => Promise<void>): Promise<void> => {
  const unitId = wholeNumber('--unit', options.unit, 0, 255);
  const sunspecBase = baseOf(options);
  return onBus(address, options, async (bus) => {
    await act(await commissionedDevice(bus.unit(unitId), { profile: options.profile, sunspecBase }));
  });
};

const HIGHEST_BASE = 65_530;

export const baseOf = ({ base }: Reach): number | undefined =>
  base === undefined ? undefined : wholeNumber('--base', base, 0, HIGHEST_BASE);

/** One line of JSON. */
export const print = (value: unknown): void => console.log(JSON.stringify(value));
