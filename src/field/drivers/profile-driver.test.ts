import { afterEach, describe, expect, it } from 'vitest';
import { profileSchema } from '../../registers/profile.js';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus } from '../bus.js';
import { loadProfiles, profileNamed } from '../profiles.js';
import { registerFrames, registersOf } from '../testing/register-frames.js';
import { ScriptedServer, unitRegisters, type UnitRegisters } from '../testing/scripted-server.js';
import type { Standing } from './device-driver.js';
import { ProfileDriver } from './profile-driver.js';
import { PointReader } from './profile-points.js';

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

const unitOn = async (registers: UnitRegisters) => {
  server = await ScriptedServer.listening({ 1: registers });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
  return bus.unit(1);
};

describe('register frames of real maps', () => {
  const profiles = loadProfiles();
  const frames = registerFrames();

  it.each([...frames])('%s decodes as it says', async (_, frame) => {
    const unit = await unitOn(registersOf(frame));
    const standing: Standing = { role: frame.role ?? 'grid-meter', direction: frame.direction ?? 1 };
    const profile = profileNamed(profiles, frame.profile);
    const values = await new ProfileDriver(unit, unit, profile, standing).read();
    expect(Object.keys(values).sort()).toEqual(Object.keys(frame.expect).sort());
    for (const [quantity, value] of Object.entries(frame.expect)) expect(values).toHaveProperty([quantity], expect.closeTo(value, 4));
    expect(server!.requests.every(({ count }) => count <= profile.largestRead)).toBe(true);
  });

  it.each([...frames])('%s holds every point of its profile', async (_, frame) => {
    const unit = await unitOn(registersOf(frame));
    const points = await new PointReader(unit, profileNamed(profiles, frame.profile)).read();
    expect([...points].filter(([, reading]) => !('value' in reading))).toEqual([]);
  });

  const real = [...profiles].filter(([name]) => name !== 'virtual-genset');

  it.each(real)('show %s in both directions of power', (name, { kind }) => {
    const powersW = [...frames.values()]
      .filter(({ profile }) => profile === name)
      .flatMap(
        ({ expect: told }) => told['grid.powerW'] ?? told['battery.powerW'] ?? told['generator.powerW'] ?? told['flexible.powerW'] ?? [],
      );
    // A generator that gives nothing stands still, and so does a load that takes nothing.
    expect(Math.max(...powersW)).toBeGreaterThan(kind === 'load' ? -1 : 0);
    expect(Math.min(...powersW)).toBeLessThan(kind === 'generator' ? 1 : 0);
  });
});

const meter = (points: Record<string, unknown>, rest: Record<string, unknown> = {}) =>
  profileSchema.parse({ name: 'm', kind: 'meter', source: 's', seenOnHardware: false, fastestPeriodMs: 1_000, points, ...rest });
const atGrid: Standing = { role: 'grid-meter', direction: 1 };

