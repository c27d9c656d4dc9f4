import type { Problem } from './types.js';

/** The API refused or could not be reached (status 0). `problem` is what it said, in the words of RFC 9457. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

export const isStatus = (error: unknown, status: number): boolean => error instanceof ApiError && error.problem.status === status;

const problemOf = async (response: Response): Promise<Problem> => {
  const bare: Problem = { type: 'about:blank', title: response.statusText || `HTTP ${response.status}`, status: response.status };
  try {
    return { ...bare, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return bare;
  }
};

const send = async (method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> => {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ type: 'about:blank', title: 'The plant cannot be reached', status: 0 });
  }
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
};

/** One call of the API; an empty answer is `undefined`. Throws `ApiError`. */
export const call = async <Answer>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> => {
  const text = await (await send(method, path, body, signal)).text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
};

export const get = <Answer>(path: string, signal?: AbortSignal): Promise<Answer> => call<Answer>('GET', path, undefined, signal);

/** The answer as it came, byte for byte: for what is checked or saved as a file. */
export const getText = async (path: string): Promise<string> => (await send('GET', path)).text();
