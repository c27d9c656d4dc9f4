import { afterEach, describe, expect, it } from 'vitest';
import { type PointValue, pointOf } from '../../registers/sunspec/model.js';
import { SUNSPEC_MODELS } from '../../registers/sunspec/models.js';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus, TCP_TIMING } from '../bus.js';
import { ScriptedServer, unitRegisters } from '../testing/scripted-server.js';
import { modelAddresses, type ModelValues, sunspecRegisters } from '../testing/sunspec-registers.js';
import type { SampleValues } from '../sample.js';
import type { Standing } from './device-driver.js';
import { SunspecDriver } from './sunspec-driver.js';

const IDENTITY: ModelValues = { id: 1, values: { Mn: 'Helios', Md: 'H5', Vr: '1', SN: 'A-17' } };
const inverter = (values: Record<string, PointValue>): ModelValues => ({ id: 103, values: { W_SF: 0, WH_SF: 0, ...values } });

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

const driverOf = async (models: readonly ModelValues[], standing: Partial<Standing> & Pick<Standing, 'role'>, lastTold?: SampleValues) => {
  server = await ScriptedServer.listening({ 1: unitRegisters({ 40_000: sunspecRegisters(models) }) });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }), { ...TCP_TIMING, timeoutMs: 200 });
  return new SunspecDriver(bus.unit(1), bus.unit(1, 'control'), { direction: 1, ...standing }, lastTold);
};

