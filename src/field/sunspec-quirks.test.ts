import { afterEach, describe, expect, it } from 'vitest';
import { ModbusSerialLink } from './adapters/modbus-serial-link.js';
import { Bus, type BusUnit, TCP_TIMING } from './bus.js';
import { readSunspecDevice } from './commissioning.js';
import type { Standing } from './drivers/device-driver.js';
import { SunspecDriver } from './drivers/sunspec-driver.js';
import { walkSunspec } from './sunspec-walk.js';
import { ScriptedServer, unitRegisters } from './testing/scripted-server.js';
import { type ModelValues, modelAddresses, sunspecRegisters } from './testing/sunspec-registers.js';

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

/** A device with these registers from 40,000 on; what lies beyond them is refused. */
const deviceOf = async (words: readonly number[]): Promise<BusUnit> => {
  server = await ScriptedServer.listening({ 1: unitRegisters({ 40_000: words }) });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }), { ...TCP_TIMING, timeoutMs: 200 });
  return bus.unit(1);
};

const reportOf = async (unit: BusUnit) => readSunspecDevice(unit, (await walkSunspec((at, count) => unit.read('holding', at, count)))!);
const readAs = (unit: BusUnit, standing: Standing) => new SunspecDriver(unit, unit, standing).read();
const identity = (Mn: string, Md: string): ModelValues => ({ id: 1, values: { Mn, Md, Vr: '1', SN: '1' } });

const METER = {
  W: 1_200,
  WphA: 500,
  WphB: -300,
  WphC: 1_000,
  W_SF: 0,
  TotWhExp: 9_000,
  TotWhImp: 4_000,
  TotWh_SF: 0,
  AphA: 2.2,
  AphB: 1.3,
  AphC: 4.3,
  A_SF: -1,
  PhVphA: 230.1,
  V_SF: -1,
};

describe('SolarEdge', () => {
  const inverter: ModelValues = { id: 103, values: { W: 3_000, W_SF: 0, WH: 5, WH_SF: 0 } };
  // A Synergy inverter: its units stand in model 160 before the meter, which so has not the address of the others' meters.
  const units: ModelValues = { id: 160, values: { N: 2, DCW_SF: 0 }, groups: { module: [{ DCW: 1 }, { DCW: 2 }] } };
  const models = [identity('SolarEdge', 'SE33.3K'), inverter, units, identity('WattNode', 'WND-3Y-400-MB'), { id: 203, values: METER }];

  it('tells power into the grid as positive, and counts as others do: it is turned, and nothing else is', async () => {
    const unit = await deviceOf(sunspecRegisters(models));
    expect(await readAs(unit, { role: 'grid-meter', direction: 1 })).toEqual({
      'grid.powerW': -1_200,
      'grid.toBusCounterWh': 4_000,
      'grid.fromBusCounterWh': 9_000,
      'grid.currentAA': 2.2,
      'grid.currentBA': 1.3,
      'grid.currentCA': 4.3,
      'grid.voltageAV': 230.1,
    });
    expect(await readAs(unit, { role: 'pv', direction: 1 })).toMatchObject({ 'pv.powerW': 3_000 });
  });

  it('the direction of the clamps comes on top', async () => {
    const unit = await deviceOf(sunspecRegisters(models));
    const turned = await readAs(unit, { role: 'grid-meter', direction: -1 });
    expect(turned).toMatchObject({ 'grid.powerW': 1_200, 'grid.toBusCounterWh': 9_000, 'grid.fromBusCounterWh': 4_000 });
  });

  it('says which quirks were applied, and shows what came of them', async () => {
    const words = sunspecRegisters(models);
    const { quirks, points } = await reportOf(await deviceOf(words));
    expect(quirks.map(({ name }) => name)).toEqual(['power into the grid is positive', 'voltages between lines are unsigned']);
    expect(points['203.W']).toMatchObject({ value: -1_200 });
    expect(points['203.WphB']).toMatchObject({ value: 300 });
    expect(points['103.W']).toMatchObject({ value: 3_000 });
  });

  it('has voltages between lines that fit no signed register', async () => {
    const words = sunspecRegisters([identity('SolarEdge', 'SE10K'), { id: 203, values: { V_SF: -2 } }]);
    const at = modelAddresses([identity('SolarEdge', 'SE10K'), { id: 203, values: {} }]).get(203)! - 40_000;
    // PPV: -25,609 as the model has it.
    words[at + 2 + 9] = 39_927;
    const { points } = await reportOf(await deviceOf(words));
    expect(points['203.PPV']).toMatchObject({ value: 399.27, unit: 'V' });
  });
});

