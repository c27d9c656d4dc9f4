import { afterEach, describe, expect, it } from 'vitest';
import { pointOf } from '../../registers/sunspec/model.js';
import { SUNSPEC_MODELS } from '../../registers/sunspec/models.js';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus, TCP_TIMING } from '../bus.js';
import { walkSunspec } from '../sunspec-walk.js';
import { ScriptedServer, unitRegisters } from '../testing/scripted-server.js';
import { modelAddresses, type ModelValues, sunspecRegisters } from '../testing/sunspec-registers.js';
import { sunspecControls } from './sunspec-commands.js';

const IDENTITY: ModelValues = { id: 1, values: { Mn: 'Helios', SN: 'A' } };
const SETTINGS: ModelValues = { id: 121, values: { WMax: 50_000, WMax_SF: 1 } };
const LIMIT: ModelValues = {
  id: 123,
  values: { WMaxLimPct: 100, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: 0, WMaxLimPct_RmpTms: 0, WMaxLim_Ena: 0, WMaxLimPct_SF: -1 },
};
const STORAGE: ModelValues = {
  id: 124,
  values: {
    WChaMax: 4_000,
    StorCtl_Mod: 0,
    OutWRte: 100,
    InWRte: 100,
    InOutWRte_WinTms: 0,
    InOutWRte_RvrtTms: 0,
    WChaMax_SF: 0,
    InOutWRte_SF: -2,
  },
};
const DER: ModelValues[] = [
  { id: 702, values: { WMax: 6_000, WChaRteMax: 5_000, WDisChaRteMax: 5_000, W_SF: 0 } },
  {
    id: 704,
    values: {
      WMaxLimPctEna: 0,
      WMaxLimPct: 100,
      WMaxLimPctRvrt: 100,
      WMaxLimPctEnaRvrt: 0,
      WMaxLimPctRvrtTms: 0,
      WSetEna: 0,
      WSetMod: 0,
      WSet: 0,
      WSetRvrt: 0,
      WSetEnaRvrt: 0,
      WSetRvrtTms: 0,
      WMaxLimPct_SF: 0,
      WSet_SF: 0,
    },
  },
];

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

const deviceOf = async (models: readonly ModelValues[]) => {
  const registers = unitRegisters({ 40_000: sunspecRegisters(models) });
  server = await ScriptedServer.listening({ 1: registers });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }), { ...TCP_TIMING, timeoutMs: 150 });
  const unit = bus.unit(1, 'control');
  const map = (await walkSunspec((address, count) => unit.read('holding', address, count)))!;
  const addresses = modelAddresses(models);
  const at = (modelId: number, name: string) => addresses.get(modelId)! + pointOf(SUNSPEC_MODELS.get(modelId)!, name).offset;
  const names = new Map(
    models.flatMap(({ id }) =>
      SUNSPEC_MODELS.get(id)!.points.map((point): [number, string] => [addresses.get(id)! + point.offset, `${id}.${point.name}`]),
    ),
  );
  const written = () =>
    server!.requests.filter(({ functionCode }) => functionCode === 16).map(({ address, words }) => [names.get(address), ...words] as const);
  return { controls: sunspecControls(map, unit), registers, at, written };
};