describe('a SunSpec device, read by its role', () => {
  const meterValues = {
    W: -1_230,
    W_SF: 0,
    TotWhImp: 1_500_000,
    TotWhExp: 20_000,
    TotWh_SF: 0,
    PhV: 230.1,
    V_SF: -1,
    Hz: 49.98,
    Hz_SF: -2,
    AphA: 5.4,
    AphB: -1.2,
    AphC: 0,
    A_SF: -1,
    PhVphA: 231.4,
    PhVphC: 228.9,
  };

  it('grid meter: its import is the site’s', async () => {
    const driver = await driverOf([IDENTITY, { id: 203, values: meterValues }], { role: 'grid-meter' });
    expect(await driver.read()).toEqual({
      'grid.powerW': -1_230,
      'grid.toBusCounterWh': 1_500_000,
      'grid.fromBusCounterWh': 20_000,
      'grid.voltageV': 230.1,
      'grid.frequencyHz': 49.98,
      'grid.currentAA': 5.4,
      'grid.currentBA': 1.2,
      'grid.currentCA': 0,
      'grid.voltageAV': 231.4,
      'grid.voltageCV': 228.9,
    });
  });

  it('grid meter with its clamps turned: power and counters change sides together', async () => {
    const driver = await driverOf([IDENTITY, { id: 203, values: meterValues }], { role: 'grid-meter', direction: -1 });
    expect(await driver.read()).toMatchObject({ 'grid.powerW': 1_230, 'grid.toBusCounterWh': 20_000, 'grid.fromBusCounterWh': 1_500_000 });
  });

  it('a meter that is not the grid’s is asked no more than its power and counters', async () => {
    const driver = await driverOf([IDENTITY, { id: 203, values: meterValues }], { role: 'pv' });
    expect(await driver.read()).toEqual({ 'pv.powerW': -1_230, 'pv.toBusCounterWh': 1_500_000 });
  });

  it('a meter of a flexible load: what it takes is negative, and counted out of the bus', async () => {
    const meter = [IDENTITY, { id: 203, values: { ...meterValues, W: -meterValues.W } }];
    expect(await (await driverOf(meter, { role: 'flexible-load' })).read()).toEqual({
      'flexible.powerW': -1_230,
      'flexible.fromBusCounterWh': 1_500_000,
    });
    const turned = await driverOf([IDENTITY, { id: 203, values: meterValues }], { role: 'flexible-load', direction: -1 });
    expect(await turned.read()).toEqual({ 'flexible.powerW': -1_230, 'flexible.fromBusCounterWh': 20_000 });
  });

  it('a meter whose export counter stood at 0 while energy flowed past it has none; a new one has', async () => {
    const models = [IDENTITY, { id: 203, values: { ...meterValues, TotWhExp: 0 } }];
    const driver = await driverOf(models, { role: 'grid-meter' }, { 'grid.powerW': 5 });
    expect(await driver.read()).not.toHaveProperty(['grid.fromBusCounterWh']);
    const fresh = new SunspecDriver(bus!.unit(1), bus!.unit(1), { role: 'grid-meter', direction: 1 });
    expect(await fresh.read()).toHaveProperty(['grid.fromBusCounterWh'], 0);
  });

  it('grid meter in floats', async () => {
    const driver = await driverOf([IDENTITY, { id: 213, values: { W: 17.5, TotWhImp: 4_096, TotWhExp: 8 } }], { role: 'grid-meter' });
    expect(await driver.read()).toEqual({ 'grid.powerW': 17.5, 'grid.toBusCounterWh': 4_096, 'grid.fromBusCounterWh': 8 });
  });

  it('inverter with a limit, and what the sun would allow', async () => {
    const limited = { id: 123, values: { WMaxLim_Ena: 1, WMaxLimPct: 60, WMaxLimPct_SF: -1 } };
    const driver = await driverOf(
      [IDENTITY, inverter({ W: 3_000, WH: 4_000_000_000 }), { id: 122, values: { WAval: 4_200, WAval_SF: 1 } }, limited],
      { role: 'pv' },
    );
    expect(await driver.read()).toEqual({
      'pv.powerW': 3_000,
      'pv.toBusCounterWh': 4_000_000_000,
      'pv.availableW': 4_200,
      'device.limitPct': 60,
    });
  });

  it('inverter: a limit that is not enabled is none', async () => {
    const driver = await driverOf(
      [IDENTITY, { id: 113, values: { W: 1.5, WH: 8 } }, { id: 123, values: { WMaxLim_Ena: 0, WMaxLimPct: 30, WMaxLimPct_SF: 0 } }],
      {
        role: 'pv',
      },
    );
    expect(await driver.read()).toEqual({ 'pv.powerW': 1.5, 'pv.toBusCounterWh': 8, 'device.limitPct': 100 });
  });

  it('battery by 103 and 124: no counter of charging, so none is told', async () => {
    const driver = await driverOf([IDENTITY, inverter({ W: -2_000, WH: 777 }), { id: 124, values: { ChaState: 55.5, ChaState_SF: -1 } }], {
      role: 'battery',
    });
    expect(await driver.read()).toEqual({ 'battery.powerW': -2_000, 'battery.toBusCounterWh': 777, 'battery.socPct': 55.5 });
  });

  it('battery by 701, 713 and 802', async () => {
    const driver = await driverOf(
      [
        IDENTITY,
        { id: 701, values: { W: 1_800, W_SF: 0, TotWhInj: 5_000_000_000, TotWhAbs: 6_000_000_000, TotWh_SF: 0 } },
        { id: 713, values: { SoC: 42, Pct_SF: 0 } },
        { id: 802, values: { SoC: 99, SoC_SF: 0 } },
      ],
      { role: 'battery' },
    );
    expect(await driver.read()).toEqual({
      'battery.powerW': 1_800,
      'battery.toBusCounterWh': 5_000_000_000,
      'battery.fromBusCounterWh': 6_000_000_000,
      'battery.socPct': 42,
    });
  });

  it('battery by 701: whether it makes a grid of its own, and not where it does so as a part of a larger one', async () => {
    const read = async (DERMode: number) => {
      const driver = await driverOf([IDENTITY, { id: 701, values: { W: 1_800, W_SF: 0, DERMode } }], { role: 'battery' });
      return (await driver.read())['device.islanded'];
    };
    expect([await read(0b001), await read(0b010), await read(0b011), await read(0b110)]).toEqual([0, 1, 0, 1]);
  });

  describe('hybrid', () => {
    const modules = [
      { ID: 1, IDStr: 'MPPT 1', DCW: 3_000, DCWH: 10_000 },
      { ID: 2, IDStr: 'MPPT 2', DCW: 2_000, DCWH: 20_000 },
      { ID: 3, IDStr: 'StCha 3', DCW: 3_000, DCWH: 500 },
      { ID: 4, IDStr: 'StDisCha 4', DCW: 0, DCWH: 400 },
    ];
    const models = [
      IDENTITY,
      inverter({ W: 1_940, WH: 1 }),
      { id: 123, values: { WMaxLim_Ena: 0, WMaxLimPct: 100, WMaxLimPct_SF: 0 } },
      { id: 124, values: { ChaState: 70, ChaState_SF: 0 } },
      { id: 160, values: { DCW_SF: 0, DCWH_SF: 0, N: 4 }, groups: { module: modules } },
    ];

    it('ports found by their names, shares that sum to its output', async () => {
      const driver = await driverOf(models, { role: 'hybrid' });
      const values = await driver.read();
      expect(values['pv.powerW']).toBe(4_940);
      expect(values['pv.powerW']! + values['battery.powerW']!).toBe(1_940);
      expect(values).toMatchObject({ 'battery.socPct': 70, 'device.limitPct': 100, 'pv.toBusCounterWh': 0, 'pv.dcCounterWh': 30_000 });
    });

    it('counters that go on from what it told in an earlier run', async () => {
      const first = await (await driverOf(models, { role: 'hybrid' })).read();
      await bus!.close();
      await server!.close();
      const told = { ...first, 'pv.toBusCounterWh': 8_000, 'pv.dcCounterWh': 29_000 };
      const again = await (await driverOf(models, { role: 'hybrid' }, told)).read();
      expect(again['pv.toBusCounterWh']).toBeCloseTo(8_988);
      expect(again).toMatchObject({ 'battery.toBusCounterWh': 0, 'battery.fromBusCounterWh': 0 });
    });
  });

  it('leaves out what the device does not implement, and what has no scale', async () => {
    const driver = await driverOf([IDENTITY, { id: 103, values: { W: 5, WH_SF: 0 } }], { role: 'pv' });
    expect(await driver.read()).toEqual({ 'pv.toBusCounterWh': 0 });
  });

  it('says what it found instead of the role', async () => {
    const driver = await driverOf([IDENTITY, { id: 203, values: {} }], { role: 'hybrid' });
    await expect(driver.read()).rejects.toThrow('unit 1 is no hybrid: it has the models 1, 203');
  });
});

