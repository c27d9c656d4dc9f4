import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningPlant } from './running-plant.js';
import { runVpp } from './vpp-process.js';

const HOMES = fileURLToPath(new URL('../../../shared/data/homes', import.meta.url));
const HOUR_MS = 3_600_000;
/** The clock begins twelve seconds into the minute. */
const SETTLED_MS = 16_000;
const FILES = Array.from({ length: 8 }, (_, i) => `home-0${i + 1}`);

/** Reads the file by itself, not by the program's own reader. */
const loadsOf = (home: string): Map<number, number> =>
  new Map(
    readFileSync(join(HOMES, `${home}.csv`), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([start, loadW]) => [Date.parse(start!), Number(loadW)]),
  );

interface SiteRow {
  readonly id: string;
  readonly loadW?: number;
  readonly readAtMs?: number;
}

describe.runIf(existsSync(HOMES))('the demo on measured homes', () => {
  let folder: string;
  let plant: RunningPlant;
  let startedAtMs: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    plant = await RunningPlant.demo(folder, '--homes', HOMES);
    startedAtMs = (JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as { startMs: number }).startMs;
  }, 120_000);
  afterAll(async () => {
    await plant?.process.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('reports each home’s load as the file has it for the plant’s time', { timeout: 60_000 }, async () => {
    for (const home of FILES) {
      const loads = loadsOf(home);
      // At the very start the virtual hardware stands as history left it; an inverter that is away has no load to report.
      const settled = ({ loadW, readAtMs }: SiteRow): boolean => loadW !== undefined && readAtMs! > startedAtMs + SETTLED_MS;
      const { loadW, readAtMs } = await plant.until<SiteRow>(`/api/sites/${home}`, settled);
      const measuredW = loads.get(readAtMs! - (readAtMs! % HOUR_MS))!;
      // Meter, sun and battery round to whole watts each, and a hybrid's shares round three powers more.
      expect(Math.abs(loadW! - measuredW), `${home}: ${loadW} W, file ${measuredW} W`).toBeLessThanOrEqual(5);
    }
  });

  it('has metered the day before, hour by hour, as the file has it', { timeout: 60_000 }, async () => {
    const query = (site: string): string =>
      `/api/fleet/power?fromMs=${startedAtMs - 23 * HOUR_MS}&toMs=${startedAtMs}&stepMs=${HOUR_MS}&siteId=${site}`;
    for (const home of ['home-02', 'home-04']) {
      const loads = loadsOf(home);
      const { actual } = await plant.get<{ actual: { atMs: number; loadW?: number }[] }>(query(home));
      const whole = actual.filter(({ atMs }) => atMs >= startedAtMs - 24 * HOUR_MS && atMs + HOUR_MS <= startedAtMs);
      expect(whole).toHaveLength(23);
      for (const { atMs, loadW } of whole) {
        const measuredW = loads.get(atMs)!;
        expect(Math.abs(loadW! - measuredW), `${home} at ${new Date(atMs).toISOString()}`).toBeLessThanOrEqual(0.005 * measuredW + 1);
      }
    }
  });

  it('shares its folder with no second plant', { timeout: 60_000 }, async () => {
    for (const more of [[], ['--fresh']]) {
      const { code, stdout, stderr } = await runVpp(['demo', '--data', folder, '--port', '0', '--modbus-port', '0', ...more]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toBe(`${folder} is in use by a plant that is running; stop that one, or name another folder\n`);
    }
    expect(existsSync(join(folder, 'demo.json'))).toBe(true);
  });

  it('is not mixed with other homes, another zone or another seed, and is no real plant', { timeout: 120_000 }, async () => {
    // A plant that runs keeps everybody else off its folder; what is asked here is of one that does not.
    const { code: ended } = await plant.process.end('SIGINT');
    expect({ ended, said: plant.process.stderr }).toMatchObject({ ended: 0 });
    const other = mkdtempSync(join(folder, 'homes-'));
    copyFileSync(join(HOMES, 'home-03.csv'), join(other, 'home-01.csv'));
    const others = [
      ['--seed', '8'],
      ['--zone', 'Europe/Berlin'],
      ['--homes', other],
    ];
    for (const options of others) {
      const { code, stdout, stderr } = await runVpp(['demo', '--data', folder, '--port', '0', '--modbus-port', '0', ...options]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    const { code, stderr } = await runVpp(['serve', '--fleet', 'hardware/fleets/example.yaml', '--port', '0'], {
      env: { VPP_DATA_DIR: folder },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/demo.*VPP_DATA_DIR/);
    expect(existsSync(join(folder, 'demo.json'))).toBe(true);
  });
});
