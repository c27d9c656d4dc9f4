import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSigningKeys } from '../../src/proof/signing-keys.js';
import type { DeviceRow } from '../../src/web/api/types.js';
import { twoHomesFleet } from '../contract/two-homes.js';
import { runVpp, VppProcess } from '../scenario/vpp-process.js';
import { freePort } from './free-port.js';
import { InfluxServer } from './influx-server.js';
import { PostgresServer } from './postgres-server.js';

/**
 * The configuration of docker-compose.yml, on servers from Debian's packages: the built `vpp serve` with PostgreSQL and
 * InfluxDB, `vpp simulate` in place of the hardware.
 */
const PASSWORD = 'a password of the test';
const DEVICES = ['anna-battery', 'anna-meter', 'anna-pv', 'bert-hybrid', 'bert-meter'];

let postgres: PostgresServer;
let influx: InfluxServer;
let folder: string;
let environment: Record<string, string>;
const processes: VppProcess[] = [];

beforeAll(async () => {
  [postgres, influx] = await Promise.all([PostgresServer.start(), InfluxServer.make()]);
  folder = mkdtempSync(join(tmpdir(), 'server-edition-'));
  writeFileSync(join(folder, 'fleet.yaml'), twoHomesFleet([await freePort(), await freePort()]));
  environment = {
    VPP_FLEET: join(folder, 'fleet.yaml'),
    VPP_DATA_DIR: join(folder, 'data'),
    VPP_PORT: '0',
    VPP_INTERVAL_MINUTES: '1',
    VPP_CYCLE_MS: '500',
    VPP_LOG_LEVEL: 'warn',
    DATABASE_URL: await postgres.database('plant'),
    INFLUX_URL: influx.url('plant'),
  };
});
afterAll(async () => {
  await Promise.all(processes.map((process) => process.end('SIGKILL')));
  await Promise.all([postgres?.stop(), influx?.dispose()]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const start = (args: string[], env: Record<string, string> = {}): VppProcess => {
  const started = new VppProcess(args, env);
  processes.push(started);
  return started;
};

/** Asks until the answer will do; the plant works on its own clock here. */
const eventually = async <T>(ask: () => Promise<T>, willDo: (answer: T) => boolean, withinS: number): Promise<T> => {
  for (let tries = 0; tries < withinS * 4; tries += 1) {
    const answer = await ask();
    if (willDo(answer)) return answer;
    await pause(250);
  }
  throw new Error(`not within ${withinS} s; at last it was ${JSON.stringify(await ask())}`);
};

const rows = async (sql: string): Promise<Record<string, unknown>[]> => postgres.query('plant', sql);

describe('the server edition', () => {
  let url: string;
  let token: string;
  const api = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${url}/api/${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    return (await answer.json()) as T;
  };

  it('does not start without an operator, and says how to make one', async () => {
    const { code, stderr } = await runVpp(['serve'], { env: environment });
    expect(code).toBe(2);
    expect(stderr.trim()).toBe('there is no operator yet; make one with: npm run -s vpp -- user add NAME');
  });

  it('starts with the operator of `vpp user add` and finds its devices', async () => {
    expect(await runVpp(['user', 'add', 'olga'], { env: environment, input: `${PASSWORD}\n` })).toMatchObject({ code: 0 });
    await start(['simulate', '--fleet', environment['VPP_FLEET']!, '--json']).firstLine();
    const serve = start(['serve', '--json'], environment);
    ({ url } = JSON.parse(await serve.firstLine()) as { url: string });
    const login = await fetch(`${url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'olga', password: PASSWORD }),
    });
    ({ token } = (await login.json()) as { token: string });
    const devices = await eventually(
      () => api<DeviceRow[]>('devices'),
      (all) => all.every(({ health }) => health === 'online'),
      30,
    );
    expect(devices.map(({ id }) => id).toSorted()).toEqual(DEVICES);
    expect(await api('plant')).toMatchObject({ mode: 'serve', simulated: false, clockOffsetMs: 0 });
    expect((await fetch(`${url}/api/health`)).status).toBe(200);
  }, 60_000);

  it('keeps readings in InfluxDB, intervals in PostgreSQL, and nothing of either in files', async () => {
    const ask = 'SELECT count("grid.powerW") FROM readings GROUP BY device';
    const counted = await eventually(
      () => influx.query(ask, 'plant'),
      (answer) => JSON.stringify(answer).includes('bert-meter'),
      30,
    );
    expect(JSON.stringify(counted)).toContain('anna-meter');
    const closed = await eventually(
      () => rows("SELECT DISTINCT device_id, end_ms - start_ms AS length_ms, quality FROM interval_energies WHERE quality <> 'missing'"),
      (found) => new Set(found.map((row) => row['device_id'])).size === DEVICES.length,
      150,
    );
    const measured = closed.filter(({ quality }) => quality === 'measured').map((row) => row['device_id']);
    // A battery of model 124 has no counters, so what it moved is worked out from its power.
    expect(measured).toEqual(expect.arrayContaining(['anna-meter', 'anna-pv', 'bert-meter']));
    expect(new Set(closed.map((row) => row['length_ms']))).toEqual(new Set(['60000']));
    await eventually(
      () => api<{ leaves: number; anchoredLeaves: number; demoKeys: boolean }>('proof/status'),
      ({ leaves, anchoredLeaves }) => leaves > 0 && anchoredLeaves === leaves,
      30,
    );
    expect(await api('proof/status')).toMatchObject({ ledger: 'embedded', demoKeys: false });
    expect(readdirSync(environment['VPP_DATA_DIR']!).filter((file) => /^(plant|readings)\.sqlite/.test(file))).toEqual([]);
  }, 240_000);

  it('hands back and ends within five seconds of Ctrl-C, and goes on from there', async () => {
    const serve = processes.at(-1)!;
    const beganAt = performance.now();
    expect(await serve.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    const [before] = await rows('SELECT max(end_ms) AS end, count(*) AS count FROM interval_energies');

    const again = start(['serve', '--json'], environment);
    ({ url } = JSON.parse(await again.firstLine()) as { url: string });
    await eventually(
      () => api<DeviceRow[]>('devices'),
      (all) => all.every(({ health }) => health === 'online'),
      30,
    );
    const [kept] = await rows(`SELECT count(*) AS count FROM interval_energies WHERE end_ms <= ${String(before!['end'])}`);
    expect(kept!['count']).toBe(before!['count']);
    expect(await again.end('SIGTERM')).toEqual({ code: 0, signal: null });
  }, 90_000);

  it('refuses the demo’s keys and logins', async () => {
    const demoFolder = join(folder, 'demo-data');
    loadSigningKeys(join(demoFolder, 'keys'), true, 'heliograph.invalid/demo');
    const keys = await runVpp(['serve'], { env: { ...environment, VPP_DATA_DIR: demoFolder } });
    expect(keys).toMatchObject({ code: 2, stdout: '' });
    expect(keys.stderr).toContain('these are demo keys, which prove nothing');

    await rows("INSERT INTO users (name, role, password_hash, demo) VALUES ('operator', 'operator', 'scrypt$1$a$b', true)");
    const logins = await runVpp(['serve'], { env: environment });
    expect(logins).toMatchObject({ code: 2, stdout: '' });
    expect(logins.stderr).toContain('this database holds logins of the demo');
  }, 60_000);
});
