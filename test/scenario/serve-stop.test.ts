import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './free-port.js';
import { type Login, RunningPlant } from './running-plant.js';
import { runVpp, VppProcess } from './vpp-process.js';

const OPERATOR: Login = { name: 'olga', password: 'correct horse battery' };

const fleet = (port: number): string => `name: Two at home
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
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, pollPeriodMs: 500, ratedW: 15000 }
      - { id: roof, name: Roof, role: pv, modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }, pollPeriodMs: 500, ratedW: 5000, reversion: device }
      - id: pack
        name: Pack
        role: battery
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 3 }
        pollPeriodMs: 500
        reversion: device
        ratedW: 5000
        battery: { capacityWh: 10000, maxChargeW: 5000, maxDischargeW: 5000 }
`;

interface DeviceRow {
  readonly id: string;
  readonly lease?: { readonly owner: string };
  readonly decided: readonly object[];
}

/** A plant on somebody else's hardware: what it leaves behind can be looked at when it is gone. */
describe('vpp serve, stopped by Ctrl-C', () => {
  let folder: string;
  let fleetFile: string;
  let hardware: VppProcess;
  let port: number;
  let plant: RunningPlant;
  const env = (): Record<string, string> => ({ VPP_DATA_DIR: join(folder, 'data'), VPP_LOG_LEVEL: 'warn' });

  /** As any other client on the bus sees it. */
  const registers = async (unit: number, names: readonly string[]): Promise<(number | undefined)[]> => {
    const { code, stdout } = await runVpp(['device', 'read', `127.0.0.1:${port}`, '--unit', String(unit), '--json']);
    expect(code).toBe(0);
    const { points } = JSON.parse(stdout) as { points: Record<string, { value?: number }> };
    return names.map((name) => points[name]?.value);
  };
  const controls = async (): Promise<(number | undefined)[]> => [
    ...(await registers(2, ['123.WMaxLim_Ena'])),
    ...(await registers(3, ['124.StorCtl_Mod'])),
  ];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    port = await freePort();
    fleetFile = join(folder, 'fleet.yaml');
    writeFileSync(fleetFile, fleet(port));
    hardware = new VppProcess(['simulate', '--fleet', fleetFile, '--json']);
    await hardware.firstLine();
    const added = await runVpp(['user', 'add', OPERATOR.name], { env: env(), input: `${OPERATOR.password}\n` });
    expect(added).toMatchObject({ code: 0, stdout: 'olga may now log in as operator.\n' });
    plant = await RunningPlant.start(['serve', '--fleet', fleetFile], env());
  }, 120_000);
  afterAll(async () => {
    await plant?.process.end('SIGKILL');
    await hardware?.end('SIGINT');
    rmSync(folder, { recursive: true });
  });

  it('commands while it runs, hands everything back in time, and exits 0', { timeout: 120_000 }, async () => {
    expect(plant.process.stdout).toBe(`${JSON.stringify(plant.greeting)}\n`);
    const endMs = Date.now() + 600_000;
    const by = { endMs, reason: 'a test of stopping' };
    expect(await plant.put('/api/overrides/roof', { setpoint: { kind: 'pv-limit', maxW: 1_000 }, ...by }, OPERATOR)).toBe(204);
    expect(await plant.put('/api/overrides/pack', { setpoint: { kind: 'battery-power', powerW: -500 }, ...by }, OPERATOR)).toBe(204);
    const told = await plant.until<DeviceRow[]>(
      '/api/devices',
      (devices) => ['roof', 'pack'].every((id) => devices.find((device) => device.id === id)?.lease !== undefined),
      OPERATOR,
    );
    const whyOf = (id: string) => told.find((device) => device.id === id)!.decided;
    expect(whyOf('pack')).toEqual([
      {
        control: 'battery-power',
        owner: 'override:olga',
        reason: 'set by an operator',
        cuts: [expect.objectContaining({ by: 'override' })],
      },
    ]);
    expect(whyOf('roof')).toMatchObject([{ control: 'pv-limit', reason: 'set by an operator' }]);
    expect((await controls()).every((value) => value !== undefined && value > 0)).toBe(true);

    // The stop needs no words, and what was released stays so until somebody says otherwise.
    const { status, answer } = await plant.post<{ mode: string; released: string[] }>('/api/release-all', OPERATOR);
    expect([status, answer.mode, answer.released.toSorted()]).toEqual([200, 'released', ['pack', 'roof']]);
    expect(await controls()).toEqual([0, 0]);
    const released = await plant.get<DeviceRow[]>('/api/devices', OPERATOR);
    expect(released.flatMap(({ decided }) => decided)).toEqual([]);
    expect(await plant.delete('/api/lock-outs/nowhere', OPERATOR)).toBe(404);
    await plant.resume(OPERATOR);
    await plant.until<DeviceRow[]>('/api/devices', (devices) => devices.filter(({ lease }) => lease).length === 2, OPERATOR);

    const beganAt = performance.now();
    expect(await plant.process.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    expect(await controls()).toEqual([0, 0]);
  });

  it('goes on afterwards with its logins, its overrides and its readings', { timeout: 120_000 }, async () => {
    plant = await RunningPlant.start(['serve', '--fleet', fleetFile], env());
    await plant.until<DeviceRow[]>('/api/devices', (devices) => devices.some(({ lease }) => lease?.owner === 'override:olga'), OPERATOR);
    expect(await plant.process.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await controls()).toEqual([0, 0]);
  });
});

