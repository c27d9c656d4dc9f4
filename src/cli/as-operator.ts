import { BadInput } from '../kernel/errors.js';
import { configOf } from '../platform/config.js';
import { PlantClient } from './plant-client.js';

export const PLANT_HELP = 'address of the running plant; log in with VPP_USER and VPP_PASSWORD';
export const DEFAULT_PLANT = 'http://127.0.0.1:8080';

/**
 * Asks a running plant something as an operator, by the login of the environment. Throws `BadInput` where there is none, and for what the plant finds
 * wrong, by the `options` that the fields of what is sent were given by.
 */
export const asOperator = async <T>(
  { plant }: { readonly plant: string },
  ask: (client: PlantClient) => Promise<T>,
  options: Readonly<Record<string, string>> = {},
): Promise<T> => {
  const { login } = configOf(process.env);
  if (!login) throw new BadInput('set VPP_USER and VPP_PASSWORD to the login of an operator');
  const client = await PlantClient.login(plant, login, options);
  try {
    return await ask(client);
  } finally {
    await client.logout().catch(() => undefined);
  }
};
