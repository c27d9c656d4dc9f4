import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { ManualClock } from '../platform/clock.js';
import { loadProfiles, profileNamed } from '../field/profiles.js';
import { type RunningFleet, startFleet, type VirtualSite } from '../simulator/index.js';
import { parseBus, parseDuration, parseSetpoint, parseUnitIds } from './device-arguments.js';
import { deviceCommand } from './device.js';
import { until } from '../../test/until.js';

const profiles = loadProfiles();
const SITE: VirtualSite = {
  id: 'home',
  seed: 1,
  kind: 'generators',
  zone: 'Europe/Berlin',
  latitude: 48,
  longitude: 11,
  host: '127.0.0.1',
  port: 0,
  load: { kind: 'made-up', meanW: 600 },
  meter: { id: 'meter', unitId: 1, map: profileNamed(profiles, 'eastron-sdm630') },
  pv: { id: 'pv', unitId: 2, models: '103', ratedW: 5_000, array: { peakW: 6_000, tiltDeg: 30, azimuthDeg: 180 } },
};
const NOON = Date.UTC(2025, 5, 21, 11);

describe('vpp device', () => {
  let clock: ManualClock;
  let fleet: RunningFleet;
  let said: string[];

  beforeEach(async () => {
    clock = new ManualClock(NOON);
    fleet = await startFleet([SITE], { now: () => clock.now(), ticks: 'caller' });
    clock.set(NOON + 60_000);
    fleet.tick(clock.now());
    said = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
    await fleet.stop();
  });

  const vpp = (...words: string[]): Promise<unknown> => deviceCommand().parseAsync(words, { from: 'user' });
  const address = (): string => `127.0.0.1:${fleet.addresses.get('home')!.port}`;
  const answer = (): Record<string, unknown> => JSON.parse(said.at(-1)!) as Record<string, unknown>;

  it('scan finds who answers, by SunSpec or by profile', async () => {
    await vpp('scan', address(), '--unit-ids', '1-4', '--json');
    expect(answer()).toMatchObject({
      units: [
        { unitId: 1, kind: 'register-map', profiles: ['eastron-sdm630'] },
        { unitId: 2, kind: 'sunspec', identity: { manufacturer: expect.any(String) } },
      ],
    });
    expect(process.exitCode).toBeUndefined();
  });

  it('scan of nobody is a no', async () => {
    await vpp('scan', address(), '--unit-ids', '9');
    expect(said).toEqual(['nobody answers at unit ids 9']);
    expect(process.exitCode).toBe(1);
  });

  it('read gives models and points with value, unit, quality and age', async () => {
    await vpp('read', address(), '--unit', '2', '--json');
    const { models, points } = answer() as { models: { id: number }[]; points: Record<string, { value: number; ageMs: number }> };
    expect(models.map(({ id }) => id)).toEqual([1, 103, 120, 121, 122, 123]);
    expect(points['103.W']).toMatchObject({ unit: 'W', quality: 'good' });
    expect(points['103.W']!.value).toBeCloseTo(fleet.stateOf('home').powers.pvW!, -1);
    expect(points['103.W']!.ageMs).toBeLessThan(10_000);
    expect(points['123.WMaxLim_Ena']).toMatchObject({ value: 0, meaning: 'DISABLED' });
  });

  it('read by a profile', async () => {
    await vpp('read', address(), '--unit', '1', '--profile', 'eastron-sdm630', '--json');
    const { points } = answer() as { points: Record<string, unknown> };
    expect(points['frequencyHz']).toMatchObject({ unit: 'Hz', quality: 'good' });
    expect(points['importCounterWh']).toMatchObject({ unit: 'Wh', quality: 'good' });
  });

  it('watch prints a line for each reading', async () => {
    await vpp('watch', address(), '--unit', '2', '--every', '1ms', '--count', '3');
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/103\.W=\d+ W/);
  });

  it('command tries a limit, and release ends it', async () => {
    await vpp('command', address(), '--unit', '2', '--limit', '20%', '--for', '2m', '--json');
    expect(answer()).toEqual({ kind: 'confirmed' });
    for (const ms of [60_000, 1_000]) {
      clock.set(clock.now() + ms);
      fleet.tick(clock.now());
    }
    expect(fleet.stateOf('home').powers.pvW).toBeLessThanOrEqual(1_001);
    await vpp('command', address(), '--unit', '2', '--release', '--whoever-set-it');
    expect(said.at(-1)).toBe('released: a limit of 20 %');
  });

  it('command neither overwrites nor lifts a limit on sun that stands already', async () => {
    await vpp('command', address(), '--unit', '2', '--limit', '30%', '--for', '10m');
    for (const more of [[], ['--insist']]) {
      process.exitCode = undefined;
      await vpp('command', address(), '--unit', '2', '--limit', '60%', '--for', '3s', ...more);
      expect([said.at(-1), process.exitCode]).toEqual([
        'refused: the device shows a limit of 30 % already, and nothing was written: a limit on sun is never overwritten; ' +
          'if it is yours to lift, lift it first with --release --whoever-set-it',
        1,
      ]);
    }
    process.exitCode = undefined;
    await vpp('command', address(), '--unit', '2', '--release', '--json');
    expect([answer(), process.exitCode]).toEqual([{ kind: 'left', lifted: [], left: 'a limit of 30 %' }, 1]);
    await vpp('read', address(), '--unit', '2', '--json');
    expect(answer()).toMatchObject({ points: { '123.WMaxLim_Ena': { value: 1 }, '123.WMaxLimPct': { value: 30 } } });
  });

  it('command says what the device made of a limit above its rating', async () => {
    await vpp('command', address(), '--unit', '2', '--limit', '9kW', '--for', '2m');
    expect(said.at(-1)).toBe('the device made it 5000 W');
    await vpp('command', address(), '--unit', '2', '--release');
    expect(said.at(-1)).toBe('released: nothing was set');
  });

  it('command --wait hands back when it is stopped', async () => {
    const waiting = vpp('command', address(), '--unit', '2', '--limit', '20%', '--for', '10m', '--wait');
    await until(() => expect(process.listenerCount('SIGTERM')).toBeGreaterThan(0));
    setTimeout(() => process.emit('SIGTERM'), 600);
    await waiting;
    expect(said.at(-1)).toMatch(/^confirmed by reading back; stopped, and released after \d\.\d s$/);
    await vpp('read', address(), '--unit', '2', '--json');
    expect(answer()).toMatchObject({ points: { '123.WMaxLim_Ena': { value: 0 } } });
  });

  it('command --wait says how long the device really kept it', async () => {
    const waiting = vpp('command', address(), '--unit', '2', '--limit', '1000W', '--for', '30s', '--wait', '--json');
    clock.set(clock.now() + 1_000);
    const passing = setInterval(() => {
      clock.set(clock.now() + 10_000);
      fleet.tick(clock.now());
    }, 100);
    await waiting.finally(() => clearInterval(passing));
    expect(answer()).toMatchObject({ kind: 'confirmed', heldMs: expect.any(Number) });
  });

  it('a device that cannot be told so, or does not answer, is a no', async () => {
    await vpp('command', address(), '--unit', '2', '--battery=-500W', '--json');
    expect(answer()).toMatchObject({ kind: 'refused' });
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
    await vpp('read', address(), '--unit', '7', '--json');
    expect(answer()).toMatchObject({ error: expect.stringContaining('unit 7') });
    expect(process.exitCode).toBe(1);
  });

  it('bad words are bad input', async () => {
    await expect(vpp('read', address(), '--unit', 'seven')).rejects.toThrow(BadInput);
    await expect(vpp('read', address(), '--unit', '1', '--profile', 'nix')).rejects.toThrow(/no profile "nix"/);
    await expect(vpp('command', address(), '--unit', '1')).rejects.toThrow(/give one of --limit/);
    await expect(vpp('command', address(), '--unit', '1', '--limit', '5%', '--release')).rejects.toThrow(/--release stands alone/);
  });
});

