import { VppProcess } from './vpp-process.js';
import { setTimeout as pause } from 'node:timers/promises';

export interface Login {
  readonly name: string;
  readonly password: string;
}

/** What `--json` says when the pages are up. */
export interface Greeting {
  readonly url: string;
  readonly logins: readonly (Login & { role: 'operator' | 'household' })[];
  readonly modbus: readonly { siteId: string; host: string; port: number }[];
}

export interface PlantInfo {
  readonly nowMs: number;
  readonly history: { readonly daysDone: number; readonly daysTotal: number };
}

const LOOK_EVERY_MS = 200;

/** A plant in a process of its own, and its API. */
export class RunningPlant {
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    readonly process: VppProcess,
    readonly greeting: Greeting,
  ) {}

  /** Answers when the pages are up. */
  static async start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunningPlant> {
    const vpp = new VppProcess([...args, '--port', '0', '--json'], env);
    return new RunningPlant(vpp, JSON.parse(await vpp.firstLine()) as Greeting);
  }

  static demo(dataDir: string, ...args: readonly string[]): Promise<RunningPlant> {
    return RunningPlant.start(['demo', '--data', dataDir, '--modbus-port', '0', ...args]);
  }

  get operator(): Login {
    return this.greeting.logins.find(({ role }) => role === 'operator')!;
  }

  household(name: string): Login {
    return this.greeting.logins.find((login) => login.name === name)!;
  }

  async text(path: string, as: Login): Promise<string> {
    const answer = await this.fetch(path, as);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  async get<T>(path: string, as: Login = this.operator): Promise<T> {
    return JSON.parse(await this.text(path, as)) as T;
  }

  async put(path: string, body: object, as: Login): Promise<number> {
    return (await this.fetch(path, as, { method: 'PUT', body: JSON.stringify(body) })).status;
  }

  async post<T>(path: string, as: Login, body?: object): Promise<{ status: number; answer: T }> {
    const answer = await this.fetch(path, as, { method: 'POST', ...(body ? { body: JSON.stringify(body) } : {}) });
    return { status: answer.status, answer: (await answer.json()) as T };
  }

  async resume(as: Login): Promise<void> {
    await this.fetch('/api/resume', as, { method: 'POST', body: JSON.stringify({ reason: 'a test goes on' }) });
  }

  async delete(path: string, as: Login): Promise<number> {
    return (await this.fetch(path, as, { method: 'DELETE' })).status;
  }

  plant(): Promise<PlantInfo> {
    return this.get('/api/plant');
  }

  /** Asks again and again until the condition holds. What it waits for has no event that reaches over the API. */
  async until<T>(path: string, holds: (answer: T) => boolean, as: Login = this.operator): Promise<T> {
    for (;;) {
      const answer = await this.get<T>(path, as);
      if (holds(answer)) return answer;
      await pause(LOOK_EVERY_MS);
    }
  }

  private async fetch(path: string, as: Login, init: RequestInit = {}): Promise<Response> {
    // A test that is busy for a while would find a kept connection closed under its hands.
    const headers = { authorization: `Bearer ${await this.token(as)}`, 'content-type': 'application/json', connection: 'close' };
    return fetch(`${this.greeting.url}${path}`, { ...init, headers });
  }

  private token({ name, password }: Login): Promise<string> {
    let token = this.tokens.get(name);
    if (!token) this.tokens.set(name, (token = this.login(name, password)));
    return token;
  }

  private async login(name: string, password: string): Promise<string> {
    const answer = await fetch(`${this.greeting.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password }),
    });
    if (!answer.ok) throw new Error(`login of ${name}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { token: string }).token;
  }
}
