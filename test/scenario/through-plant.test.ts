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
      - { id: roof, name: Roof, role: pv, modbus: { host: 127.0.0.1, port: ${port}, unitId: 2 }, pollPeriodMs: 500, ratedW: 5000 }
      - id: pack
        name: Pack
        role: battery
        modbus: { host: 127.0.0.1, port: ${port}, unitId: 3 }
        pollPeriodMs: 500
        reversion: device
        ratedW: 5000
        battery: { capacityWh: 10000, maxChargeW: 5000, maxDischargeW: 5000 }
`;

describe('vpp device command, where a plant runs', { timeout: 120_000 }, () => {
  let folder: string;
  let fleetFile: string;
  let hardware: VppProcess;
  let plant: RunningPlant;
  let port: number;
  const env = (): Record<string, string> => ({ VPP_DATA_DIR: join(folder, 'data'), VPP_LOG_LEVEL: 'warn' });
  const login = { VPP_USER: OPERATOR.name, VPP_PASSWORD: OPERATOR.password };
  const command = (...words: string[]) => runVpp(['device', 'command', ...words], { env: { ...env(), ...login } });
  const throughPlant = (...words: string[]) => command(...words, '--plant', plant.greeting.url);

  const storageMode = async (): Promise<unknown> => {
    const { stdout } = await runVpp(['device', 'read', `127.0.0.1:${port}`, '--unit', '3', '--json']);
    return (JSON.parse(stdout) as { points: Record<string, { value?: number }> }).points['124.StorCtl_Mod']?.value;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    port = await freePort();
    fleetFile = join(folder, 'fleet.yaml');
    writeFileSync(fleetFile, fleet(port));
    hardware = new VppProcess(['simulate', '--fleet', fleetFile, '--json']);
    await hardware.firstLine();
    expect(await runVpp(['user', 'add', OPERATOR.name], { env: env(), input: `${OPERATOR.password}\n` })).toMatchObject({ code: 0 });
    plant = await RunningPlant.start(['serve', '--fleet', fleetFile], env());
    await plant.until<{ health: string }[]>('/api/devices', (devices) => devices.every(({ health }) => health === 'online'), OPERATOR);
  }, 120_000);
  afterAll(async () => {
    await plant?.process.end('SIGINT');
    await hardware?.end('SIGINT');
    rmSync(folder, { recursive: true });
  });

  it('is refused beside the plant, by whatever name the device is called', async () => {
    const { code, stderr } = await command(`localhost:${port}`, '--unit', '3', '--battery=-500W', '--for', '2m');
    expect(code).toBe(2);
    expect(stderr.trim()).toBe(
      `localhost:${port} unit 3 is pack of the plant "Two at home", which runs on ${join(folder, 'data')} and commands it: ` +
        `go through it with \`vpp device command pack --plant ${plant.greeting.url} --battery=-500W --for 2m\``,
    );
    expect(await runVpp(['device', 'commission', 'pack', '--fleet', fleetFile, '--yes'], { env: env() })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pack is commanded by the plant "Two at home"'),
    });
  });

  it('is free for what is not of the plant', async () => {
    expect(await command(`127.0.0.1:${port}`, '--unit', '9', '--battery=-500W')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unit 9'),
    });
  });

  it('sets the device through the plant, and hands it back', async () => {
    const set = await throughPlant('pack', '--battery=-500W', '--for', '5m');
    expect(set).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^taken by the plant and confirmed by the device: charge 500 W \(override:olga\)/),
    });
    expect(await storageMode()).toBe(3);
    expect(await throughPlant('pack', '--release', '--json')).toMatchObject({ code: 0, stdout: '{"kind":"released"}\n' });
    expect(await throughPlant('pack', '--release')).toMatchObject({ code: 1, stderr: expect.stringContaining('No override is in force') });
  });

  it('waits until the plant has handed it back', async () => {
    const { code, stdout } = await throughPlant('pack', '--battery=700W', '--for', '12s', '--wait', '--json');
    expect(code).toBe(0);
    const { kind, heldMs, lease } = JSON.parse(stdout) as { kind: string; heldMs: number; lease: { setpoint: string } };
    expect([kind, lease.setpoint]).toEqual(['confirmed', 'discharge 700 W']);
    expect(heldMs).toBeLessThan(30_000);
  });

  it('says what the plant does not do, and why', async () => {
    const roof = await throughPlant('roof', '--limit', '1000W', '--json');
    expect(roof.code).toBe(1);
    expect(JSON.parse(roof.stdout)).toMatchObject({
      kind: 'not-taken',
      reason: expect.stringMatching(/^not dispatched: nothing would end/),
    });
    expect(await throughPlant('roof', '--release')).toMatchObject({ code: 1, stderr: expect.stringContaining('No override is in force') });
    expect(await throughPlant('meter', '--limit', '1000W')).toMatchObject({ code: 2, stderr: expect.stringContaining('takes no') });
    expect(await throughPlant('pack', '--battery=1kW', '--for', '25h')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('at most 24h'),
    });
  });

  it('needs a plant and a login that fit', async () => {
    const words = ['device', 'command', 'pack', '--battery=500W', '--plant'];
    const nobody = await runVpp([...words, plant.greeting.url], { env: env() });
    expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('set VPP_USER and VPP_PASSWORD') });
    const wrong = await runVpp([...words, plant.greeting.url], { env: { ...env(), ...login, VPP_PASSWORD: 'wrong' } });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('Name and password do not fit') });
    const away = await command('pack', '--battery=500W', '--plant', `http://127.0.0.1:${await freePort()}`);
    expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot reach the plant') });
  });

  it('forgets what was recorded of a site, once it was told twice', async () => {
    const erase = (words: string[], input = '') =>
      runVpp(['proof', 'erase', ...words, '--plant', plant.greeting.url, '--reason', 'a wish'], { env: { ...env(), ...login }, input });
    const unsure = await erase(['home'], 'hom\n');
    expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing was erased: type the name of the site (home)') });
    expect(await erase(['home'], 'home\n')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/records of home are forgotten[^]*Still valid/),
    });
    const sure = await erase(['home', '--yes', '--json']);
    expect(JSON.parse(sure.stdout)).toMatchObject({ siteId: 'home', erased: expect.any(Number) as number });
    for (const unknown of ['nowhere', '*'])
      expect(await erase([unknown, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no site') });
  });

  it('ends a login from the command line, at once, but not the last one of an operator', async () => {
    const otto: Login = { name: 'otto', password: 'battery horse correct' };
    const remove = (name: string) => runVpp(['user', 'remove', name], { env: env() });
    await runVpp(['user', 'add', otto.name], { env: env(), input: `${otto.password}\n` });
    await plant.get('/api/fleet/now', otto);
    expect(await remove('otto')).toMatchObject({ code: 0, stdout: 'otto may no longer log in.\n' });
    await expect(plant.get('/api/fleet/now', otto)).rejects.toThrow(/401/);
    expect(await remove('otto')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no such login') });
    expect(await remove(OPERATOR.name)).toMatchObject({ code: 2, stderr: expect.stringContaining('the last operator') });
    await plant.get('/api/fleet/now', OPERATOR);
  });

  it('is stopped and started again from the command line as well', async () => {
    const env2 = { ...env(), ...login };
    const stopped = await runVpp(['release', 'all', '--plant', plant.greeting.url, '--reason', 'fire', '--json'], { env: env2 });
    expect(stopped.code).toBe(0);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ mode: 'released', reason: 'fire (olga)', unknown: [] });
    expect(await plant.get<{ dispatch: object }>('/api/fleet/now', OPERATOR)).toMatchObject({ dispatch: { mode: 'released', leases: 0 } });
    const resumed = await runVpp(['resume', '--plant', plant.greeting.url, '--reason', 'fire is out'], { env: env2 });
    expect(resumed).toMatchObject({ code: 0, stdout: 'dispatch is running\n' });
  });
});