describe('a profile', () => {
  it('leaves out what is a sentinel, out of range or not a number', async () => {
    const unit = await unitOn(unitRegisters({ 0: [0x8000, 0, 0xffff, 0x7fc0, 0, 60_000] }));
    const profile = meter({
      powerW: { holding: 0, type: 'int32', unit: 'W', sentinels: [-0x8000_0000] },
      voltageV: { holding: 5, type: 'uint16', unit: 'V', scale: 0.1, range: [0, 500] },
      importCounterWh: { holding: 3, type: 'float32', unit: 'kWh' },
      frequencyHz: { holding: 2, type: 'uint16', unit: 'Hz', sentinels: [[0xfff8, 0xffff]] },
    });
    expect(await new ProfileDriver(unit, unit, profile, atGrid).read()).toEqual({});
  });

  it('knows little word order, signs and units', async () => {
    const unit = await unitOn(unitRegisters({ 0: [0x0002, 0x0001, 15] }));
    const profile = meter({
      powerW: { holding: 2, type: 'int16', unit: 'kW', sign: -1 },
      importCounterWh: { holding: 0, type: 'uint32', unit: 'kWh', wordOrder: 'little' },
    });
    expect(await new ProfileDriver(unit, unit, profile, atGrid).read()).toEqual({
      'grid.powerW': -15_000,
      'grid.toBusCounterWh': 65_538_000,
    });
  });

  it('asks for the wanted registers alone when the device refuses those between', async () => {
    const unit = await unitOn(unitRegisters({ 0: [5], 10: [230] }));
    const profile = meter({ powerW: { holding: 0, type: 'int16', unit: 'W' }, voltageV: { holding: 10, type: 'uint16', unit: 'V' } });
    const driver = new ProfileDriver(unit, unit, profile, atGrid);
    expect(await driver.read()).toEqual({ 'grid.powerW': 5, 'grid.voltageV': 230 });
    expect(await driver.read()).toEqual({ 'grid.powerW': 5, 'grid.voltageV': 230 });
    expect(server!.requests.map(({ count }) => count)).toEqual([11, 1, 1, 1, 1]);
  });

  it.each([
    ['pv', { 'pv.powerW': 5, 'pv.toBusCounterWh': 100 }],
    ['battery', { 'battery.powerW': 5, 'battery.toBusCounterWh': 100 }],
    ['generator', { 'generator.powerW': 5, 'generator.toBusCounterWh': 100 }],
  ] as const)('of a meter tells a %s by its role', async (role, values) => {
    const unit = await unitOn(unitRegisters({ 0: [5, 100] }));
    const profile = meter({
      powerW: { holding: 0, type: 'int16', unit: 'W' },
      importCounterWh: { holding: 1, type: 'uint16', unit: 'Wh' },
    });
    expect(await new ProfileDriver(unit, unit, profile, { role, direction: 1 }).read()).toEqual(values);
  });

  it('reads no register that is illegal, even to save a request', async () => {
    const unit = await unitOn(unitRegisters({ 0: [5, 6, 7, 8, 230] }));
    const profile = meter(
      { powerW: { holding: 0, type: 'int16', unit: 'W' }, voltageV: { holding: 4, type: 'uint16', unit: 'V' } },
      { illegal: { holding: [[2, 2]] } },
    );
    expect(await new ProfileDriver(unit, unit, profile, atGrid).read()).toEqual({ 'grid.powerW': 5, 'grid.voltageV': 230 });
    expect(server!.requests.map(({ address, count }) => [address, count])).toEqual([
      [0, 1],
      [4, 1],
    ]);
  });

  it('does without optional registers that this model lacks, and without none of the others', async () => {
    const unit = await unitOn(unitRegisters({ 0: [5, 230] }));
    const points = {
      powerW: { holding: 0, type: 'int16', unit: 'W' },
      voltageV: { holding: 1, type: 'uint16', unit: 'V' },
      frequencyHz: { holding: 2, type: 'uint16', unit: 'Hz', optional: true },
    };
    const driver = new ProfileDriver(unit, unit, meter(points), atGrid);
    expect(await driver.read()).toEqual({ 'grid.powerW': 5, 'grid.voltageV': 230 });
    server!.requests.splice(0);
    expect(await driver.read()).toEqual({ 'grid.powerW': 5, 'grid.voltageV': 230 });
    expect(server!.requests).toHaveLength(1);
    const strict = meter({ ...points, frequencyHz: { ...points.frequencyHz, optional: false } });
    await expect(new ProfileDriver(unit, unit, strict, atGrid).read()).rejects.toThrow(/no such register/);
  });

  it('adds up what is there, takes bits and coils, and translates codes', async () => {
    const registers = unitRegisters({ 0: [100, 0xffff, 40, 0b0100, 6] }, {}, { coil: { 7: [1] } });
    const unit = await unitOn(registers);
    const string = { type: 'uint16', unit: 'W', sentinels: [0xffff], range: [0, 5_000] } as const;
    const profile = meter({
      powerW: {
        ...string,
        holding: 0,
        plus: [
          { ...string, holding: 1 },
          { ...string, holding: 2, sign: -1, range: [-5_000, 0] },
        ],
      },
      fuelPct: { holding: 3, type: 'uint16', bit: 2, unit: '%' },
      limitPct: { coil: 7, unit: '%' },
      generatorState: { holding: 4, type: 'uint16', unit: 'none', values: { 3: 2, 6: 0 } },
    });
    const reader = new PointReader(unit, profile);
    expect(await reader.readValues()).toEqual({ powerW: 60, fuelPct: 1, limitPct: 1, generatorState: 0 });
    registers.holding.set(4, 5);
    registers.holding.set(0, 6_000);
    expect(await reader.readValues()).toEqual({ fuelPct: 1, limitPct: 1 });
  });
});

