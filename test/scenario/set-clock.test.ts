import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './free-port.js';
import { type Login, RunningPlant } from './running-plant.js';
import { runVpp, VppProcess } from './vpp-process.js';

const OPERATOR: Login = { name: 'olga', password: 'correct horse battery' };
const MIN_UP_MS = 35_000;

const fleet = (port: number): string => `name: One engine
zone: Europe/Berlin
currency: EUR
tariff: { import: { pricePerKwh: 0.3 }, export: 0.08 }
sites:
  - id: works
    name: Works
    kind: generators
    importLimitW: 15000
    exportLimitW: 15000
    devices:
      - { id: meter, name: Meter, role: grid-meter, modbus: { host: 127.0.0.1, port: ${port}, unitId: 1 }, pollPeriodMs: 500, ratedW: 15000 }
      - id: engine
        name: Engine
        role: generator
        profile: virtual-genset
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }
        pollPeriodMs: 500
        reversion: device
        ratedW: 10000
        generator: { minW: 3000, maxW: 10000, rampWPerS: 5000, warmUpS: 3, minUpS: ${MIN_UP_MS / 1_000}, minDownS: 60, noLoadLitresPerH: 1, litresPerKwh: 0.3, fuelMicroPerLitre: 3000000, startMicro: 0 }
`;

interface Told {
  readonly reason: string;
  readonly setpoint?: { readonly run: boolean };
  readonly cuts: readonly { readonly why: string }[];
}

/** One plant, whose computer's clock is set while its engine runs. */
describe('vpp serve on a computer whose clock is set', { timeout: 120_000 }, () => {
  let folder: string;
  let hardware: VppProcess;
  let plant: RunningPlant;
  const setAhead = (ms: number): void => writeFileSync(join(folder, 'ahead'), String(ms));
  const env = (): Record<string, string> => ({
    VPP_DATA_DIR: join(folder, 'data'),
    VPP_LOG_LEVEL: 'warn',
    WALL_CLOCK_AHEAD_MS_IN: join(folder, 'ahead'),
    NODE_OPTIONS: `--import ${new URL('set-clock.mjs', import.meta.url).href}`,
  });
  const told = async (): Promise<Told> => {
    const decisions = await plant.get<{ devices: Told[] }[]>('/api/dispatch/decisions', OPERATOR);
    return decisions.at(-1)!.devices[0]!;
  };
  const saysOfClock = (text: string) =>
    plant.until<{ kind: string; message: string }[]>('/api/alarms', (all) => all.some(({ message }) => message.includes(text)), OPERATOR);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    setAhead(0);
    const fleetFile = join(folder, 'fleet.yaml');
    writeFileSync(fleetFile, fleet(await freePort()));
    hardware = new VppProcess(['simulate', '--fleet', fleetFile, '--json']);
    await hardware.firstLine();
    expect(await runVpp(['user', 'add', OPERATOR.name], { env: env(), input: `${OPERATOR.password}\n` })).toMatchObject({ code: 0 });
    plant = await RunningPlant.start(['serve', '--fleet', fleetFile], env());
    await plant.until<{ health: string }[]>('/api/devices', (all) => all.every(({ health }) => health === 'online'), OPERATOR);
  }, 60_000);
  afterAll(async () => {
    await plant?.process.end('SIGKILL');
    await hardware?.end('SIGINT');
    rmSync(folder, { recursive: true });
  });

  it('keeps a cold engine running for its minimum up time, and says by how much the clock was put forward', async () => {
    const isTold = async (run: boolean): Promise<void> => {
      const override = { setpoint: { kind: 'generator', run, powerW: 5_000 }, reason: 'to try it', endMs: Date.now() + 3_600_000 };
      expect(await plant.put('/api/overrides/engine', override, OPERATOR)).toBe(204);
    };
    await isTold(true);
    await expect.poll(async () => (await told()).setpoint?.run).toBe(true);
    const askedAtMs = performance.now();
    await pause(5_000);
    await isTold(false);
    setAhead(600_000);
    await saysOfClock('put forward by 600 s, or it slept');
    await pause(Math.max(0, MIN_UP_MS - 10_000 - (performance.now() - askedAtMs)));
    expect(await told()).toMatchObject({ setpoint: { run: true }, cuts: [{ why: 'minimum up time' }] });
    await expect.poll(async () => (await told()).setpoint?.run).toBe(false);
    expect(performance.now() - askedAtMs).toBeGreaterThan(MIN_UP_MS);
    expect(readFileSync(join(folder, 'data', 'generator-runs.json'), 'utf8')).toMatch(/"deviceId":"engine"/);
  });

  it('says by how much the clock was set back', async () => {
    setAhead(0);
    await saysOfClock('600 s ahead of the right time');
    const standing = (await plant.get<{ kind: string; clearedAtMs: number | null }[]>('/api/alarms', OPERATOR)).map(({ kind }) => kind);
    expect(standing).not.toContain('overdue');
    expect(standing).not.toContain('start-failed');
  });

  it('decides all of it again from its log', async () => {
    await plant.process.end('SIGINT');
    const replayed = await runVpp(['dispatch', 'replay', '--data', join(folder, 'data'), '--from', new Date(0).toISOString()]);
    expect(replayed).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d\d cycles decided again, all the same\n$/) as string });
  });
});
