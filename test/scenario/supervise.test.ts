import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerFrames, registersOf } from '../../src/field/testing/register-frames.js';
import { ScriptedServer, type UnitRegisters } from '../../src/field/testing/scripted-server.js';
import { type Login, RunningPlant } from './running-plant.js';
import { runVpp, VppProcess } from './vpp-process.js';
import { until } from '../until.js';

const OPERATOR: Login = { name: 'olga', password: 'correct horse battery' };
const [MODE, POWER] = [47_511, 47_512];
const [AUTOMATIC, CHARGING] = [1, 11];
/** The longest lease of dispatch, and what a slow machine adds. */
const OVER_MS = 100_000;

const fleet = (port: number): string => `name: A house whose inverter forgets nothing
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
      - id: meter
        name: Meter
        role: grid-meter
        profile: carlo-gavazzi-em340
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }
        pollPeriodMs: 500
        ratedW: 15000
      - id: inverter
        name: Inverter
        role: hybrid
        profile: goodwe-et
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 247 }
        reversion: supervisor
        ratedW: 10000
        battery: { capacityWh: 10000, maxChargeW: 5000, maxDischargeW: 5000 }
`;

interface DeviceRow {
  readonly id: string;
  readonly lease?: { readonly owner: string };
}
interface AlarmRow {
  readonly subject: string;
  readonly message: string;
}

/** A GoodWe has no timer: what it was told it does until it is told otherwise. */
describe('vpp supervise', () => {
  let folder: string;
  let fleetFile: string;
  let hardware: ScriptedServer;
  let inverter: UnitRegisters;
  let supervisor: VppProcess;
  let plant: RunningPlant;
  const env = (): Record<string, string> => ({ VPP_DATA_DIR: join(folder, 'data'), VPP_LOG_LEVEL: 'warn' });
  const mode = (): number | undefined => inverter.holding.get(MODE);
  const charges = async (): Promise<void> => {
    await plant.until<DeviceRow[]>('/api/devices', (devices) => devices.some(({ lease }) => lease?.owner === 'override:olga'), OPERATOR);
    await until(() => expect(mode()).toBe(CHARGING));
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const frames = registerFrames();
    inverter = registersOf(frames.get('goodwe-et-charging')!);
    inverter.holding.set(MODE, AUTOMATIC).set(POWER, 0);
    hardware = await ScriptedServer.listening({ 1: registersOf(frames.get('carlo-gavazzi-em340-import')!), 247: inverter });
    fleetFile = join(folder, 'fleet.yaml');
    writeFileSync(fleetFile, fleet(hardware.port));
    await runVpp(['user', 'add', OPERATOR.name], { env: env(), input: `${OPERATOR.password}\n` });
    plant = await RunningPlant.start(['serve', '--fleet', fleetFile], env());
  }, 120_000);
  afterAll(async () => {
    await plant?.process.end('SIGKILL');
    await supervisor?.end('SIGKILL');
    await hardware.close();
    rmSync(folder, { recursive: true });
  });

  it('lets the plant command such a device only while it runs', { timeout: 120_000 }, async () => {
    const setpoint = { kind: 'battery-power', powerW: -1_500 };
    const override = { setpoint, endMs: Date.now() + 3_600_000, reason: 'a test of silence' };
    expect(await plant.put('/api/overrides/inverter', override, OPERATOR)).toBe(204);
    const alarms = await plant.until<AlarmRow[]>('/api/alarms', (rows) => rows.some(({ subject }) => subject === 'inverter'), OPERATOR);
    expect(alarms.map(({ message }) => message)).toContainEqual(expect.stringMatching(/no supervisor: .*; start `vpp supervise`/));
    expect(mode()).toBe(AUTOMATIC);

    supervisor = new VppProcess(['supervise', '--json'], env());
    expect(JSON.parse(await supervisor.firstLine())).toMatchObject({ leases: 0 });
    await charges();
    expect(await plant.process.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(mode()).toBe(AUTOMATIC);
  });

  it('is one to a folder', { timeout: 60_000 }, async () => {
    const second = await runVpp(['supervise'], { env: env() });
    expect([second.code, second.stderr]).toEqual([2, `${join(folder, 'data')} has a supervisor that is running; one is enough\n`]);
  });

  it('hands the device back when the plant is killed, though it was killed itself in between', { timeout: 300_000 }, async () => {
    plant = await RunningPlant.start(['serve', '--fleet', fleetFile], env());
    await charges();
    expect(await plant.process.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await supervisor.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    supervisor = new VppProcess(['supervise', '--json'], env());
    expect(JSON.parse(await supervisor.firstLine())).toMatchObject({ leases: 1 });
    expect(mode()).toBe(CHARGING);
    await vi.waitFor(() => expect(mode()).toBe(AUTOMATIC), { timeout: OVER_MS, interval: 500 });
    expect(await supervisor.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(supervisor.stderr).toContain('the plant fell silent: handed back to the device');
  });
});