describe('a device that falls back to nothing but itself', () => {
  it.each([
    ['is told its fallback by the supervisor', 'supervisor', { kind: 'confirmed' }],
    ['has none without it', 'device', { kind: 'confirmed', noFallback: true }],
  ] as const)('%s', async (_, reversion, outcome) => {
    const unit = await unitOn(unitRegisters({ 13_088: [0x55, 1_000] }, { 5000: [100] }));
    const sungrow = profileNamed(loadProfiles(), 'sungrow-sh');
    const driver = new ProfileDriver(unit, unit, sungrow, { role: 'hybrid', direction: 1, reversion });
    expect(await driver.command({ kind: 'pv-limit', maxW: 5_000 }, 60, { kind: 'pv-limit', maxW: 3_000 })).toEqual(outcome);
  });
});

const hybridOf = (batteryPowerW: object | undefined) =>
  profileSchema.parse({
    ...meter({
      powerW: { holding: 0, type: 'int16', unit: 'W' },
      pvPowerW: { holding: 1, type: 'uint16', unit: 'W' },
      pvCounterWh: { holding: 3, type: 'uint16', unit: 'Wh' },
      batteryChargedWh: { holding: 4, type: 'uint16', unit: 'Wh' },
      ...(batteryPowerW ? { batteryPowerW } : {}),
    }),
    kind: 'hybrid',
  });
const batteryPower = { holding: 2, type: 'int16', unit: 'W', sign: -1, sentinels: [0x7fff] };

describe('a hybrid', () => {
  const standing: Standing = { role: 'hybrid', direction: 1 };

  it.each([
    ['charges from its sun', 2_900, 5_000, 2_000],
    ['charges from the grid at night', -1_050, 0, 1_000],
    ['discharges beside its sun', 3_800, 2_000, -2_000],
    ['stands still', 0, 0, 0],
  ])('that %s has sun and battery sum to its terminal', async (_, acW, sunDcW, chargeDcW) => {
    const unit = await unitOn(unitRegisters({ 0: [acW & 0xffff, sunDcW, chargeDcW & 0xffff, 7, 8] }));
    const values = await new ProfileDriver(unit, unit, hybridOf(batteryPower), standing).read();
    expect(values['pv.powerW']! + values['battery.powerW']!).toBe(acW);
    expect(values['pv.powerW']).toBeLessThanOrEqual(sunDcW);
    expect(Math.sign(values['battery.powerW']!)).toBe(-Math.sign(chargeDcW) + 0);
    expect(values).toMatchObject({ 'pv.dcCounterWh': 7, 'battery.chargedDcCounterWh': 8 });
  });

  it('whose battery is silent is not split: its discharge would be taken for sun', async () => {
    const unit = await unitOn(unitRegisters({ 0: [3_000, 1_000, 0x7fff, 7, 8] }));
    expect(await new ProfileDriver(unit, unit, hybridOf(batteryPower), standing).read()).toEqual({});
    const split = await new ProfileDriver(unit, unit, hybridOf(undefined), standing).read();
    expect(split).toMatchObject({ 'pv.powerW': 1_000, 'battery.powerW': 2_000 });
  });

  it('goes on counting where an earlier run left off', async () => {
    const registers = unitRegisters({ 0: [950, 1_000, 0, 107, 8] });
    const unit = await unitOn(registers);
    const lastTold = { 'pv.dcCounterWh': 7, 'pv.toBusCounterWh': 50 };
    const values = await new ProfileDriver(unit, unit, hybridOf(batteryPower), standing, lastTold).read();
    expect(values['pv.toBusCounterWh']).toBeCloseTo(145, 6);
  });
});
