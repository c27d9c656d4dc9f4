import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = `${ROOT}dist/src/cli/main.js`;

/** How a process ended; `signal` where one ended it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Settings of the shell that runs the tests are none of the plant's. */
const environment = (extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^VPP_|^DATABASE_URL$|^INFLUX_URL$|^SOLANA_RPC_URL$/.test(key))),
  ...extra,
});

/** The built command line as a process of its own, as a user starts it. */
export class VppProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ending>;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly waiting = new Set<() => void>();

  constructor(args: readonly string[], extra: Readonly<Record<string, string>> = {}) {
    if (!existsSync(MAIN)) throw new Error('the program is not built; run npm run build');
    this.child = spawn(process.execPath, [MAIN, ...args], { cwd: ROOT, env: environment(extra), stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.heard(() => (this.stdout += text)));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => this.heard(() => (this.stderr += text)));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.heard(() => undefined);
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  say(text: string): void {
    this.child.stdin.end(text);
  }

  /** The first whole line on standard output. Throws with what was said on standard error where the process ends before. */
  async firstLine(): Promise<string> {
    await this.until(() => this.stdout.includes('\n') || this.isOver());
    const [line, rest] = this.stdout.split('\n');
    if (rest === undefined) throw new Error(`vpp ended before it was up: ${this.stderr}`);
    return line!;
  }

  /** Waits until something was said on standard error, or the process is over. */
  untilStderr(text: string): Promise<void> {
    return this.until(() => this.stderr.includes(text) || this.isOver());
  }

  /** Nobody listens to the process any more, as after a pipe or a session that broke. */
  deafen(): void {
    this.child.stdout.destroy();
    this.child.stderr.destroy();
  }

  /** Nobody reads standard output, as after `| head`. */
  closeOutput(): void {
    this.child.stdout.destroy();
  }

  /** Ends the process unless it has ended; answers how it did. */
  async end(signal: NodeJS.Signals): Promise<Ending> {
    if (!this.isOver()) this.child.kill(signal);
    return this.ended;
  }

  private isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  private heard(take: () => unknown): void {
    take();
    for (const look of this.waiting) look();
  }
}

/** Runs the command line to its end. */
export const runVpp = async (
  args: readonly string[],
  { env = {}, input = '' }: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<Ending & { stdout: string; stderr: string }> => {
  const vpp = new VppProcess(args, env);
  vpp.say(input);
  const ending = await vpp.ended;
  return { ...ending, stdout: vpp.stdout, stderr: vpp.stderr };
};