describe('a limit by model 123', () => {
  it('stands with its timer before it is switched on, and is never above what was asked', async () => {
    const { controls, written } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    expect(await controls.command({ kind: 'pv-limit', maxW: 30_009 }, 90)).toEqual({ kind: 'confirmed' });
    expect(written()).toEqual([
      ['123.WMaxLimPct', 600, 0, 90],
      ['123.WMaxLim_Ena', 1],
    ]);
    expect(await controls.holds()).toBe(true);
  });

  it('above the rating is all the device has; a longer lease than the timer holds is cut', async () => {
    const { controls, written } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    expect(await controls.command({ kind: 'pv-limit', maxW: 99_000 }, 100_000)).toEqual({ kind: 'confirmed' });
    expect(written()[0]).toEqual(['123.WMaxLimPct', 1_000, 0, 65_534]);
  });

  it('is said to be clamped when the device makes it another', async () => {
    const { controls, registers, at } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    registers.onWrite = (address) => {
      if (address === at(123, 'WMaxLimPct')) registers.holding.set(address, 700);
    };
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toEqual({ kind: 'clamped', readbackW: 35_000 });
  });

  it('waits a while for a slow device', async () => {
    const { controls, registers, at } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    registers.onWrite = (address) => {
      if (address !== at(123, 'WMaxLim_Ena')) return;
      registers.holding.set(address, 0);
      setTimeout(() => registers.holding.set(address, 1), 300);
    };
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toEqual({ kind: 'confirmed' });
  });

  it('is refused when the device does, or keeps no timer', async () => {
    const { controls, registers, at } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    server!.script = ({ functionCode }) => (functionCode === 16 ? { kind: 'exception', code: 3 } : undefined);
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toMatchObject({ kind: 'refused' });
    server!.script = () => undefined;
    registers.onWrite = () => registers.holding.set(at(123, 'WMaxLimPct_RvrtTms'), 0);
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('timer'),
    });
    expect(await controls.holds(), 'a limit that nothing would end').toBe(false);
  });

  it('whose scale factor is none is refused before anything is written', async () => {
    const { controls, registers, at, written } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    registers.holding.set(at(123, 'WMaxLimPct_SF'), 44);
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toMatchObject({ reason: expect.stringContaining('44') });
    registers.holding.set(at(123, 'WMaxLimPct_SF'), 0x10000 - 5);
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toMatchObject({ reason: expect.stringContaining('cannot hold') });
    expect(written()).toEqual([]);
  });

  it('is unknown when the write is lost, and is not written again', async () => {
    const { controls, written } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    server!.script = ({ functionCode }) => (functionCode === 16 ? { kind: 'silent' } : undefined);
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60)).toMatchObject({ kind: 'unknown' });
    expect(written()).toHaveLength(1);
  });

  it('is released by switching it off and clearing its timer', async () => {
    const { controls, written } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    await controls.command({ kind: 'pv-limit', maxW: 5_000 }, 60);
    expect(await controls.release()).toBe(true);
    expect(written().slice(2)).toEqual([
      ['123.WMaxLim_Ena', 0],
      ['123.WMaxLimPct_RvrtTms', 0],
    ]);
    expect(await controls.holds()).toBe(false);
  });
});

describe('a battery’s power by model 124', () => {
  const signed = (value: number) => value & 0xffff;

  it.each([
    [2_000, 5_000, signed(-5_000)],
    [-1_000, signed(-2_500), 2_500],
    [0, 0, 0],
  ])('%i W sets both bounds, the timer, and last the mode', async (powerW, out, into) => {
    const { controls, written } = await deviceOf([IDENTITY, SETTINGS, STORAGE]);
    expect(await controls.command({ kind: 'battery-power', powerW }, 45)).toEqual({ kind: 'confirmed' });
    expect(written()).toEqual([
      ['124.OutWRte', out, into, 0, 45],
      ['124.StorCtl_Mod', 3],
    ]);
  });

  it('beyond what it can is clamped to that', async () => {
    const { controls } = await deviceOf([IDENTITY, SETTINGS, STORAGE]);
    expect(await controls.command({ kind: 'battery-power', powerW: -9_000 }, 45)).toEqual({ kind: 'clamped', readbackW: -4_000 });
  });

  it('is released alone, where the limit beside it is not ours', async () => {
    const { controls, registers, at } = await deviceOf([IDENTITY, SETTINGS, LIMIT, STORAGE]);
    registers.holding.set(at(123, 'WMaxLim_Ena'), 1);
    await controls.command({ kind: 'battery-power', powerW: 500 }, 45);
    expect(await controls.release(['battery-power'])).toBe(true);
    expect(registers.holding.get(at(124, 'StorCtl_Mod'))).toBe(0);
    expect(registers.holding.get(at(123, 'WMaxLim_Ena'))).toBe(1);
  });
});

