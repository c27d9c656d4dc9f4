import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twoHomesFleet } from '../contract/two-homes.js';
import { runVpp } from '../scenario/vpp-process.js';
import { InfluxServer } from './influx-server.js';
import { PostgresServer } from './postgres-server.js';

const FROM = Date.UTC(2026, 4, 1);
const ROWS = 97;

/** The server edition: what is in PostgreSQL and InfluxDB goes out and comes back by their own tools. */
describe('a backup of the server edition', () => {
  let postgres: PostgresServer;
  let influx: InfluxServer;
  const folder = mkdtempSync(join(tmpdir(), 'server-backup-'));
  const at = (...parts: string[]): string => join(folder, ...parts);
  const env = (data: string, database: string): Record<string, string> => ({
    VPP_DATA_DIR: at(data),
    VPP_FLEET: at('fleet.yaml'),
    DATABASE_URL: postgres.url(database),
    INFLUX_URL: influx.url('plant'),
  });

  beforeAll(async () => {
    [postgres, influx] = await Promise.all([PostgresServer.start(), InfluxServer.make()]);
    for (const name of ['plant', 'second', 'filled']) await postgres.database(name);
    await postgres.query('filled', 'CREATE TABLE precious (id integer)');
    writeFileSync(at('fleet.yaml'), twoHomesFleet([15_990, 15_991]));
    const rows = Array.from({ length: ROWS }, (_, i) => `${FROM + i * 900_000},${400 + i}`);
    writeFileSync(at('home.csv'), ['time,load_w', ...rows].join('\n'));
    const added = await runVpp(['user', 'add', 'olga'], { env: env('data', 'plant'), input: 'correct horse battery\n' });
    expect(added).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await Promise.all([postgres?.stop(), influx?.dispose()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('brings a file in, once, and out again', async () => {
    const words = ['telemetry', 'import', '--csv', at('home.csv'), '--device', 'anna-meter', '--column', 'grid.powerW=load_w', '--json'];
    const first = await runVpp(words, { env: env('data', 'plant') });
    expect(JSON.parse(first.stdout)).toMatchObject({ rows: ROWS, stored: ROWS, known: 0, intervals: ROWS - 1, refused: {} });
    const again = await runVpp(words, { env: env('data', 'plant') });
    expect(JSON.parse(again.stdout)).toMatchObject({ rows: ROWS, stored: 0, known: ROWS, intervals: 0 });
    const { stdout } = await runVpp(['telemetry', 'export', '--device', 'anna-meter', '--from', '2026-05-01', '--to', '2026-06-01'], {
      env: env('data', 'plant'),
    });
    expect(stdout.trim().split('\n').slice(0, 2)).toEqual(['time,grid.powerW', '2026-05-01T00:00:00.000Z,400']);
    expect(stdout.trim().split('\n')).toHaveLength(ROWS + 1);
  });

  it('copies both, and restores into an empty database', async () => {
    const backup = ['backup', at('plant.tar'), '--json', '--influx', `127.0.0.1:${influx.rpcPort}`];
    const made = await runVpp(backup, { env: env('data', 'plant') });
    expect([made.code, made.code === 0 ? JSON.parse(made.stdout) : made.stderr]).toEqual([
      0,
      expect.objectContaining({ database: 'postgres', readings: 'influx', notes: [] }),
    ]);
    const full = await runVpp(['restore', at('plant.tar')], { env: env('restored', 'filled') });
    expect([full.code, full.stderr]).toEqual([2, expect.stringContaining('is not empty; name a new one')]);
    expect(existsSync(at('restored'))).toBe(false);
    const restored = await runVpp(['restore', at('plant.tar')], { env: env('restored', 'second') });
    expect([restored.code, restored.stderr.includes('pg_restore')]).toEqual([0, true]);
    for (const table of ['users', 'interval_energies', 'migrations']) {
      const [before, after] = await Promise.all(
        ['plant', 'second'].map((name) => postgres.query(name, `SELECT * FROM ${table} ORDER BY 1, 2`)),
      );
      expect([table, after]).toEqual([table, before]);
    }
    execFileSync(
      'influxd',
      [
        'restore',
        '-portable',
        '-host',
        `127.0.0.1:${influx.rpcPort}`,
        '-db',
        'plant',
        '-newdb',
        'again',
        at('restored', 'influxdb-backup'),
      ],
      {
        stdio: 'pipe',
      },
    );
    const words = ['telemetry', 'export', '--device', 'anna-meter', '--from', '2026-05-01', '--csv', at('again.csv'), '--json'];
    const out = await runVpp(words, { env: { ...env('restored', 'second'), INFLUX_URL: influx.url('again') } });
    expect(JSON.parse(out.stdout)).toMatchObject({ rows: ROWS });
  });

  it('says where the readings are that it could not copy, and keeps those that wait', async () => {
    const made = await runVpp(['backup', at('without.tar'), '--json', '--influx', '127.0.0.1:1'], { env: env('data', 'plant') });
    expect(JSON.parse(made.stdout)).toMatchObject({
      readings: 'left-out',
      notes: [expect.stringMatching(/^the readings in InfluxDB are not in the backup \(.*with: influxd backup -portable -database plant/)],
    });
    expect(readdirSync(at('data'))).toContain('spool.sqlite');
    expect(execFileSync('tar', ['-tf', at('without.tar')], { encoding: 'utf8' })).toContain('data/spool.sqlite');
  });
});
