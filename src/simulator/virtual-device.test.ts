import { describe, expect, it } from 'vitest';
import { readNumber } from '../registers/words.js';
import { readDevice } from './readings.js';
import { generatorSite, home, hybridHome, modernHome } from './sites.fixture.js';
import { bench, exceptionOf } from './wire.fixture.js';

describe('a SunSpec device', () => {
  it.each([
    ['an inverter in integers', home(), 2, [1, 103, 120, 121, 122, 123]],
    ['an inverter in floating point', modernHome(), 2, [1, 113, 120, 121, 122, 123]],
    ['a battery', home(), 3, [1, 103, 121, 124]],
    ['a battery after IEEE 1547', modernHome(), 3, [1, 701, 702, 704, 713, 802]],
    ['a hybrid inverter', hybridHome(), 2, [1, 103, 121, 123, 124, 160]],
    ['a meter', home(), 1, [1, 203]],
  ])('shows its chain of models: %s', async (_, site, unitId, models) => {
    const { client } = await bench(site);
    expect([...(await client.chain(unitId)).keys()]).toEqual(models);
    expect((await client.model(unitId, 1)).values).toMatchObject({ Mn: 'Heliograph simulator', DA: unitId });
  });

  it('tells the power, counters and limits that are so', async () => {
    const { client, fleet, site, pass } = await bench(home());
    pass(30);
    const { powers, pv, meter } = fleet.stateOf('home');
    const inverter = (await client.model(2, 103)).values;
    expect(inverter['W']).toBeCloseTo(powers.pvW!, -0.5);
    expect(inverter['WH']).toBeCloseTo(pv!.producedWh, 0);
    expect(inverter['Hz']).toBeCloseTo(50, 0);
    const grid = (await client.model(1, 203)).values;
    expect(grid['W']).toBeCloseTo(powers.gridW!, -0.5);
    expect([grid['TotWhImp'], grid['TotWhExp']]).toEqual([expect.closeTo(meter.importWh, 0), expect.closeTo(meter.exportWh, 0)]);
    expect((await client.model(2, 122)).values['WAval']).toBeCloseTo(
      readDevice(site, fleet.stateOf('home'), 'home-pv')!['pv.availableW']!,
      -0.5,
    );
    expect((await client.model(3, 124)).values['ChaState']).toBeCloseTo(50, 0);
    const [battery] = [(await client.model(3, 103)).values['W']];
    expect(Number(grid['W']) + Number(inverter['W']) + Number(battery)).toBeCloseTo(powers.loadW!, -0.8);
  });

  it('tells in floating point what it tells in integers', async () => {
    const { client, fleet, pass } = await bench(modernHome());
    pass(30);
    const { powers, battery } = fleet.stateOf('modern');
    expect((await client.model(2, 113)).values['W']).toBeCloseTo(powers.pvW!, 2);
    expect((await client.model(3, 701)).values).toMatchObject({
      W: expect.closeTo(powers.batteryW!, -0.5) as number,
      TotWhInj: expect.closeTo(battery!.dischargedWh, 0) as number,
      TotWhAbs: expect.closeTo(battery!.chargedWh, 0) as number,
    });
    expect((await client.model(3, 713)).values['SoC']).toBeCloseTo((battery!.storedWh / 6_400) * 100, 1);
  });

  it('marks what it does not implement', async () => {
    const { client } = await bench(home());
    const power = await client.addressOf(2, 103, 'TmpSnk');
    expect(await client.holding(2, power, 1)).toEqual([0x8000]);
    expect(await client.holding(2, await client.addressOf(2, 103, 'StVnd'), 1)).toEqual([0xffff]);
    expect(await client.holding(2, await client.addressOf(2, 103, 'EvtVnd1'), 2)).toEqual([0xffff, 0xffff]);
    expect((await client.model(2, 103)).values).not.toHaveProperty('TmpSnk');
  });

  it('names the ports of a hybrid, and each way of its battery', async () => {
    const { client, fleet, pass } = await bench(hybridHome());
    pass(30);
    const { powers, pv } = fleet.stateOf('hybrid');
    const ports = (await client.model(2, 160)).groups['module']!.map(({ values }) => values);
    expect(ports.map((port) => port['IDStr'])).toEqual(['MPPT 1', 'MPPT 2', 'StCha 3', 'StDisCha 4']);
    const [one, two, charge, discharge] = ports.map((port) => Number(port['DCW']));
    expect(one! + two!).toBeCloseTo(powers.pvDcW!, -0.8);
    expect(discharge! - charge!).toBeCloseTo(powers.batteryDcW!, -0.5);
    expect(Number(ports[0]!['DCWH']) + Number(ports[1]!['DCWH'])).toBeCloseTo(pv!.dcWh, 0);
    expect((await client.model(2, 103)).values['W']).toBeCloseTo(powers.pvW! + powers.batteryW!, -0.5);
  });

  it('shows one moment between two seconds', async () => {
    const { client, pass } = await bench(home());
    pass(5);
    const first = await client.model(1, 203);
    expect(await client.model(1, 203)).toEqual(first);
    pass(60);
    expect(await client.model(1, 203)).not.toEqual(first);
  });
});

