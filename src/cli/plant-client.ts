import { z } from 'zod';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';

const problemSchema = z.object({ detail: z.string().optional(), title: z.string().optional(), faults: z.array(z.string()).optional() });

/** For each field of what is sent to a plant the option, or the argument, that its user gave it by. */
export type OptionsOf<Sent> = Readonly<Record<keyof Sent, string>>;
type Options = Readonly<Record<string, string>>;

const tokenSchema = z.object({ token: z.string() });

/** The API of a running plant, as one operator. Every method throws an `AdapterError` where the plant does not answer or says no, and `BadInput` for what it cannot use. */
export class PlantClient {
  private constructor(
    private readonly url: URL,
    private readonly token: string,
    readonly operator: string,
    private readonly options: Options,
  ) {}

  /**
   * Throws `BadInput` where `url` is none, and an `AdapterError` where name and password do not fit. `options`: by which what the plant finds wrong is
   * named then, instead of the API's fields.
   */
  static async login(url: string, { name, password }: { name: string; password: string }, options: Options = {}): Promise<PlantClient> {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new BadInput(`--plant "${url}": give its address, as http://127.0.0.1:8080`);
    const base = new URL(url);
    const answer = await asked(base, '/api/session', { method: 'POST', body: JSON.stringify({ name, password }) });
    return new PlantClient(base, tokenSchema.parse(answer).token, name, options);
  }

  get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.ask(path, 'GET').then((answer) => schema.parse(answer));
  }

  post<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    return this.ask(path, 'POST', body).then((answer) => schema.parse(answer));
  }

  /** Puts what is answered with what became of it. */
  putFor<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    return this.ask(path, 'PUT', body).then((answer) => schema.parse(answer));
  }

  async put(path: string, body: object): Promise<void> {
    await this.ask(path, 'PUT', body);
  }

  /** Changes what is answered with what became of it. */
  patch<T>(path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    return this.ask(path, 'PATCH', body).then((answer) => schema.parse(answer));
  }

  /** Deletes what answers with what became of it. */
  remove<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return this.ask(path, 'DELETE').then((answer) => schema.parse(answer));
  }

  async delete(path: string): Promise<void> {
    await this.ask(path, 'DELETE');
  }

  /** Ends the session: a token that nobody uses any more is of use to nobody else. */
  async logout(): Promise<void> {
    await this.ask('/api/session', 'DELETE');
  }

  private ask(path: string, method: string, body?: object): Promise<unknown> {
    const init = { method, ...(body ? { body: JSON.stringify(body) } : {}) };
    return asked(this.url, path, init, { authorization: `Bearer ${this.token}` }, this.options);
  }
}

const TIMEOUT_MS = 10_000;

const asked = async (
  url: URL,
  path: string,
  init: RequestInit,
  headers: Record<string, string> = {},
  options: Options = {},
): Promise<unknown> => {
  let answer: Response;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    answer = await fetch(new URL(path, url), { ...init, signal, headers: { 'content-type': 'application/json', ...headers } });
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw new AdapterError(`cannot reach the plant at ${url.origin}: ${messageOf(cause ?? error)}`, true, { cause: error });
  }
  const text = await answer.text();
  if (answer.ok) return text === '' ? undefined : parsed(url, text);
  const problem = problemSchema.safeParse(parsed(url, text)).data;
  if (answer.status === 400 && problem?.faults) throw new BadInput(problem.faults.map((fault) => byOption(fault, options)));
  const said = problem?.faults?.join('; ') ?? problem?.detail ?? problem?.title ?? `status ${answer.status}`;
  throw new AdapterError(`the plant says no: ${said}`, false);
};

/** A fault that begins with a field's name, as `endMs: …` or `setpoint.maxW: …`, by the option it was given by. */
export const byOption = (fault: string, options: Options): string => {
  const [, field = '', words] = /^(\w+)[\w.]*: (.*)$/s.exec(fault) ?? [];
  const option = options[field];
  return option === undefined ? fault : `${option}: ${words}`;
};

const parsed = (url: URL, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new AdapterError(`what answers at ${url.origin} is no plant`, false);
  }
};
