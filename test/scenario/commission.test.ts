import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../until.js';
import { freePort } from './free-port.js';
import { runVpp, VppProcess } from './vpp-process.js';

/** Community batteries: what their cabinets draw is steady, whatever the hour of the test. */
const site = (prefix: string, id: string, port: number, direction: number): string => `  - id: ${id}
    name: Yard
    kind: community-battery
    importLimitW: 30000
    exportLimitW: 30000
    devices:
      - { id: ${prefix}meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, direction: ${direction}, ratedW: 30000 }
      - id: ${prefix}pack # in the yard
        name: Pack
        role: battery
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }
        ratedW: 20000
        battery: { capacityWh: 40000, maxChargeW: 20000, maxDischargeW: 20000 }
`;
const fleet = ([first, second]: readonly [number, number], direction: number): string => `name: Try # with a comment
zone: Europe/Berlin
currency: EUR
sites:
${site('', 'yard', first, direction)}${site('other-', 'other', second, 1)}`;

describe('vpp device commission', { timeout: 120_000 }, () => {
  let folder: string;
  let fleetFile: string;
  let hardware: VppProcess;
  let ports: [number, number];
  const env = (): Record<string, string> => ({ VPP_DATA_DIR: join(folder, 'data') });
  const commission = (...words: string[]) => runVpp(['device', 'commission', ...words, '--fleet', fleetFile], { env: env() });

  const storageMode = async (): Promise<unknown> => {
    const { stdout } = await runVpp(['device', 'read', `127.0.0.1:${ports[0]}`, '--unit', '2', '--json']);
    return (JSON.parse(stdout) as { points: Record<string, { value?: number }> }).points['124.StorCtl_Mod']?.value;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    ports = [await freePort(), await freePort()];
    fleetFile = join(folder, 'fleet.yaml');
    const hardwareFile = join(folder, 'hardware.yaml');
    writeFileSync(hardwareFile, fleet(ports, -1));
    writeFileSync(fleetFile, fleet(ports, 1));
    chmodSync(fleetFile, 0o640);
    hardware = new VppProcess(['simulate', '--fleet', hardwareFile, '--json']);
    await hardware.firstLine();
  });
  afterAll(async () => {
    await hardware.end('SIGINT');
    rmSync(folder, { recursive: true });
  });

  it('is not begun without a yes, nor for what the file does not have', async () => {
    const tried = [
      ['pack'],
      ['attic', '--yes'],
      ['meter', '--yes'],
      ['pack', '--yes', '--power', '30kW'],
      ['pack', '--yes', '--lease', '3s'],
    ];
    const endings = await Promise.all(tried.map((words) => commission(...words)));
    expect(endings.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(endings.map(({ stderr }) => stderr)).toEqual(
      ['give --yes', 'there is no device "attic"', 'cannot be told anything', 'at most 20000W', 'from 10s'].map((text) =>
        expect.stringContaining(text),
      ),
    );
  });

  it('is not begun where the device says it is made for something else than the file has it', async () => {
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, readFileSync(fleetFile, 'utf8').replaceAll('20000', '2000'));
    const { code, stderr } = await runVpp(['device', 'commission', 'pack', '--yes', '--fleet', wrong], { env: env() });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('Pack says it is made for 20000 W, and `ratedW` of the fleet file is 2000'),
    ]);
  });

  it('finds the meter turned round, and writes what it found where it belongs', async () => {
    const [{ code, stdout }, dry] = await Promise.all([
      commission('pack', '--yes', '--lease', '10s', '--json'),
      runVpp(['device', 'commission', 'other-pack', '--yes', '--lease', '10s', '--dry-run', '--fleet', fleetFile], {
        env: { VPP_DATA_DIR: join(folder, 'other-data') },
      }),
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      meter: { verdict: 'proven', direction: -1 },
      reversion: { verdict: 'proven' },
      written: true,
    });
    const text = readFileSync(fleetFile, 'utf8');
    expect(text.replace(/ {8}(reversion|commissioned): .*\n/g, '')).toBe(fleet(ports, -1));
    expect(text).toMatch(/ {8}reversion: device\n {8}commissioned: \{ at: \S+Z, latencyMs: \d+, reversionS: 1[0-9](\.\d)? \}\n/);
    expect(statSync(fleetFile).mode & 0o777).toBe(0o640);

    expect(dry.stderr).toMatch(/^other-pack \("Pack", battery at 127\.0\.0\.1:\d+ unit 2, site other\) is going to be pulsed:/);
    expect(dry.stdout).toMatch(/^reversion +proven /m);
    expect(dry.stdout).toMatch(/would change:\n +\d+ \+ {9}reversion: device\n +\d+ \+ {9}commissioned: /);
    expect(dry.code).toBe(0);
  });

  it('moves nothing where the file cannot be written, and tells what it found where it cannot any more', async () => {
    const locked = `${fleetFile}.new`;
    mkdirSync(locked);
    const refused = await commission('pack', '--yes', '--lease', '10s');
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^.*fleet\.yaml cannot be written \(EISDIR.*\n$/);
    rmdirSync(locked);
    const running = new VppProcess(['device', 'commission', 'other-pack', '--fleet', fleetFile, '--yes', '--lease', '10s'], env());
    await running.untilStderr('W, 5 s');
    mkdirSync(locked);
    expect((await running.ended).code).toBe(1);
    rmdirSync(locked);
    expect(running.stdout).toMatch(/^role +proven /m);
    expect(running.stderr).toMatch(/fleet\.yaml was not changed: EISDIR.*\n$/);
  });

  it('keeps others away from the device while it runs, also in a folder that nobody has used', async () => {
    const fresh = { VPP_DATA_DIR: join(folder, 'fresh') };
    const running = new VppProcess(['device', 'commission', 'pack', '--fleet', fleetFile, '--yes', '--lease', '10s'], fresh);
    await running.untilStderr('W, 5 s');
    // Left by a plant that ran here once.
    const note = { plant: 'Stranger plant', devices: [{ id: 'pack', bus: `127.0.0.1:${ports[0]}`, unitId: 2 }] };
    writeFileSync(join(folder, 'fresh', 'running.json'), JSON.stringify(note));
    const served = join(folder, 'served.yaml');
    writeFileSync(served, `tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }\n${fleet(ports, 1)}`);
    const command = ['device', 'command', `127.0.0.1:${ports[0]}`, '--unit', '2', '--battery=500W', '--for', '20s'];
    const beside = [
      command,
      ['serve', '--fleet', served],
      ['device', 'commission', 'other-pack', '--fleet', fleetFile, '--yes', '--dry-run'],
    ];
    const endings = await Promise.all(beside.map((words) => runVpp(words, { env: fresh })));
    await running.end('SIGINT');
    expect(endings.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(endings.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/^\S+ unit 2 is pack, and a commissioning of it is under way: [^\n]*\n$/),
      ...[1, 2].map(() => expect.stringMatching(/^\S+fresh is in use: a commissioning is under way; [^\n]*\n$/)),
    ]);
    expect(readdirSync(join(folder, 'fresh'))).not.toContain('commissioning.json');
    expect((await runVpp([...command, '--wait'], { env: fresh })).code).toBe(0);
  });

  it('hands the device back when it is stopped in the middle', async () => {
    const running = new VppProcess(['device', 'commission', 'pack', '--fleet', fleetFile, '--yes', '--lease', '10s'], env());
    await running.untilStderr('W, 5 s');
    expect(await running.end('SIGINT')).toEqual({ code: 1, signal: null });
    expect(running.stderr).toMatch(/stopped: the device was handed back/);
    expect(await storageMode()).toBe(0);
  });

  it('hands the device back when its session is lost, whatever that tells it', async () => {
    const begin = async (): Promise<VppProcess> => {
      const running = new VppProcess(['device', 'commission', 'pack', '--fleet', fleetFile, '--yes', '--lease', '10s'], env());
      await running.untilStderr('W, 5 s');
      await until(async () => expect(await storageMode()).toBe(3));
      return running;
    };
    const hungUp = await begin();
    void hungUp.end('SIGHUP');
    void hungUp.end('SIGTERM');
    expect(await hungUp.ended).toEqual({ code: 1, signal: null });
    expect(await storageMode()).toBe(0);
    const unheard = await begin();
    unheard.deafen();
    expect(await unheard.ended).toEqual({ code: 1, signal: null });
    expect(await storageMode()).toBe(0);
  });

  it('says no where the device does not answer', async () => {
    const away = join(folder, 'away.yaml');
    writeFileSync(away, fleet(ports, 1).replace('unitId: 2', 'unitId: 9'));
    const { code, stdout } = await runVpp(['device', 'commission', 'pack', '--fleet', away, '--yes', '--json'], { env: env() });
    expect([code, JSON.parse(stdout)]).toEqual([1, { error: expect.stringContaining('unit 9') }]);
  });
});
