import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './free-port.js';
import { type Login, RunningPlant } from './running-plant.js';
import { runVpp, VppProcess } from './vpp-process.js';

const OPERATOR: Login = { name: 'olga', password: 'correct horse battery' };
/** What README promises, and what a slow machine adds. */
const OVER_MS = 75_000 + 25_000;
const CLASSES = ['device', 'supervisor'] as const;

const site = (reversion: (typeof CLASSES)[number], port: number): string => `
  - id: by-${reversion}
    name: By ${reversion}
    kind: community-battery
    importLimitW: 15000
    exportLimitW: 15000
    devices:
      - { id: ${reversion}-meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, pollPeriodMs: 500, ratedW: 15000 }
      - id: ${reversion}-battery
        name: Battery
        role: battery
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }
        pollPeriodMs: 500
        reversion: ${reversion}
        ratedW: 5000
        battery: { capacityWh: 20000, maxChargeW: 5000, maxDischargeW: 5000 }`;

const fleet = (ports: readonly number[]): string => `name: Two batteries
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }
sites:${CLASSES.map((reversion, index) => site(reversion, ports[index]!)).join('')}
`;

interface DeviceRow {
  readonly id: string;
  readonly health: string;
  readonly lease?: { readonly owner: string };
}

/** The stated time is for both ways that end a setpoint: the device's own timer, and the supervisor. */
describe('a plant that is killed in the middle of an event', () => {
  let folder: string;
  let ports: number[];
  let hardware: VppProcess;
  let supervisor: VppProcess;
  let plant: RunningPlant;
  let killedAtMs: number;
  const env = (): Record<string, string> => ({ VPP_DATA_DIR: join(folder, 'data'), VPP_LOG_LEVEL: 'warn', VPP_INTERVAL_MINUTES: '1' });
  const serve = (): Promise<RunningPlant> => RunningPlant.start(['serve', '--fleet', join(folder, 'fleet.yaml')], env());
  const inTheEvent = (): Promise<DeviceRow[]> =>
    plant.until<DeviceRow[]>(
      '/api/devices',
      (devices) => devices.filter(({ lease }) => lease?.owner.startsWith('event:') === true).length === CLASSES.length,
      OPERATOR,
    );
  const storageModes = (): Promise<unknown[]> =>
    Promise.all(
      ports.map(async (port) => {
        const { stdout } = await runVpp(['device', 'read', `127.0.0.1:${port}`, '--unit', '2', '--json']);
        const { points } = JSON.parse(stdout) as { points: Record<string, { value?: number }> };
        return (points['124.StorCtl_Mod'] ?? points['704.WSetEna'])?.value;
      }),
    );

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    ports = [await freePort(), await freePort()];
    writeFileSync(join(folder, 'fleet.yaml'), fleet(ports));
    hardware = new VppProcess(['simulate', '--fleet', join(folder, 'fleet.yaml'), '--json']);
    await hardware.firstLine();
    expect(await runVpp(['user', 'add', OPERATOR.name], { env: env(), input: `${OPERATOR.password}\n` })).toMatchObject({ code: 0 });
    supervisor = new VppProcess(['supervise'], env());
    await supervisor.firstLine();
    plant = await serve();
    await plant.until<DeviceRow[]>('/api/devices', (devices) => devices.every(({ health }) => health === 'online'), OPERATOR);
    const { nowMs } = await plant.get<{ nowMs: number }>('/api/plant', OPERATOR);
    const request = { direction: 'up', powerW: 4_000, startMs: nowMs, durationMinutes: 10, priceMicroPerKwh: 0 };
    const roomy = { scope: 'fleet', kind: 'export', valueW: 50_000, startMs: nowMs, endMs: nowMs + 3_600_000, reason: 'line work' };
    expect(await plant.post('/api/limits', OPERATOR, roomy)).toMatchObject({ status: 201 });
    expect(await plant.post('/api/events', OPERATOR, request)).toMatchObject({
      status: 201,
      answer: expect.not.objectContaining({ note: expect.stringContaining('comes before it') }),
    });
    await inTheEvent();
  }, 240_000);
  afterAll(async () => {
    await plant?.process.end('SIGINT');
    await supervisor?.end('SIGINT');
    await hardware?.end('SIGINT');
    rmSync(folder, { recursive: true });
  });

  it('leaves no device at its setpoint for longer than it says', { timeout: 200_000 }, async () => {
    expect((await storageModes()).every((mode) => mode !== 0)).toBe(true);
    await plant.process.end('SIGKILL');
    killedAtMs = performance.now();
    await expect.poll(storageModes, { timeout: OVER_MS, interval: 1_000 }).toEqual([0, 0]);
    expect(performance.now() - killedAtMs).toBeLessThan(OVER_MS);
  });

  it('goes on with the event once it is started again', { timeout: 120_000 }, async () => {
    plant = await serve();
    const devices = await inTheEvent();
    expect(devices.flatMap(({ lease }) => lease?.owner ?? [])).toEqual(['event:EV-0001', 'event:EV-0001']);
    const [event] = await plant.get<{ state: string }[]>('/api/events', OPERATOR);
    expect(event).toMatchObject({ id: 'EV-0001', state: 'active', shortfall: { offlineW: 0, optedOutW: 0 } });
  });
});