it('KOSTAL’s meter: exports that were counted downwards, and those of a firmware that counts upwards', async () => {
  const kostal = identity('KOSTAL', 'KOSTAL Smart Energy Meter');
  const asUnsigned = 2 ** 32 - 9_000;
  const down = await deviceOf(sunspecRegisters([kostal, { id: 203, values: { ...METER, TotWhExp: asUnsigned } }]));
  const told = { 'grid.powerW': 1_200, 'grid.toBusCounterWh': 4_000, 'grid.fromBusCounterWh': 9_000 };
  expect(await readAs(down, { role: 'grid-meter', direction: 1 })).toMatchObject(told);
  expect((await reportOf(down)).quirks).toMatchObject([{ name: 'exported energy counts downwards' }]);
  await bus!.close();
  await server!.close();
  const up = await deviceOf(sunspecRegisters([kostal, { id: 203, values: METER }]));
  expect(await readAs(up, { role: 'grid-meter', direction: 1 })).toMatchObject(told);
});

it('SMA: a limit that is not in force is not told', async () => {
  const values = { Conn: 0, WMaxLimPct: 0, WMaxLimPct_SF: 0, WMaxLim_Ena: 1 };
  const models = (Md: string): ModelValues[] => [
    identity('SMA', Md),
    { id: 101, values: { W: 970, W_SF: 0, WH: 9, WH_SF: 0 } },
    { id: 123, values },
  ];
  const sunnyBoy = await deviceOf(sunspecRegisters(models('SB3.6-1AV-41')));
  expect(await readAs(sunnyBoy, { role: 'pv', direction: 1 })).toEqual({ 'pv.powerW': 970, 'pv.toBusCounterWh': 9 });
  await bus!.close();
  await server!.close();
  const other = await deviceOf(sunspecRegisters(models('STP 12-50')));
  expect(await readAs(other, { role: 'pv', direction: 1 })).toMatchObject({ 'device.limitPct': 0 });
});

describe('a chain that does not end as it should', () => {
  const models = [identity('Helios', 'H5'), { id: 103, values: { W: 7, W_SF: 0, WH: 1, WH_SF: 0 } }];

  it.each([
    ['in registers that are refused', []],
    ['in the middle of its end model', [0xffff]],
    ['in zeros', new Array<number>(60).fill(0)],
    ['in ones', new Array<number>(60).fill(0xffff)],
    ['in one zero, behind which all is refused', [0]],
  ])('%s', async (_, ending) => {
    const unit = await deviceOf(sunspecRegisters(models, ending));
    expect((await reportOf(unit)).models.map(({ id }) => id)).toEqual([1, 103]);
    expect(await readAs(unit, { role: 'pv', direction: 1 })).toMatchObject({ 'pv.powerW': 7 });
  });

  it('in exception 3, which some give for a register that is not there', async () => {
    const unit = await deviceOf(sunspecRegisters(models, []));
    const end = 40_000 + sunspecRegisters(models, []).length;
    server!.script = ({ address }) => (address >= end ? { kind: 'exception', code: 3 } : undefined);
    expect((await reportOf(unit)).models.map(({ id }) => id)).toEqual([1, 103]);
  });

  it('and a model that is refused in part leaves the others readable', async () => {
    const unit = await deviceOf(sunspecRegisters([...models, { id: 123, values: { WMaxLimPct: 60, WMaxLimPct_SF: 0 } }]));
    const refused = modelAddresses(models).get(103)! + 30;
    server!.units.get(1)!.holding.delete(refused);
    const { models: found, points } = await reportOf(unit);
    expect(found.map(({ id }) => id)).toEqual([1, 103, 123]);
    expect(points).not.toHaveProperty(['103.W']);
    expect(points['123.WMaxLimPct']).toMatchObject({ value: 60 });
  });
});