describe('the way a SunSpec device is read', () => {
  const models = [IDENTITY, inverter({ W: 7, WH: 1 })];
  const CONTROLLED: ModelValues[] = [
    ...models,
    { id: 121, values: { WMax: 5_000, WMax_SF: 0 } },
    { id: 123, values: { WMaxLimPct: 100, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: 0, WMaxLim_Ena: 0, WMaxLimPct_SF: 0 } },
  ];

  it('walks once, and then reads values with their scale factors and the model’s head in one request', async () => {
    const driver = await driverOf(models, { role: 'pv' });
    await driver.read();
    server!.requests.length = 0;
    await driver.read();
    expect(server!.requests).toHaveLength(1);
    const at = modelAddresses(models).get(103)!;
    expect(server!.requests[0]).toMatchObject({ address: at, count: 27 });
  });

  it('tells nothing from registers that no longer begin as the model does, and learns the map anew', async () => {
    const driver = await driverOf(models, { role: 'pv' });
    expect(await driver.read()).toMatchObject({ 'pv.powerW': 7 });
    const moved = [IDENTITY, { id: 122, values: {} }, inverter({ W: 9, WH: 2 })];
    server!.units.set(1, unitRegisters({ 40_000: sunspecRegisters(moved) }));
    await expect(driver.read()).rejects.toThrow('its models are not where they were');
    expect(await driver.read()).toMatchObject({ 'pv.powerW': 9, 'pv.toBusCounterWh': 2 });
  });

  it('does not let a command wait behind the polls of dead units, while a device must prove itself first', async () => {
    const driver = await driverOf(CONTROLLED, { role: 'pv' });
    await driver.read();
    server!.script = ({ unitId }) => (unitId === 9 ? { kind: 'silent' } : undefined);
    server!.dropConnections();
    await driver.read().catch(() => undefined);
    server!.requests.length = 0;
    const polls = [bus!.unit(9), bus!.unit(9), bus!.unit(9)].map((dead) => dead.read('holding', 0, 1).catch(() => undefined));
    const poll = driver.read();
    expect(await driver.release()).toBe(true);
    await Promise.all(polls);
    expect(server!.requests.findIndex(({ unitId }) => unitId === 1)).toBe(1);
    expect(await poll).toMatchObject({ 'pv.powerW': 7 });
  });

  it('goes on counting where a command and a poll learn of a device at the same time', async () => {
    const driver = await driverOf(CONTROLLED, { role: 'pv' }, { 'pv.toBusCounterWh': 1, 'pv.powerW': 5 });
    const [shows, values] = await Promise.all([driver.shows('pv-limit'), driver.read()]);
    expect([shows, values]).toEqual([undefined, { 'pv.powerW': 7, 'pv.toBusCounterWh': 1, 'device.limitPct': 100 }]);
  });

  it('gives a device no timer where the supervisor ends its setpoints, and counts on it for the fallback', async () => {
    const driver = await driverOf(CONTROLLED, { role: 'pv', reversion: 'supervisor' });
    const limit = { kind: 'pv-limit', maxW: 1_000 } as const;
    const timer = modelAddresses(CONTROLLED).get(123)! + pointOf(SUNSPEC_MODELS.get(123)!, 'WMaxLimPct_RvrtTms').offset;
    const fallback = { kind: 'pv-limit', maxW: 1_650 } as const;
    expect(await driver.showsFallback(fallback)).toBe('a limit of 33 %');
    expect([await driver.command(limit, 60, fallback), driver.endsByItself()]).toEqual([{ kind: 'confirmed' }, false]);
    expect(server!.units.get(1)!.holding.get(timer)).toBe(0);
    const alone = new SunspecDriver(bus!.unit(1), bus!.unit(1), { role: 'pv', direction: 1, reversion: 'device' });
    expect([await alone.showsFallback(fallback), alone.endsByItself()]).toEqual([undefined, true]);
    expect(await alone.command(limit, 60, fallback)).toEqual({ kind: 'confirmed', noFallback: true });
    expect(server!.units.get(1)!.holding.get(timer)).toBe(60);
  });

  it('makes a device prove itself after the connection broke, and learns the one in its place', async () => {
    const driver = await driverOf(models, { role: 'pv' });
    expect(await driver.read()).toMatchObject({ 'pv.powerW': 7 });
    server!.dropConnections();
    await driver.read().catch(() => undefined);
    expect(await driver.read()).toMatchObject({ 'pv.powerW': 7 });
    const other = [{ id: 1, values: { Mn: 'Other', Md: 'X' } }, { id: 122, values: {} }, inverter({ W: 9, WH: 2 })];
    server!.units.set(1, unitRegisters({ 40_000: sunspecRegisters(other) }));
    server!.dropConnections();
    await driver.read().catch(() => undefined);
    expect(await driver.read()).toMatchObject({ 'pv.powerW': 9, 'pv.toBusCounterWh': 2 });
  });
});