describe('a limit (model 123)', () => {
  it('holds, is read back, and ends by the device’s own timer', async () => {
    const { client, fleet, pass } = await bench(home());
    pass(10);
    const at = await client.addressOf(2, 123, 'WMaxLimPct');
    await client.write(2, at, [2_000, 0, 60, 0, 1]);
    expect((await client.model(2, 123)).values).toMatchObject({ WMaxLimPct: 20, WMaxLimPct_RvrtTms: 60, WMaxLim_Ena: 1 });
    pass(10);
    expect(fleet.stateOf('home').powers.pvW).toBeCloseTo(1_000, 6);
    expect((await client.model(2, 103)).values['St']).toBe(5);
    pass(49);
    expect(fleet.stateOf('home').powers.pvW).toBeCloseTo(1_000, 6);
    pass(10);
    expect((await client.model(2, 123)).values).toMatchObject({ WMaxLimPct: 20, WMaxLim_Ena: 0 });
    expect(fleet.stateOf('home').powers.pvW).toBeGreaterThan(2_000);
  });

  it('goes on as long as it is written again', async () => {
    const { client, fleet, pass } = await bench(home());
    const at = await client.addressOf(2, 123, 'WMaxLimPct');
    for (let i = 0; i < 5; i += 1) {
      await client.write(2, at, [2_000, 0, 60, 0, 1]);
      pass(50);
    }
    expect(fleet.stateOf('home').powers.pvW).toBeCloseTo(1_000, 6);
  });

  it('takes the device off the grid, and back when the time is over', async () => {
    const { client, fleet, pass } = await bench(home());
    await client.write(2, await client.addressOf(2, 123, 'Conn_RvrtTms'), [30, 0]);
    pass(8);
    expect(fleet.stateOf('home').powers.pvW).toBe(0);
    pass(30);
    expect(fleet.stateOf('home').powers.pvW).toBeGreaterThan(1_000);
  });
});