describe('vpp simulate --at', () => {
  it('has sun at noon, whatever time it is, and none at night', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const port = await freePort();
    const file = join(folder, 'fleet.yaml');
    writeFileSync(file, fleet(port));
    const sunAt = async (at: string): Promise<number> => {
      const hardware = new VppProcess(['simulate', '--fleet', file, '--json', '--at', at]);
      try {
        await hardware.firstLine();
        const { stdout } = await runVpp(['device', 'read', `127.0.0.1:${port}`, '--unit', '2', '--json']);
        return (JSON.parse(stdout) as { points: Record<string, { value: number }> }).points['103.W']!.value;
      } finally {
        await hardware.end('SIGINT');
      }
    };
    try {
      expect(await sunAt('2026-06-21T12:30:00+02:00')).toBeGreaterThan(300);
      expect(await sunAt('01:30')).toBeLessThan(10);
      const never = await runVpp(['simulate', '--fleet', file, '--at', '25:00']);
      expect([never.code, never.stderr]).toEqual([2, expect.stringContaining('give a time of the day, as 12:30')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('vpp simulate --fault', () => {
  it('puts faults on a site’s wire, and says what it does not know', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const port = await freePort();
    const file = join(folder, 'fleet.yaml');
    writeFileSync(file, fleet(port));
    const hardware = new VppProcess(['simulate', '--fleet', file, '--json', '--fault', 'home/2=exception:6']);
    try {
      await hardware.firstLine();
      const [meter, roof] = await Promise.all(
        [1, 2].map((unit) => runVpp(['device', 'read', `127.0.0.1:${port}`, '--unit', String(unit)])),
      );
      expect([meter!.code, roof!.code]).toEqual([0, 1]);
      expect(roof!.stderr).toContain('exception 6, busy');
      const unknown = await runVpp(['simulate', '--fleet', file, '--fault', 'shed=garbage']);
      expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('there is no site "shed"')]);
      const gremlin = await runVpp(['simulate', '--fleet', file, '--fault', 'home=gremlin']);
      expect([gremlin.code, gremlin.stderr]).toEqual([2, expect.stringContaining('give one like late:1500')]);
      const nobody = await runVpp(['simulate', '--fleet', file, '--fault', 'home/9=garbage']);
      expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('site "home" has the units 1, 2, 3, and no 9')]);
    } finally {
      await hardware.end('SIGINT');
      rmSync(folder, { recursive: true });
    }
  });

  it('stops in order too where the terminal is closed, which may say so twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const file = join(folder, 'fleet.yaml');
    writeFileSync(file, fleet(await freePort()));
    const simulated = new VppProcess(['simulate', '--fleet', file, '--json']);
    await simulated.firstLine();
    rmSync(folder, { recursive: true });
    const [ended] = await Promise.all([simulated.end('SIGHUP'), simulated.end('SIGHUP')]);
    // Once all is closed, the second may find no process that listens any more, and end what is left of it.
    expect([0, null]).toContain(ended.code);
    expect(simulated.stderr).toBe('Switching the virtual hardware off …\n');
  });
});
