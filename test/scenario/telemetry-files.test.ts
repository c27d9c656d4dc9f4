import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lost } from './plant-files.js';
import { ServedPlant } from './served-plant.js';
import { runVpp } from './vpp-process.js';

interface Report {
  readonly rows: number;
  readonly stored: number;
  readonly known: number;
  readonly intervals: number;
  readonly refused: Record<string, { count: number; examples: { line: number; column: string; value: string }[] }>;
}

const HEADER = 'time,load_w,counted_kwh';
const quarterHours = (rows: number, from = '2026-05-01T00:00:00Z'): string[] =>
  Array.from({ length: rows }, (_, i) => {
    const at = new Date(Date.parse(from) + i * 900_000).toISOString();
    return `${at},${400 + i},${(1_000 + i * 0.1).toFixed(3)}`;
  });

const plant = new ServedPlant();
const file = (name: string, rows: readonly string[], header = HEADER): string => {
  const path = join(plant.folder, name);
  writeFileSync(path, [header, ...rows, ''].join('\n'));
  return path;
};
/** Into a folder of its own, in which no plant runs. */
const bring = async (folder: string, csv: string, ...more: string[]) => {
  const words = ['telemetry', 'import', '--csv', csv, '--device', 'meter', '--fleet', plant.fleetFile, '--column', 'grid.powerW=load_w'];
  const { code, stdout, stderr } = await runVpp([...words, ...more, '--json'], { env: plant.env(join(plant.folder, folder)) });
  return { code, stderr, report: (stdout === '' ? undefined : JSON.parse(stdout)) as Report };
};
const stored = (folder: string, table = 'readings'): unknown[] => {
  const readings = new Database(join(plant.folder, folder, table === 'readings' ? 'readings.sqlite' : 'plant.sqlite'), { readonly: true });
  try {
    return readings.prepare(`SELECT * FROM ${table}`).all();
  } finally {
    readings.close();
  }
};

beforeAll(() => plant.prepare(), 120_000);
afterAll(() => plant.end());