describe('model 704', () => {
  it('takes a power in watts: reversion first, the switch last', async () => {
    const { controls, written } = await deviceOf([IDENTITY, ...DER]);
    expect(await controls.command({ kind: 'battery-power', powerW: -1_500 }, 70_000)).toEqual({ kind: 'confirmed' });
    expect(written()).toEqual([
      ['704.WSetRvrt', 0, 0],
      ['704.WSetEnaRvrt', 0, 1, 4_464],
      ['704.WSetMod', 1, 0xffff, 0xfa24],
      ['704.WSetEna', 1],
    ]);
  });

  it('is not asked for more than the battery is rated for', async () => {
    const { controls } = await deviceOf([IDENTITY, ...DER]);
    expect(await controls.command({ kind: 'battery-power', powerW: 8_000 }, 60)).toEqual({ kind: 'clamped', readbackW: 5_000 });
  });

  it('takes a limit in percent', async () => {
    const { controls, written } = await deviceOf([IDENTITY, ...DER]);
    expect(await controls.command({ kind: 'pv-limit', maxW: 1_830 }, 60)).toEqual({ kind: 'confirmed' });
    expect(written()).toEqual([
      ['704.WMaxLimPctRvrt', 100, 0, 0, 60],
      ['704.WMaxLimPct', 30],
      ['704.WMaxLimPctEna', 1],
    ]);
    expect(await controls.release()).toBe(true);
  });

  it('takes with it what the limit falls back to, which model 123 cannot', async () => {
    const fallback = { kind: 'pv-limit', maxW: 3_000 } as const;
    const der = await deviceOf([IDENTITY, ...DER]);
    expect(await der.controls.command({ kind: 'pv-limit', maxW: 1_830 }, 60, fallback)).toEqual({ kind: 'confirmed' });
    expect(der.written()[0]).toEqual(['704.WMaxLimPctRvrt', 50, 1, 0, 60]);
    await bus!.close();
    await server!.close();
    const immediate = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    expect(await immediate.controls.command({ kind: 'pv-limit', maxW: 1_830 }, 60, fallback)).toEqual({
      kind: 'confirmed',
      noFallback: true,
    });
  });

  it('shows once it was told its fallback what it said that it would', async () => {
    const { controls } = await deviceOf([IDENTITY, SETTINGS, LIMIT]);
    const fallback = { kind: 'pv-limit', maxW: 1_650 } as const;
    await controls.command(fallback, undefined);
    expect(await controls.shows('pv-limit')).toBe('a limit of 3.3 %');
    expect(await controls.showsFallback(fallback, true)).toBe('a limit of 3.3 %');
  });

  it('has no timer where something else ends it, and none is asked of the device', async () => {
    const fallback = { kind: 'pv-limit', maxW: 3_000 } as const;
    const { controls, registers, at, written } = await deviceOf([IDENTITY, SETTINGS, LIMIT, STORAGE]);
    for (const timer of [at(123, 'WMaxLimPct_RvrtTms'), at(124, 'InOutWRte_RvrtTms')]) registers.holding.set(timer, 900);
    expect(await controls.command({ kind: 'pv-limit', maxW: 5_000 }, undefined, fallback)).toEqual({ kind: 'confirmed' });
    expect(await controls.command({ kind: 'battery-power', powerW: 400 }, undefined)).toEqual({ kind: 'confirmed' });
    expect(written().map(([name]) => name)).toEqual(['123.WMaxLimPct', '123.WMaxLim_Ena', '124.OutWRte', '124.StorCtl_Mod']);
    expect([at(123, 'WMaxLimPct_RvrtTms'), at(124, 'InOutWRte_RvrtTms')].map((timer) => registers.holding.get(timer))).toEqual([0, 0]);
    await bus!.close();
    await server!.close();
    const der = await deviceOf([IDENTITY, ...DER]);
    expect(await der.controls.command({ kind: 'pv-limit', maxW: 1_830 }, undefined)).toEqual({ kind: 'confirmed' });
    expect(await der.controls.command({ kind: 'battery-power', powerW: 400 }, undefined)).toEqual({ kind: 'confirmed' });
    expect(der.registers.holding.get(der.at(704, 'WSetRvrtTms') + 1)).toBe(0);
  });

  it.each([
    [
      [SETTINGS, LIMIT, STORAGE],
      ['battery-power', 'pv-limit'],
    ],
    [[SETTINGS, LIMIT], ['pv-limit']],
    [[LIMIT], []],
    [DER, ['battery-power', 'pv-limit']],
    [DER.slice(1), ['battery-power']],
  ] as const)('is there by the models of the device', async (models, kinds) => {
    const { controls } = await deviceOf([IDENTITY, ...models]);
    expect(controls.kinds).toEqual(kinds);
  });

  it('is not there on a device without it', async () => {
    const { controls, written } = await deviceOf([IDENTITY]);
    expect(await controls.command({ kind: 'battery-power', powerW: 1 }, 60)).toMatchObject({ kind: 'refused' });
    expect(written()).toEqual([]);
  });
});
