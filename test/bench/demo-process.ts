import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface DemoProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** From the start of the process to the first page that a browser gets whole. */
  readonly upMs: number;
  stop(): Promise<void>;
}

/** Starts the built demo on free ports and waits for its first useful page: the address answers, and the fleet's power is known. */
export const startDemo = async (folder: string): Promise<DemoProcess> => {
  const beganMs = performance.now();
  const child = spawn(process.execPath, ['dist/src/cli/main.js', 'demo', '--data', folder, '--port', '0', '--modbus-port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url, logins } = JSON.parse(line) as { url: string; logins: { name: string; password: string }[] };
  await (await fetch(url)).text();
  const { name, password } = logins[0]!;
  const session = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  const { token } = (await session.json()) as { token: string };
  await (await fetch(`${url}/api/fleet/now`, { headers: { authorization: `Bearer ${token}` } })).json();
  return {
    child,
    url,
    upMs: performance.now() - beganMs,
    stop: async () => {
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
};

/** Waits until the demo's past is whole. */
export const historyFilled = async (url: string): Promise<void> => {
  for (;;) {
    const { history } = (await (await fetch(`${url}/api/plant`)).json()) as { history: { daysDone: number; daysTotal: number } };
    if (history.daysDone >= history.daysTotal) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
};
