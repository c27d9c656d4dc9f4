import { AdapterError, BadInput } from '../kernel/errors.js';
import { print } from './device-bus.js';
import { type PlantTryOptions, tryThroughPlant } from './device-through-plant.js';
import { tryDirectly, type TryOptions } from './device-try.js';

type AnyOptions = Omit<TryOptions, 'unit'> &
  Partial<Pick<TryOptions, 'unit'>> &
  Omit<PlantTryOptions, 'plant'> & { readonly plant?: string };

/** `vpp device command`: through the plant where one is named, on the bus otherwise. */
export const tryDevice = async (subject: string, options: AnyOptions): Promise<void> => {
  const { plant, unit } = options;
  if (plant === undefined) {
    if (unit === undefined) throw new BadInput('give --unit, the unit id of the device, or --plant to go through a running plant');
    return tryDirectly(subject, { ...options, unit });
  }
  if (unit !== undefined || options.profile !== undefined || options.base !== undefined)
    throw new BadInput('--plant: a device of a plant is named by its id alone, without --unit, --profile and --base');
  try {
    return await tryThroughPlant(subject, { ...options, plant });
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    if (options.json) print({ error: error.message });
    else console.error(error.message);
    process.exitCode = 1;
  }
};