describe('vpp telemetry import', { timeout: 60_000 }, () => {
  const counted = ['--column', 'grid.toBusCounterWh=counted_kwh', '--unit', 'kWh'];

  it('brings a file in once, in whatever order its rows are', async () => {
    const csv = file('home.csv', quarterHours(97).toReversed());
    const dry = await bring('once', csv, ...counted, '--dry-run');
    expect(dry).toMatchObject({ code: 0, report: { rows: 97, stored: 194, known: 0, intervals: 96, refused: {} } });
    expect(existsSync(join(plant.folder, 'once'))).toBe(false);
    const first = await bring('once', csv, ...counted);
    expect(first).toMatchObject({ code: 0, report: { rows: 97, stored: 194, known: 0, intervals: 96, refused: {} } });
    expect(stored('once')).toHaveLength(97);
    expect(stored('once')[1]).toMatchObject({ 'grid.powerW': 401, 'grid.toBusCounterWh': 1_000_100 });
    const again = await bring('once', csv, ...counted);
    expect(again).toMatchObject({ code: 0, report: { rows: 97, stored: 0, known: 194, intervals: 0 } });
    expect(stored('once', 'interval_energies')).toHaveLength(96);
    expect(stored('once', 'interval_energies')).toEqual(
      stored('once', 'interval_energies').map(() => expect.objectContaining({ imported: 1, commanded: 0, flow: 'grid' })),
    );
  });

  it('puts a row that is the mean of its hour in the middle of it, so that the hour keeps its energy', async () => {
    const hours = Array.from({ length: 24 }, (_, i) => `2026-05-01T${String(i).padStart(2, '0')}:00:00Z,${i === 12 ? 4_000 : 400},`);
    expect(await bring('means', file('means.csv', hours), '--means')).toMatchObject({ code: 0, report: { stored: 24 } });
    const rows = stored('means') as { ts: number; 'grid.powerW': number }[];
    expect(new Date(rows[12]!.ts).toISOString()).toBe('2026-05-01T12:30:00.000Z');
    const energies = stored('means', 'interval_energies') as { start_ms: number; to_bus_wh: number }[];
    const noon = energies.filter(({ start_ms: ms }) => ms >= Date.UTC(2026, 4, 1, 11) && ms < Date.UTC(2026, 4, 1, 14));
    expect(noon.reduce((sum, { to_bus_wh: wh }) => sum + wh, 0)).toBeCloseTo(4_800, 0);
    const [before, after] = [11.5, 13.25].map(
      (hour) => noon.find(({ start_ms: ms }) => ms === Date.UTC(2026, 4, 1) + hour * 3_600_000)!.to_bus_wh,
    );
    expect(Math.abs(before! - after!)).toBeLessThan(1);
  });

  it('says what it refused, why and where', async () => {
    const rows = quarterHours(6);
    rows[1] = 'yesterday,1,1000';
    rows[2] = rows[2]!.replace(/,\d+,/, ',lots,');
    rows[3] = rows[3]!.replace(/,\d+,/, ',99000000,');
    rows[4] = rows[4]!.replace(/,[\d.]+$/, ',5');
    const { code, report } = await bring('refused', file('bad.csv', rows), ...counted);
    expect(code).toBe(0);
    expect(report).toMatchObject({ rows: 6, stored: 7 });
    const examples = Object.entries(report.refused).map(
      ([
        reason,
        {
          count,
          examples: [example],
        },
      ]) => [reason, count, example],
    );
    expect(Object.fromEntries(examples.map(([reason, count, example]) => [reason, [count, example]]))).toEqual({
      'not-a-time': [1, { line: 3, column: 'column 1', value: 'yesterday' }],
      'not-a-number': [1, { line: 4, column: 'load_w', value: 'lots' }],
      'out-of-range': [1, { line: 5, column: 'load_w', value: '99000000' }],
      'counter-fell': [1, { line: 6, column: 'counted_kwh', value: '5000' }],
    });
    const words = ['telemetry', 'import', '--csv', join(plant.folder, 'bad.csv'), '--device', 'meter', '--fleet', plant.fleetFile];
    const { stdout } = await runVpp([...words, '--column', 'grid.powerW=load_w'], { env: plant.env(join(plant.folder, 'refused')) });
    expect(stdout).toContain('6 rows read; 0 values stored, 3 already known');
    expect(stdout).toContain('1 refused, not-a-number: no number\n  line 4, load_w: lots\n');
  });

  it('places local times in their zone', async () => {
    const times = ['2025-03-30 01:45', '2025-03-30 02:15', '2025-10-26 01:00', '2025-10-26 02:00', '2025-10-26 02:00', '2025-10-26 03:00'];
    const rows = times.map((time, i) => `${time},${100 + i},`);
    const { report } = await bring('local', file('local.csv', rows), '--zone', 'Europe/Berlin');
    expect(report).toMatchObject({ rows: 6, stored: 5, refused: { 'no-such-time': { count: 1, examples: [{ line: 3 }] } } });
    expect((stored('local') as { ts: number }[]).map(({ ts }) => new Date(ts).toISOString().slice(5, 16))).toEqual([
      '03-30T00:45',
      '10-25T23:00',
      '10-26T00:00',
      '10-26T01:00',
      '10-26T02:00',
    ]);
    const once = file('autumn.csv', [rows[2]!, rows[3]!, rows[5]!]);
    expect((await bring('local-once', once, '--zone', 'Europe/Berlin')).report).toMatchObject({
      stored: 2,
      refused: { 'ambiguous-time': { count: 1, examples: [{ line: 3, value: '2025-10-26 02:00' }] } },
    });
  });

  it('turns signs and units', async () => {
    const csv = file('signs.csv', ['1777636800,1.5', '1777636860,2'], 'when,feed_in_kw');
    const words = ['telemetry', 'import', '--csv', csv, '--device', 'meter', '--fleet', plant.fleetFile, '--time', 'when'];
    const env = plant.env(join(plant.folder, 'signs'));
    expect(await runVpp([...words, '--column', 'grid.powerW=-feed_in_kw', '--unit', 'kW'], { env })).toMatchObject({ code: 0 });
    expect(stored('signs')).toMatchObject([{ 'grid.powerW': -1_500 }, { 'grid.powerW': -2_000 }]);
  });

  it('reads semicolons with decimal commas', async () => {
    const csv = file('german.csv', ['01.05.2026;1;2', '2026-05-01 00:00;0,4;1000,5'], 'Zeit;Leistung;Bezug');
    const words = ['telemetry', 'import', '--csv', csv, '--device', 'meter', '--fleet', plant.fleetFile];
    const times = ['--time', 'Zeit', '--zone', 'Europe/Berlin'];
    const columns = ['--column', 'grid.powerW=Leistung', '--column', 'grid.toBusCounterWh=Bezug', '--unit', 'kW', '--unit', 'kWh'];
    const { stdout } = await runVpp([...words, ...times, ...columns, '--json'], { env: plant.env(join(plant.folder, 'german')) });
    expect(JSON.parse(stdout)).toMatchObject({ rows: 2, stored: 2, refused: { 'not-a-time': { count: 1 } } });
    expect(stored('german')).toMatchObject([{ ts: Date.UTC(2026, 3, 30, 22), 'grid.powerW': 400, 'grid.toBusCounterWh': 1_000_500 }]);
  });

  it.each([
    ['a column that is not there', ['--column', 'grid.voltageV=volts'], /there is no column "volts"; there is time, load_w, counted_kwh/],
    ['a quantity that nobody knows', ['--column', 'grid.watts=load_w'], /there is no quantity "grid.watts"; there are grid.powerW/],
    ['a quantity of another role', ['--column', 'pv.powerW=load_w'], /device "meter": a grid-meter tells no pv.powerW/],
    ['a unit of nothing', ['--unit', 'kV'], /--unit "kV": give W or kW for powers/],
    ['a zone that is none', ['--zone', 'Mars/Base'], /--zone "Mars\/Base" is no IANA zone/],
    ['a device that is not there', ['--device', 'shed'], /device "shed": the fleet file has none of that name/],
  ])('refuses %s in one line, before anything is stored', async (_, words, message) => {
    const { code, stderr } = await bring('untouched', file('good.csv', quarterHours(2)), '--dry-run', ...words);
    expect([code, stderr.trim().split('\n')]).toEqual([2, [expect.stringMatching(message)]]);
  });

  it('refuses a folder in one line', async () => {
    const { code, stderr } = await bring('untouched', plant.folder, '--dry-run');
    expect([code, stderr.trim()]).toEqual([2, `${plant.folder}: is a folder; name the CSV file in it`]);
  });

  it('asks for the zone of local times, and says of a file with nothing in it that there is nothing', async () => {
    const local = await bring('untouched', file('no-zone.csv', ['2026-05-01 00:00,1,']), '--dry-run');
    expect(local).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no-zone\.csv:2: "2026-05-01 00:00" is a local time; name its zone/),
    });
    const none = await bring('untouched', file('none.csv', ['2026-05-01T00:00Z,9e9,']), '--dry-run');
    expect(none).toMatchObject({ code: 1, report: { stored: 0, refused: { 'out-of-range': { count: 1 } } } });
  });
});

