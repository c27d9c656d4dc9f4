import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from './free-port.js';

const PACKAGE = '/usr/lib/postgresql';
const LOGIN = 'heliograph';
const PASSWORD = randomBytes(12).toString('hex');

/** A real PostgreSQL on loopback, as Debian packages it, with its cluster in a folder of its own. */
export class PostgresServer {
  private constructor(
    private readonly folder: string,
    private readonly process: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(): Promise<PostgresServer> {
    const bin = programs();
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    const cluster = join(folder, 'cluster');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD);
    // PostgreSQL refuses to run as root; Debian's package brings a user for it.
    if (isRoot()) execFileSync('chown', ['-R', 'postgres', folder]);
    chmodSync(folder, 0o755);
    const init = ['-D', cluster, '-U', LOGIN, '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale', 'C', '--no-sync'];
    execFileSync(...asServerUser(join(bin, 'initdb'), init), { stdio: 'pipe', cwd: folder });
    const port = await freePort();
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`, '-c', 'fsync=off'];
    const server = spawn(...asServerUser(join(bin, 'postgres'), ['-D', cluster, '-p', String(port), ...settings]), {
      stdio: 'ignore',
      cwd: folder,
    });
    const started = new PostgresServer(folder, server, port);
    await started.untilAnswers();
    return started;
  }

  url(database: string): string {
    return `postgres://${LOGIN}:${PASSWORD}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database; answers its address. */
  async database(name: string): Promise<string> {
    await this.query('postgres', `CREATE DATABASE ${name}`);
    return this.url(name);
  }

  async query<Row extends object>(database: string, sql: string): Promise<Row[]> {
    const client = new Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exit = once(this.process, 'exit');
      // Fast shutdown: it ends its sessions. `setpriv` has become the server, so this is the server's own process.
      this.process.kill('SIGINT');
      await exit;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async untilAnswers(): Promise<void> {
    for (let tries = 0; tries < 150; tries += 1) {
      if (this.process.exitCode !== null) throw new Error(`postgres ended with ${this.process.exitCode}`);
      const answers = await this.query('postgres', 'SELECT 1').then(
        () => true,
        () => false,
      );
      if (answers) return;
      await pause(100);
    }
    throw new Error('postgres does not answer');
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** The command as the package's own user where we are root: `setpriv` replaces itself by it, so that signals arrive. */
const asServerUser = (program: string, args: string[]): [string, string[]] =>
  isRoot() ? ['setpriv', ['--reuid', 'postgres', '--regid', 'postgres', '--init-groups', program, ...args]] : [program, args];

/** Where the newest installed version has its programs. */
const programs = (): string => {
  const versions = existsSync(PACKAGE) ? readdirSync(PACKAGE).toSorted((a, b) => Number(b) - Number(a)) : [];
  const bin = versions.map((version) => join(PACKAGE, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
  if (bin === undefined) throw new Error(`${PACKAGE}/*/bin/initdb is missing: install Debian's package "postgresql" to run this test`);
  return bin;
};
