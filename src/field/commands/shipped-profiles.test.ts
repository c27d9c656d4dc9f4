import { afterEach, describe, expect, it } from 'vitest';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus } from '../bus.js';
import { loadProfiles, profileFor } from '../profiles.js';
import { ScriptedServer, type UnitRegisters, unitRegisters } from '../testing/scripted-server.js';
import {
  battery,
  DEVICES,
  deye,
  generator,
  genset,
  keba,
  loadLimit,
  multiplus,
  PASSES_THROUGH,
  STATE,
  sunLimit,
  type Writes,
} from '../testing/told-devices.js';
import { ProfileControls } from './profile-controls.js';

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

const profiles = loadProfiles();

const controlsOf = async (name: string, registers: UnitRegisters, beside = DEVICES[name]!.beside): Promise<ProfileControls> => {
  server = await ScriptedServer.listening({ 1: registers, ...beside });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
  return new ProfileControls(bus.unit(1, 'control'), profiles.get(name)!);
};
const written = (): Writes =>
  server!.requests.filter(({ functionCode }) => functionCode === 16 || functionCode === 6).map(({ address, words }) => [address, ...words]);

it('knows what every shipped profile with commands writes', () => {
  const commanded = [...profiles].filter(([name, { commands }]) => commands && name !== 'virtual-genset').map(([name]) => name);
  expect(commanded.sort()).toEqual(Object.keys(DEVICES).sort());
});

describe.each(Object.entries(DEVICES))('%s', (name, { registers, told, released }) => {
  it.each(Object.entries(told))('is told to %s by these writes alone', async (_, { setpoint, leaseS, writes, outcome }) => {
    const controls = await controlsOf(name, registers());
    expect(await controls.command(setpoint, leaseS)).toMatchObject({ kind: outcome });
    expect(written()).toEqual(writes);
  });

  it('is handed back by these writes alone', async () => {
    const controls = await controlsOf(name, registers());
    const [first] = Object.values(told);
    await controls.command(first!.setpoint, 60);
    expect(await controls.holds()).toBe(true);
    const before = written().length;
    expect(await controls.release()).toBe(true);
    expect(written().slice(before)).toEqual(released);
    expect(await controls.holds()).toBe(false);
  });
});

describe('a KEBA', () => {
  it('is written register by register, and read one at a time', async () => {
    const controls = await controlsOf('keba-kecontact', keba());
    await controls.command(loadLimit(8_000), 60);
    expect(new Set(server!.requests.map(({ functionCode, count }) => `${functionCode} ${count}`))).toEqual(new Set(['6 1', '3 2']));
  });

  it('that keeps no failsafe is refused, and handed back', async () => {
    const device = keba();
    device.onWrite = undefined;
    const controls = await controlsOf('keba-kecontact', device);
    expect(await controls.command(loadLimit(8_000), 60)).toMatchObject({ kind: 'refused' });
    expect(device.holding.get(5_004)).toBe(63_000);
  });

  it.each([
    [4_200, 6_086],
    [8_000, 11_594],
    [3_000, 0],
  ])('whose site owes a limit falls back to its %d W, and says so', async (maxW, failsafeMa) => {
    const controls = await controlsOf('keba-kecontact', keba());
    const fallback = { kind: 'load-limit', maxW } as const;
    expect(await controls.command(loadLimit(0), 60, fallback)).toEqual({ kind: 'confirmed' });
    expect(written()).toContainEqual([5_016, failsafeMa]);
    expect(controls.keepsFallback('load-limit')).toBe(true);
    expect(await controls.showsFallback(fallback)).toBe(await controls.shows('load-limit'));
  });

  it.each([
    [0, 8_000, 11_594],
    [240, 8_000, 11_111],
    [240, 4_140, 6_000],
    [50, 8_000, 11_594],
  ])('that shows %d V is given for %d W what they are at that voltage', async (voltageV, maxW, milliamperes) => {
    const device = keba();
    device.holding.set(1_041, voltageV);
    const controls = await controlsOf('keba-kecontact', device);
    expect(await controls.command(loadLimit(maxW), 60)).toEqual({ kind: 'confirmed' });
    expect(written()).toContainEqual([5_004, milliamperes]);
  });

  it('on one phase is given three times the current', async () => {
    server = await ScriptedServer.listening({ 1: keba() });
    bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
    const controls = new ProfileControls(bus.unit(1, 'control'), profiles.get('keba-kecontact')!, 1);
    expect(await controls.command(loadLimit(4_200), 60)).toEqual({ kind: 'confirmed' });
    expect(written()).toContainEqual([5_004, 18_260]);
  });
});

describe('a Huawei', () => {
  it('that gives less than it was told is clamped', async () => {
    const device = DEVICES['huawei-sun2000']!.registers();
    device.onWrite = (address) => {
      if (address === 47_100) device.holding.set(47_248, 1_000);
    };
    const controls = await controlsOf('huawei-sun2000', device);
    expect(await controls.command(battery(-2_500), 60)).toEqual({ kind: 'clamped', readbackW: -1_000 });
  });
});

