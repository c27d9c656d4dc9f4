import { AuthService } from '../../src/platform/auth.service.js';
import type { Clock } from '../../src/platform/clock.js';
import { twoHomesPlant } from './two-homes.js';

const PASSWORD = 'a password of the test';

export type Name = 'olga' | 'anna' | 'bert';

export interface Asking {
  /** Nobody, where `undefined` is said; the operator where nothing is. */
  readonly as?: Name | undefined;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ListeningHomes {
  readonly app: Awaited<ReturnType<typeof twoHomesPlant>>['plant']['app'];
  readonly url: string;
  readonly tokens: ReadonlyMap<Name, string>;
  get(path: string, asking?: Asking): Promise<Response>;
  json<T>(path: string, asking?: Asking): Promise<T>;
  stop(): Promise<void>;
}

/** The two homes with an address of their own, an operator and both households logged in. */
export const listeningHomes = async (clock: Clock, environment: Readonly<Record<string, string>> = {}): Promise<ListeningHomes> => {
  const homes = await twoHomesPlant(clock, environment);
  const { app } = homes.plant;
  const url = await homes.plant.listen();
  const auth = app.get(AuthService);
  const tokens = new Map<Name, string>();
  await auth.putUser({ name: 'olga', role: 'operator', password: PASSWORD });
  for (const householdId of ['anna', 'bert']) await auth.putUser({ name: householdId, role: 'household', householdId, password: PASSWORD });
  for (const name of ['olga', 'anna', 'bert'] as const) {
    const login = await auth.login(name, PASSWORD);
    if (typeof login === 'object') tokens.set(name, login.token);
  }
  const get = (path: string, asking: Asking = {}): Promise<Response> => {
    const name = 'as' in asking ? asking.as : 'olga';
    const authorization: Record<string, string> = name === undefined ? {} : { authorization: `Bearer ${tokens.get(name)}` };
    const accept: Record<string, string> = asking.accept === undefined ? {} : { accept: asking.accept };
    return fetch(`${url}${path}`, { headers: { ...authorization, ...accept, ...asking.headers }, signal: asking.signal });
  };
  const json = async <T>(path: string, asking?: Asking): Promise<T> => {
    const answer = await get(path, asking);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return { app, url, tokens, get, json, stop: () => homes.stop() };
};
