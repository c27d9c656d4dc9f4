import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.js';

const INFLUXD = '/usr/bin/influxd';

const configuration = (folder: string, httpPort: number, rpcPort: number): string => `
reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${httpPort}"
  log-enabled = false
[monitor]
  store-enabled = false
`;

/** A real InfluxDB 1.x on loopback, with its data in a folder of its own. */
export class InfluxServer {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly httpPort: number,
    /** Where `influxd backup` asks. */
    readonly rpcPort: number,
  ) {}

  static async make(): Promise<InfluxServer> {
    if (!existsSync(INFLUXD)) throw new Error(`${INFLUXD} is missing: install Debian's package "influxdb" to run this test`);
    const folder = mkdtempSync(join(tmpdir(), 'influx-'));
    const influx = new InfluxServer(folder, await freePort(), await freePort());
    writeFileSync(join(folder, 'influxdb.conf'), configuration(folder, influx.httpPort, influx.rpcPort));
    await influx.start();
    return influx;
  }

  url(database: string): string {
    return `http://127.0.0.1:${this.httpPort}/${database}`;
  }

  private get running(): boolean {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Does nothing where it runs already. */
  async start(): Promise<void> {
    if (this.running) return;
    this.process = spawn(INFLUXD, ['-config', join(this.folder, 'influxdb.conf')], { stdio: 'ignore' });
    const { process: server } = this;
    for (let tries = 0; tries < 300; tries += 1) {
      if (server.exitCode !== null) throw new Error(`influxd ended with ${server.exitCode}`);
      const answers = await fetch(`http://127.0.0.1:${this.httpPort}/ping`).then(
        ({ status }) => status === 204,
        () => false,
      );
      if (answers) return;
      await pause(100);
    }
    throw new Error('influxd does not answer');
  }

  async kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { process: server } = this;
    if (!server || !this.running) return;
    const exit = once(server, 'exit');
    server.kill(signal);
    await exit;
  }

  async dispose(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Asks the server; answers its JSON. */
  async query(query: string, database = ''): Promise<unknown> {
    const address = `http://127.0.0.1:${this.httpPort}/query?db=${database}&q=${encodeURIComponent(query)}`;
    const answer = await fetch(address, { method: 'POST' });
    // The status comes before the statement has run; only the body says that it has.
    return answer.json();
  }
}