describe('the words of vpp device', () => {
  it('are addresses', () => {
    expect(parseBus('meter.example')).toEqual({ host: 'meter.example', port: 502 });
    expect(parseBus('[::1]:1502')).toEqual({ host: '::1', port: 1_502 });
    expect(parseBus('rtu+gateway.example:4001')).toEqual({ host: 'gateway.example', port: 4_001, framing: 'rtu' });
    expect(parseBus('/dev/ttyUSB0')).toEqual({ serial: '/dev/ttyUSB0', baudRate: 9_600, parity: 'none', stopBits: 1 });
    expect(parseBus('COM3@19200,8E1')).toEqual({ serial: 'COM3', baudRate: 19_200, parity: 'even', stopBits: 1 });
    for (const bad of ['/dev/ttyUSB0@fast', '/dev/ttyUSB0@19200,7E1', 'rtu+']) expect(() => parseBus(bad)).toThrow(BadInput);
    for (const bad of ['', ':502', 'a:b', 'host:0', 'host:70000', '::1']) expect(() => parseBus(bad)).toThrow(BadInput);
  });

  it('are unit ids', () => {
    expect(parseUnitIds('3,1-2,2')).toEqual([1, 2, 3]);
    for (const bad of ['', '5-1', '256', 'x']) expect(() => parseUnitIds(bad)).toThrow(BadInput);
  });

  it('are lengths of time', () => {
    expect(['90s', '2m', '0.5h', '250ms'].map((text) => parseDuration('--for', text))).toEqual([90_000, 120_000, 1_800_000, 250]);
    for (const bad of ['', '5', '0s', '-1s', '1d']) expect(() => parseDuration('--for', bad)).toThrow(BadInput);
  });

  it('are setpoints', () => {
    expect(parseSetpoint({ limit: '60%' })).toEqual({ kind: 'limit-percent', percent: 60 });
    expect(parseSetpoint({ limit: '3kW' })).toEqual({ kind: 'pv-limit', maxW: 3_000 });
    expect(parseSetpoint({ battery: '-1.5kW' })).toEqual({ kind: 'battery-power', powerW: -1_500 });
    expect(parseSetpoint({ load: '4.2kW' })).toEqual({ kind: 'load-limit', maxW: 4_200 });
    expect(() => parseSetpoint({ load: '50%' })).toThrow('--load "50%": give a power, as 3000W or 3kW');
    expect(parseSetpoint({ generator: 'stop' })).toEqual({ kind: 'generator', run: false, powerW: 0 });
    for (const bad of [{}, { limit: '101%' }, { limit: '-5W' }, { generator: '-5W' }, { battery: '5' }, { limit: '5W', battery: '5W' }])
      expect(() => parseSetpoint(bad)).toThrow(BadInput);
    expect(() => parseSetpoint({ limit: '60' })).toThrow('--limit "60": give a power, as 3000W or 3kW, or a share of the rating, as 60%');
  });
});