describe('a battery setpoint', () => {
  it('is a window of no width in model 124, and ends by its timer', async () => {
    const { client, fleet, pass } = await bench(home());
    const at = await client.addressOf(3, 124, 'OutWRte');
    // 1500 W of 3000: discharge at most 50 %, charge at most −50 %.
    await client.write(3, at, [5_000, 0x1_0000 - 5_000, 0, 120, 0]);
    await client.writeOne(3, await client.addressOf(3, 124, 'StorCtl_Mod'), 3);
    pass(10);
    expect(fleet.stateOf('home').powers.batteryW).toBeCloseTo(1_500, 6);
    expect((await client.model(3, 103)).values['W']).toBe(1_500);
    expect((await client.model(3, 124)).values).toMatchObject({ StorCtl_Mod: 3, OutWRte: 50, InWRte: -50, ChaSt: 3 });
    pass(120);
    expect((await client.model(3, 124)).values).toMatchObject({ StorCtl_Mod: 0, ChaSt: 4 });
    expect(fleet.stateOf('home').powers.batteryW).toBeLessThan(0);
  });

  it('may bound one way only', async () => {
    const { client, fleet, pass } = await bench(home());
    await client.write(3, await client.addressOf(3, 124, 'OutWRte'), [10_000, 1_000]);
    await client.writeOne(3, await client.addressOf(3, 124, 'StorCtl_Mod'), 1);
    pass(10);
    expect(fleet.stateOf('home').powers.batteryW).toBeCloseTo(-300, 6);
  });

  it('is in watts in model 704, counts down, and reverts', async () => {
    const { client, fleet, pass } = await bench(modernHome());
    const set = await client.addressOf(3, 704, 'WSet');
    await client.write(3, await client.addressOf(3, 704, 'WSetEnaRvrt'), [0, 0, 90]);
    await client.write(3, set, [0xffff, 0x1_0000 - 2_000]);
    await client.writeOne(3, await client.addressOf(3, 704, 'WSetEna'), 1);
    pass(20);
    expect(fleet.stateOf('modern').powers.batteryW).toBeCloseTo(-2_000, 6);
    expect((await client.model(3, 704)).values).toMatchObject({ WSet: -2_000, WSetEna: 1, WSetRvrtTms: 90, WSetRvrtRem: 70 });
    pass(80);
    expect((await client.model(3, 704)).values).toMatchObject({ WSetEna: 0, WSetRvrtRem: 0 });
  });

  it('beyond the rating is brought down to it, for the client to read', async () => {
    const { client } = await bench(modernHome());
    await client.write(3, await client.addressOf(3, 704, 'WSet'), [0, 9_000]);
    expect((await client.model(3, 704)).values['WSet']).toBe(3_000);
  });

  it('ends when the heart of a controller that was beating stops (model 802)', async () => {
    const { client, pass } = await bench(modernHome());
    await client.write(3, await client.addressOf(3, 704, 'WSet'), [0, 500]);
    await client.writeOne(3, await client.addressOf(3, 704, 'WSetEna'), 1);
    pass(200);
    expect((await client.model(3, 704)).values['WSetEna']).toBe(1);
    for (let beat = 1; beat < 5; beat += 1) {
      await client.writeOne(3, await client.addressOf(3, 802, 'CtrlHb'), beat);
      pass(50);
    }
    expect((await client.model(3, 704)).values['WSetEna']).toBe(1);
    pass(11);
    expect((await client.model(3, 704)).values['WSetEna']).toBe(0);
  });
});

describe('register maps', () => {
  it('tell what an Eastron meter tells, in its units', async () => {
    const { client, fleet, pass } = await bench(modernHome());
    pass(30);
    const words = await client.input(1, 52, 24);
    const { powers, meter } = fleet.stateOf('modern');
    expect(readNumber(words, 0, 'float32')).toBeCloseTo(powers.gridW!, 2);
    expect(readNumber(words, 20, 'float32')).toBeCloseTo(meter.importWh / 1_000, 2);
    expect(readNumber(words, 22, 'float32')).toBeCloseTo(meter.exportWh / 1_000, 2);
    expect(await exceptionOf(client.holding(1, 52, 2))).toBe(2);
  });

  it('start and stop a generator, and let it stop by itself', async () => {
    const { client, pass } = await bench(generatorSite());
    const told = async (): Promise<number[]> => client.holding(2, 200, 4);
    await client.write(2, 200, [1, 0, 12_000, 400]);
    expect(await told()).toEqual([1, 0, 12_000, 400]);
    expect(await client.holding(2, 106, 1)).toEqual([65_535]);
    pass(60);
    const [state, high, low] = await client.holding(2, 100, 3);
    expect([state, high, low]).toEqual([2, 0, 12_000]);
    expect(await told()).toEqual([1, 0, 12_000, 340]);
    pass(341);
    expect((await told())[0]).toBe(0);
    expect(await client.holding(2, 100, 1)).toEqual([3]);
    pass(61);
    expect(await client.holding(2, 100, 1)).toEqual([0]);
  });

  it('limit a generator to its engine, and refuse nonsense', async () => {
    const { client } = await bench(generatorSite());
    await client.write(2, 201, [1, 0]);
    expect(await client.holding(2, 201, 2)).toEqual([0, 20_000]);
    expect(await exceptionOf(client.writeOne(2, 200, 7))).toBe(3);
    expect(await exceptionOf(client.write(2, 201, [0xffff, 0xff00]))).toBe(3);
    expect(await exceptionOf(client.writeOne(2, 101, 1))).toBe(2);
  });
});