describe('a Sungrow', () => {
  it('that somebody else commands is left alone', async () => {
    const device = DEVICES['sungrow-sh']!.registers();
    device.holding.set(13_049, 4);
    const controls = await controlsOf('sungrow-sh', device);
    expect(await controls.command(battery(-2_500), 60)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('EMS mode') });
    expect(written()).toEqual([]);
  });

  it.each([
    ['that is an SH-RS', 0xffff],
    ['that has other things there', 7],
  ])('%s is given no limit', async (_, shown) => {
    const device = DEVICES['sungrow-sh']!.registers();
    device.holding.set(13_088, shown);
    const controls = await controlsOf('sungrow-sh', device);
    expect(await controls.command(sunLimit(3_000), 60)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('no limit') });
    expect(written()).toEqual([]);
  });

  it('is given a limit only where something beside it would lift it again', () => {
    const at = { profile: 'sungrow-sh', role: 'hybrid' } as const;
    expect(Object.keys(profileFor(profiles, { ...at, reversion: 'device' }).commands!)).toEqual(['batteryPower']);
    expect(Object.keys(profileFor(profiles, { ...at, reversion: 'supervisor' }).commands!)).toEqual(['batteryPower', 'pvLimit']);
  });

  it('that takes no heartbeat is refused, and handed back', async () => {
    const device = DEVICES['sungrow-sh']!.registers();
    device.onWrite = (address) => {
      if (address === 13_079) device.holding.set(13_079, 0);
    };
    const controls = await controlsOf('sungrow-sh', device);
    expect(await controls.command(battery(-2_500), 60)).toMatchObject({ kind: 'refused' });
    expect(device.holding.get(13_049)).toBe(0);
  });
});

describe('a Deye', () => {
  it('of an older firmware is left alone', async () => {
    const controls = await controlsOf('deye-sg04lp3', unitRegisters({ 20: [0xd4c0, 1] }));
    expect(await controls.command(battery(-3_000), 60)).toMatchObject({ kind: 'refused' });
    const other = deye();
    other.holding.set(1_104, 600);
    await bus!.close();
    await server!.close();
    const laidOutOtherwise = await controlsOf('deye-sg04lp3', other);
    expect(await laidOutOtherwise.command(battery(-3_000), 60)).toEqual({
      kind: 'refused',
      reason: 'this firmware has no remote mode as it is known here',
    });
    expect(written()).toEqual([]);
  });

  it('whose watchdog is not armed is refused, and handed back', async () => {
    const device = deye();
    device.onWrite = () => device.holding.set(1_101, 0xffff);
    const controls = await controlsOf('deye-sg04lp3', device);
    expect(await controls.command(battery(-3_000), 60)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('no timer') });
    expect(device.holding.get(1_100)).toBe(0);
  });

  it('that does not say its rating is told no share of it', async () => {
    const device = deye();
    device.holding.set(20, 0);
    device.holding.set(21, 0);
    const controls = await controlsOf('deye-sg04lp3', device);
    expect(await controls.command(battery(-3_000), 60)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('rating') });
    expect(written()).toEqual([]);
  });

  it('that holds itself to less is clamped', async () => {
    const device = deye();
    device.onWrite = (address) => {
      if (address === 1_100) device.holding.set(1_109, -100 & 0xffff);
    };
    const controls = await controlsOf('deye-sg04lp3', device);
    expect(await controls.command(battery(-3_000), 60)).toEqual({ kind: 'clamped', readbackW: -1_200 });
  });
});

describe('a Victron MultiPlus', () => {
  it.each([
    ['whose GX regulates it', 100, 2_902, 1, 'External control'],
    ['of three phases', 1, 28, 3, 'more than one phase'],
    ['without a grid', 1, 29, 240, 'disconnected'],
    ['that is switched to charger only', 1, 33, 1, 'not switched on'],
  ])('%s is left alone', async (_, unitId, address, value, reason) => {
    const units = { 1: multiplus(), 100: unitRegisters({ 2_902: [3] }) };
    units[unitId as 1 | 100].holding.set(address, value);
    const controls = await controlsOf('victron-multiplus', units[1], { 100: units[100] });
    expect(await controls.command(battery(500), 60)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) });
    expect(written()).toEqual([]);
  });

  it('that let go by itself shows no setpoint any more', async () => {
    const device = multiplus();
    const controls = await controlsOf('victron-multiplus', device);
    await controls.command(battery(500), 60);
    expect(await controls.shows('battery-power')).toBe(`registers 37 = ${-500 & 0xffff}, 38 = 0, 39 = 0`);
    device.holding.set(STATE, PASSES_THROUGH);
    expect(await controls.shows('battery-power')).toBeUndefined();
  });

  it('that does not follow is not said to', async () => {
    const device = multiplus();
    device.onWrite = undefined;
    const controls = await controlsOf('victron-multiplus', device);
    expect(await controls.command(battery(500), 60)).toEqual({ kind: 'unknown', reason: 'the inverter passes the grid through' });
  });
});

describe('a Deep Sea controller', () => {
  it.each([
    ['that is not in Auto', 772, 2, 'not in Auto'],
    ['that does not know the key', 4_098, 0x4000, 'no telemetry start'],
  ])('%s is left alone', async (_, address, value, reason) => {
    const device = genset();
    device.holding.set(address, value);
    const controls = await controlsOf('deep-sea-gencomm', device);
    expect(await controls.command(generator(true), 60)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) });
    expect(written()).toEqual([]);
  });

  it('whose engine has not begun to start is not said to have', async () => {
    const device = genset();
    device.onWrite = undefined;
    const controls = await controlsOf('deep-sea-gencomm', device);
    expect(await controls.command(generator(true), 60)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('not begun') });
    expect(written()).toHaveLength(1);
  });
});

describe('profiles that say what ends a setpoint', () => {
  it.each(Object.keys(DEVICES))('%s names its reason', (name) => {
    const { reversion, seenOnHardware } = profiles.get(name)!;
    expect(reversion!.reason.length).toBeGreaterThan(20);
    expect(seenOnHardware).toBe(false);
  });
});
