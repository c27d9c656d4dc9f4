import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runVpp } from './vpp-process.js';

const listening = (): Promise<Server> =>
  new Promise((answer) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => answer(server));
  });
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Hourly rows of six weeks, with a sun that shines from nine to fifteen. */
const hourlyRows = (count: number): string[] =>
  Array.from({ length: count }, (_, hour) => {
    const sun = hour % 24 >= 9 && hour % 24 < 15 ? 2_000 : 0;
    return `${new Date(Date.UTC(2026, 4, 1) + hour * 3_600_000).toISOString().replace('.000', '')},${300 + (hour % 7)},${sun}`;
  });

const BROKEN_FLEET = `name: Broken
zone: Mars/Base
currency: EUR
households: []
sites:
  - id: home
    name: Home
    importLimitW: much
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: toaster, modbus: { host: 127.0.0.1 }, ratedW: 15000 }
`;

const GOOD_FLEET = `name: Small
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }
households: [{ id: anna, name: Anna }]
sites:
  - id: home
    name: Home
    household: anna
    importLimitW: 15000
    exportLimitW: 10000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: 1 }, ratedW: 15000 }
`;

/** Whatever is wrong with what the user gave is told in a line each, with exit code 2, and changes nothing. */
describe('bad input', { timeout: 60_000 }, () => {
  let folder: string;
  let dataDir: string;
  let taken: Server;
  const file = (name: string, text: string): string => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  /** Runs and holds what every bad input has in common. */
  const faultsOf = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> => {
    const { code, signal, stdout, stderr } = await runVpp(args, { env: { VPP_DATA_DIR: dataDir, ...env } });
    expect({ code, signal, stdout }).toEqual({ code: 2, signal: null, stdout: '' });
    expect(stderr).not.toMatch(/\n +at /);
    return stderr.trimEnd().split('\n');
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    dataDir = join(folder, 'data');
    taken = await listening();
  });
  afterAll(() => {
    taken.close();
    rmSync(folder, { recursive: true });
  });

  describe('leaves nothing behind:', () => {
    const nothing = (): void => expect(existsSync(dataDir)).toBe(false);

    it('a port that is taken', async () => {
      const faults = await faultsOf(['demo', '--port', String(portOf(taken)), '--modbus-port', '0']);
      expect(faults).toEqual([`port ${portOf(taken)} on 127.0.0.1 is taken; choose another with --port or VPP_PORT`]);
      nothing();
    });

    it('a port of the virtual hardware that is taken', async () => {
      const faults = await faultsOf(['demo', '--port', '0', '--modbus-port', String(portOf(taken) - 3)]);
      expect(faults).toEqual([`port ${portOf(taken)} on 127.0.0.1 is taken; choose others with --modbus-port; 0 takes free ones`]);
      nothing();
    });

    it('a port that is none', async () => {
      expect(await faultsOf(['demo', '--port', '70000'])).toEqual(['--port: "70000" is not a whole number from 0 to 65535']);
      nothing();
    });

    it('a key that nobody knows, and bad values, all at once', async () => {
      const faults = await faultsOf(['demo'], { VPP_PROT: '80', VPP_PORT: 'eighty', VPP_INTERVAL_MINUTES: '7' });
      expect(faults).toHaveLength(3);
      expect(faults[0]).toMatch(/^environment: VPP_PROT is not a key of Heliograph; known are VPP_HOST, /);
      expect(faults[1]).toMatch(/^environment: VPP_PORT "eighty": .*number.*\(Port of the pages/);
      expect(faults[2]).toMatch(/^environment: VPP_INTERVAL_MINUTES "7": must divide an hour/);
      nothing();
    });

    it('a password in a bad address is not repeated', async () => {
      const [fault, ...more] = await faultsOf(['migrate'], { DATABASE_URL: 'mysql://vpp:hunter2@localhost/vpp' });
      expect(fault).toMatch(/^environment: DATABASE_URL: .*postgres:\/\//);
      expect(fault).not.toMatch(/hunter2/);
      expect(more).toEqual([]);
      nothing();
    });

    it('rows of a measured home that cannot be', async () => {
      const rows = hourlyRows(40 * 24);
      rows[3] = rows[3]!.replace(/,\d+,/, ',lots,');
      rows[7] = rows[6]!;
      const home = file('bad-homes/home-01.csv', ['start_utc,load_w,pv_w', ...rows].join('\n'));
      const other = file('bad-homes/home-02.csv', 'start_utc,load_w\n2026-05-01T00:00:00Z,1\n');
      const faults = await faultsOf(['demo', '--homes', join(folder, 'bad-homes'), '--port', '0', '--modbus-port', '0']);
      expect(faults).toEqual([
        `${home}:5: load_w "lots" is not a number of watts from 0 up`,
        `${home}:9: 2026-05-01T06:00:00Z stands there twice`,
        `${other}:1: no column pv_w; the header must name start_utc,load_w,pv_w`,
      ]);
      nothing();
    });

    it('measured homes with gaps that leave no month whole', async () => {
      const rows = hourlyRows(45 * 24).filter((_row, hour) => hour !== 14 * 24 + 6 && (hour < 720 || hour >= 723));
      const home = file('gaps/home-01.csv', ['start_utc,load_w,pv_w', ...rows].join('\n'));
      const needed = 'the demo needs 32 days without a break, a working day among the last';
      expect(await faultsOf(['demo', '--homes', join(folder, 'gaps'), '--port', '0', '--modbus-port', '0'])).toEqual([
        `${home}: no rows from 2026-05-15T06:00:00Z to 2026-05-15T07:00:00Z; ${needed}`,
        `${home}: no rows from 2026-05-31T00:00:00Z to 2026-05-31T03:00:00Z; ${needed}`,
      ]);
      nothing();
    });

    it('measured homes that are too few, or not there', async () => {
      const short = file('short-homes/home-01.csv', ['start_utc,load_w,pv_w', ...hourlyRows(48)].join('\n'));
      const [fault] = await faultsOf(['demo', '--homes', join(folder, 'short-homes'), '--port', '0', '--modbus-port', '0']);
      expect(fault).toMatch(new RegExp(`^${short}: holds too little; the demo needs 32 days`));
      expect((await faultsOf(['demo', '--homes', join(folder, 'nowhere')]))[0]).toMatch(/^cannot read the homes in .*nowhere/);
      nothing();
    });

    it('a zone that is none', async () => {
      file('homes/home-01.csv', ['start_utc,load_w,pv_w', ...hourlyRows(45 * 24)].join('\n'));
      const faults = await faultsOf(['demo', '--homes', join(folder, 'homes'), '--zone', 'Mars/Base']);
      expect(faults).toEqual(['--zone: "Mars/Base" is not an IANA time zone, such as America/Los_Angeles']);
      nothing();
    });

    it('a fleet file with several faults, each with its line', async () => {
      const fleet = file('broken.yaml', BROKEN_FLEET);
      for (const command of ['serve', 'simulate']) {
        const faults = await faultsOf([command, '--fleet', fleet]);
        const lines = faults.map((fault) => Number(/^.*broken\.yaml:(\d+): /.exec(fault)?.[1]));
        expect(lines).toEqual([2, 8, 11, ...lines.slice(3)]);
      }
      nothing();
    });

    it('a fleet file that is not named, not there, or names profiles that nobody knows', async () => {
      expect((await faultsOf(['serve']))[0]).toMatch(/^no fleet file; name one with --fleet or VPP_FLEET/);
      expect((await faultsOf(['serve', '--fleet', join(folder, 'nowhere.yaml')]))[0]).toMatch(/nowhere\.yaml: cannot be read/);
      const device = (id: string, unitId: number): string =>
        `      - { id: ${id}, name: M, role: pv, profile: no-such, modbus: { host: 127.0.0.1, port: 1, unitId: ${unitId} }, ratedW: 1 }\n`;
      const faults = await faultsOf(['serve', '--fleet', file('profiles.yaml', GOOD_FLEET + device('one', 8) + device('two', 9))]);
      expect(faults.map((fault) => /device "(\w+)": .*no-such/.exec(fault)?.[1])).toEqual(['one', 'two']);
      nothing();
    });

    it('a port that is taken, before any device is spoken to', async () => {
      const faults = await faultsOf(['serve', '--fleet', file('good.yaml', GOOD_FLEET), '--port', String(portOf(taken))]);
      expect(faults).toEqual([`port ${portOf(taken)} on 127.0.0.1 is taken; choose another with --port or VPP_PORT`]);
      nothing();
    });

    it.each([
      ['a command', ['nonsense'], /^error: unknown command 'nonsense'/],
      ['an option', ['demo', '--nonsense'], /^error: unknown option '--nonsense'/],
      ['nothing at all', [], /^Usage: vpp/],
    ])('wrong usage: %s', async (_, args, message) => {
      expect((await faultsOf(args))[0]).toMatch(message);
      nothing();
    });
  });

  describe('leaves what is there as it is:', () => {
    it('a database from a newer version', async () => {
      const own = join(folder, 'newer');
      const env = { VPP_DATA_DIR: own };
      expect((await runVpp(['migrate'], { env })).code).toBe(0);
      const database = new Database(join(own, 'plant.sqlite'));
      database.prepare('INSERT INTO migrations (timestamp, name) VALUES (?, ?)').run(9_999_999_999_999, 'Tomorrow9999999999999');
      database.close();
      const fleet = file('good.yaml', GOOD_FLEET);
      for (const args of [['migrate'], ['serve', '--fleet', fleet, '--port', '0']]) {
        const faults = await faultsOf(args, env);
        expect(faults.at(-1)).toMatch(/was written by a newer version of Heliograph \(it knows Tomorrow9999999999999\); update Heliograph/);
      }
      const after = new Database(join(own, 'plant.sqlite'), { readonly: true });
      expect(after.prepare('SELECT name FROM migrations WHERE timestamp > 9999999999998').all()).toEqual([
        { name: 'Tomorrow9999999999999' },
      ]);
      expect(after.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 0 });
      after.close();
    });

    it('a plant without an operator', async () => {
      const own = join(folder, 'no-operator');
      const faults = await faultsOf(['serve', '--fleet', file('good.yaml', GOOD_FLEET), '--port', '0'], { VPP_DATA_DIR: own });
      expect(faults).toEqual(['there is no operator yet; make one with: npm run -s vpp -- user add NAME']);
    });

    it('a folder that holds no demo, with --fresh', async () => {
      const own = join(folder, 'precious');
      file('precious/thesis.txt', 'all of it');
      const faults = await faultsOf(['demo', '--data', own, '--fresh']);
      expect(faults).toEqual([`--fresh: ${own} holds no demo, so it is left as it is; name the demo's folder with --data`]);
      expect(readdirSync(own)).toContain('thesis.txt');
    });

    it('a demo that would be forgotten, where something else is wrong as well', async () => {
      const own = join(folder, 'old-demo');
      const state = { version: 1, seed: 7, zone: 'Europe/Berlin', startMs: Date.UTC(2026, 5, 10, 8), daysDone: 0, logins: [] };
      file('old-demo/demo.json', JSON.stringify(state));
      const common = ['demo', '--data', own, '--fresh', '--modbus-port', '0'];
      await faultsOf([...common, '--port', String(portOf(taken))]);
      await faultsOf([...common, '--port', '0', '--zone', 'Mars/Base']);
      expect(readdirSync(own)).toContain('demo.json');
    });

    it('a demo’s file that was changed by hand', async () => {
      const own = join(folder, 'changed-demo');
      file('changed-demo/demo.json', '{"version": 1');
      expect((await faultsOf(['demo', '--data', own, '--port', '0', '--modbus-port', '0']))[0]).toMatch(
        /demo\.json: cannot be read; start over with --fresh/,
      );
    });
  });
});