describe('readings of a plant that runs', { timeout: 120_000 }, () => {
  const through = (csv: string, ...more: string[]) =>
    plant.vpp(
      'telemetry',
      'import',
      '--csv',
      csv,
      '--device',
      'meter',
      '--column',
      'grid.powerW=load_w',
      '--plant',
      plant.running.greeting.url,
      ...more,
    );

  beforeAll(() => plant.start(), 60_000);

  it('are not written beside it', async () => {
    const { code, stderr } = await bring('data', file('beside.csv', quarterHours(3)));
    expect([code, stderr.trim()]).toEqual([
      2,
      `${plant.dataDir} is in use by "Two at home", which runs: import through it with --plant ${plant.running.greeting.url} ` +
        '(VPP_USER and VPP_PASSWORD of an operator), or stop it first',
    ]);
  });

  it('are brought in through it, and what it measures itself is left alone', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const csv = file('through.csv', [...quarterHours(1_300), `${soon},300,`]);
    const first = JSON.parse((await through(csv, '--json')).stdout) as Report;
    expect(first).toMatchObject({ rows: 1_301, stored: 1_300, known: 0, intervals: 1_299, refused: { 'measured-here': { count: 1 } } });
    expect(JSON.parse((await through(csv, '--json')).stdout)).toMatchObject({ stored: 0, known: 1_300, intervals: 0 });
    expect((await through(csv)).stdout).toContain('Nothing was new.');
    const audit = new Database(join(plant.dataDir, 'plant.sqlite'), { readonly: true });
    const entries = audit
      .prepare("SELECT by_user, action, subject, detail FROM audit_entries WHERE action LIKE '%-import' ORDER BY id")
      .all();
    audit.close();
    expect(entries.slice(0, 2)).toEqual([
      { by_user: 'olga', action: 'begin-import', subject: 'meter', detail: 'grid.powerW from through.csv' },
      { by_user: 'olga', action: 'end-import', subject: 'meter', detail: '1300 values and 1299 intervals were new' },
    ]);
  });

  it('are not brought in by a stranger', async () => {
    const env = { ...plant.env(), VPP_PASSWORD: 'a wrong password' };
    const words = ['--csv', file('stranger.csv', quarterHours(1)), '--device', 'meter', '--column', 'grid.powerW=load_w'];
    const { code, stderr } = await runVpp(['telemetry', 'import', ...words, '--plant', plant.running.greeting.url], { env });
    expect([code, stderr]).toEqual([1, expect.stringContaining('the plant says no')]);
  });

  const exported = async (...words: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await plant.vpp('telemetry', 'export', '--device', 'meter', ...words);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim().split('\n');
  };
  const may = ['--from', '2026-05-01', '--to', '2026-05-02'];

  it('go out while it runs: single ones, steps, and closed intervals', async () => {
    const raw = await exported(...may);
    expect([raw.length, raw[0], raw[1]]).toEqual([97, 'time,grid.powerW', '2026-05-01T00:00:00.000Z,400']);
    expect((await exported(...may, '--step', '1h', '--aggregate', 'max', '--zone', 'Europe/Berlin'))[1]).toBe(
      '2026-05-01T02:00:00.000+02:00,403',
    );
    expect((await exported(...may, '--step', '1d'))[1]).toBe('2026-05-01T00:00:00.000Z,447.5');
    const intervals = await exported(...may, '--intervals');
    expect(intervals[0]).toMatch(/^start,end,site,device,flow,to_bus_wh/);
    expect(intervals[1]).toBe('2026-05-01T00:00:00.000Z,2026-05-01T00:15:00.000Z,home,meter,grid,100.125,0,,,,estimated,false,true,false');
    const live = await exported('--device', 'roof', '--from', new Date(Date.now() - 60_000).toISOString());
    expect(live[0]).toMatch(/^time,device,grid\.powerW,.*pv\.powerW/);
    const times = live.slice(1).map((line) => line.split(',')[0]!);
    expect(times).toEqual(times.toSorted());
    expect(times.length).toBeGreaterThan(5);
  });

  it('are the same after they went out and came in again', async () => {
    await plant.running.process.end('SIGINT');
    const all = join(plant.folder, 'all.csv');
    const from = ['--from', '2026-01-01', '--csv', all];
    const { code, stdout } = await plant.vpp('telemetry', 'export', '--device', 'meter', '--device', 'roof', ...from, '--json');
    expect(code).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: number };
    const columns = readFileSync(all, 'utf8').split('\n')[0]!.split(',').slice(2);
    for (const [device, flow, also] of [
      ['meter', 'grid.', 'grid.'],
      ['roof', 'pv.', 'device.'],
    ] as const) {
      const words = columns
        .filter((name) => name.startsWith(flow) || name.startsWith(also))
        .flatMap((name) => ['--column', `${name}=${name}`]);
      const env = plant.env(join(plant.folder, 'second'));
      const brought = await runVpp(
        ['telemetry', 'import', '--csv', all, '--device', device, '--fleet', plant.fleetFile, ...words, '--json'],
        { env },
      );
      expect(JSON.parse(brought.stdout)).toMatchObject({ known: 0, refused: {} });
    }
    const [before, after] = [stored('data'), stored('second')].map((readings) => readings.map((reading) => JSON.stringify(reading)));
    expect(lost(before!, new Set(after))).toEqual([]);
    expect(after).toHaveLength(rows);
  });

  it('go out of the devices that have some, and say of which there are none', async () => {
    const words = ['--device', 'shed', '--device', 'meter', '--from', '2026-05-01', '--to', '2026-05-02'];
    const { code, stdout, stderr } = await plant.vpp('telemetry', 'export', ...words);
    expect([code, stderr.trim()]).toEqual([0, '--device "shed": there is no reading of it']);
    expect(stdout.trim().split('\n')).toHaveLength(97);
  });

  it('are refused for a device of which there are none', async () => {
    const { code, stderr } = await plant.vpp('telemetry', 'export', '--device', 'shed', '--from', '2026-05-01');
    expect([code, stderr.trim()]).toEqual([2, '--device "shed": there is no reading of it']);
  });
});
