import { spawn } from 'node:child_process';

export type ToolOutcome =
  { readonly kind: 'done' } | { readonly kind: 'not-there' } | { readonly kind: 'failed'; readonly message: string };

/** Runs a program of the system to its end, or to this process's. It gets the environment of this process and `extra`. */
export const runTool = (name: string, args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<ToolOutcome> =>
  new Promise((resolve) => {
    const child = spawn(name, args, { env: { ...process.env, ...extra }, stdio: ['ignore', 'ignore', 'pipe'] });
    const end = (): void => void child.kill();
    process.once('exit', end);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)));
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? { kind: 'not-there' } : { kind: 'failed', message: error.message }),
    );
    child.once('close', () => process.off('exit', end));
    child.once('close', (code, signal) =>
      resolve(
        code === 0 ? { kind: 'done' } : { kind: 'failed', message: said.trim().split('\n').at(-1) || `ended with ${code ?? signal}` },
      ),
    );
  });
