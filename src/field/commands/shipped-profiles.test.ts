import { afterEach, describe, expect, it } from 'vitest';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus } from '../bus.js';
import { loadProfiles } from '../profiles.js';
import type { Setpoint } from '../setpoint.js';
import { ScriptedServer, type UnitRegisters, unitRegisters } from '../testing/scripted-server.js';
import { ProfileControls } from './profile-controls.js';

type Writes = readonly (readonly [address: number, ...words: number[]])[];

/** What a device is told, what must come over the wire for it, in this order, and what is read back from it then. */
interface Told {
  readonly setpoint: Setpoint;
  readonly leaseS: number;
  readonly writes: Writes;
  readonly outcome: string;
}

interface Device {
  readonly registers: () => UnitRegisters;
  readonly told: Readonly<Record<string, Told>>;
  readonly released: Writes;
}

const battery = (powerW: number): Setpoint => ({ kind: 'battery-power', powerW });
const generator = (run: boolean): Setpoint => ({ kind: 'generator', run, powerW: 20_000 });

const [ENGINE, STOPPED, PRE_START, COOLING] = [1408, 0, 1, 4];

/** A controller in Auto that obeys the two keys of telemetry at once. */
const genset = (): UnitRegisters => {
  const registers = unitRegisters({ 772: [1], [ENGINE]: [STOPPED], 4098: [0xc000], 4104: [0, 0] });
  registers.onWrite = (_, [key]) => {
    if (key === 35_732) registers.holding.set(ENGINE, PRE_START);
    if (key === 35_733) registers.holding.set(ENGINE, COOLING);
  };
  return registers;
};

const DEVICES: Readonly<Record<string, Device>> = {
  'huawei-sun2000': {
    registers: () => unitRegisters({ 47_083: [0], 47_100: [2], 47_246: [1, 0, 0, 0, 0] }),
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 121,
        writes: [
          [47_247, 0, 2_500],
          [47_083, 3],
          [47_246, 0],
          [47_100, 1],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(70_000),
        leaseS: 120,
        writes: [
          [47_249, 1, 4_464],
          [47_083, 2],
          [47_246, 0],
          [47_100, 2],
        ],
        outcome: 'confirmed',
      },
      'rest, which it cannot': {
        setpoint: battery(0),
        leaseS: 120,
        writes: [
          [47_100, 0],
          [47_249, 0, 0],
          [47_083, 0],
          [47_246, 0],
        ],
        outcome: 'refused',
      },
    },
    released: [
      [47_100, 0],
      [47_249, 0, 0],
      [47_083, 0],
      [47_246, 0],
    ],
  },
  'sungrow-sh': {
    registers: () => unitRegisters({ 13_049: [0, 0xcc, 0], 13_079: [0] }),
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 120,
        writes: [
          [13_051, 2_500],
          [13_079, 120],
          [13_050, 0xaa],
          [13_049, 3],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(3_000),
        leaseS: 5_000,
        writes: [
          [13_051, 3_000],
          [13_079, 1_000],
          [13_050, 0xbb],
          [13_049, 3],
        ],
        outcome: 'confirmed',
      },
      rest: {
        setpoint: battery(0),
        leaseS: 60,
        writes: [
          [13_051, 0],
          [13_079, 60],
          [13_050, 0xcc],
          [13_049, 3],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [13_049, 0],
      [13_050, 0xcc],
    ],
  },
  'goodwe-et': {
    registers: () => unitRegisters({ 47_511: [1, 0] }),
    told: {
      charge: {
        setpoint: battery(-2_500),
        leaseS: 120,
        writes: [
          [47_512, 2_500],
          [47_511, 11],
        ],
        outcome: 'confirmed',
      },
      discharge: {
        setpoint: battery(3_000),
        leaseS: 120,
        writes: [
          [47_512, 3_000],
          [47_511, 12],
        ],
        outcome: 'confirmed',
      },
      rest: {
        setpoint: battery(0),
        leaseS: 120,
        writes: [
          [47_512, 0],
          [47_511, 8],
        ],
        outcome: 'confirmed',
      },
    },
    released: [
      [47_511, 1],
      [47_512, 0],
    ],
  },
  'deep-sea-gencomm': {
    registers: genset,
    told: {
      run: { setpoint: generator(true), leaseS: 60, writes: [[4_104, 35_732, 29_803]], outcome: 'confirmed' },
      stop: { setpoint: generator(false), leaseS: 60, writes: [[4_104, 35_733, 29_802]], outcome: 'confirmed' },
    },
    released: [[4_104, 35_733, 29_802]],
  },
};

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

const profiles = loadProfiles();

const controlsOf = async (name: string, registers: UnitRegisters): Promise<ProfileControls> => {
  server = await ScriptedServer.listening({ 1: registers });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
  return new ProfileControls(bus.unit(1, 'control'), profiles.get(name)!);
};
const written = (): Writes =>
  server!.requests.filter(({ functionCode }) => functionCode === 16).map(({ address, words }) => [address, ...words]);

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
