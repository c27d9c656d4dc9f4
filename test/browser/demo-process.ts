import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface DemoLogin {
  readonly name: string;
  readonly password: string;
  readonly role: 'operator' | 'household';
}

interface Greeting {
  readonly url: string;
  readonly logins: readonly DemoLogin[];
}

/** The demo as its user runs it: a process of its own, on free ports, in a folder that is thrown away. */
export class DemoProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
    readonly logins: readonly DemoLogin[],
  ) {}

  /** Answers when the pages are up. */
  static async start(): Promise<DemoProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-browser-'));
    const wishes = ['--data', folder, '--port', '0', '--modbus-port', '0', '--json'];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VPP_')));
    const child = spawn(process.execPath, ['dist/src/cli/main.js', 'demo', ...wishes], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
    const { url, logins } = await new Promise<Greeting>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('{"url"')) resolve(JSON.parse(line) as Greeting);
      });
      child.once('exit', (code) => reject(new Error(`The demo ended with ${code} before its pages were up: ${complaints}`)));
    });
    return new DemoProcess(child, folder, url, logins);
  }

  login(name: string): DemoLogin {
    const login = this.logins.find((one) => one.name === name);
    if (!login) throw new Error(`The demo offers no login ${name}`);
    return login;
  }

  /** Ctrl-C. Answers how the demo ended, and how long that took. */
  async interrupt(): Promise<{ code: number | null; tookMs: number }> {
    const startMs = performance.now();
    const ended = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill('SIGINT');
    const [code] = await ended;
    return { code, tookMs: performance.now() - startMs };
  }

  /** Ends what is left of it. */
  async clear(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
