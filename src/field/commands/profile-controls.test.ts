import { afterEach, describe, expect, it } from 'vitest';
import { type Profile, profileSchema } from '../../registers/profile.js';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus } from '../bus.js';
import { ScriptedServer, unitRegisters } from '../testing/scripted-server.js';
import { ProfileControls } from './profile-controls.js';

const [POWER, TIMER, MODE, LIMIT, LIMIT_ON] = [10, 12, 13, 20, 21];
const [CHARGE, DISCHARGE] = [1, 2];
const battery = (value: number) => ({
  write: [
    { holding: POWER, type: 'uint32', value: 'powerW', unit: 'kW', scale: 0.01 },
    { holding: TIMER, value: 'leaseMin', most: 1_440 },
    { holding: MODE, value },
  ],
});

const PROFILE = {
  name: 'Helios',
  kind: 'hybrid',
  source: 's',
  seenOnHardware: false,
  fastestPeriodMs: 1_000,
  reversion: { class: 'device', reason: 'its timer' },
  points: {},
  commands: {
    batteryPower: {
      takesMs: 300,
      preconditions: [{ holding: 5, type: 'uint16', oneOf: [1], else: 'the inverter is off the grid' }],
      charge: battery(CHARGE),
      discharge: battery(DISCHARGE),
      release: [{ holding: MODE, value: 0 }],
      held: { holding: MODE, type: 'uint16', oneOf: [CHARGE, DISCHARGE] },
    },
    pvLimit: {
      takesMs: 300,
      limit: {
        write: [
          { holding: LIMIT, value: 'powerW', unit: 'W', scale: 100 },
          { holding: LIMIT_ON, value: 'leaseS' },
        ],
      },
      release: [{ holding: LIMIT_ON, value: 0 }],
      held: { holding: LIMIT_ON, type: 'uint16', oneOf: [30, 90] },
    },
  },
};

let server: ScriptedServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await bus?.close();
  await server?.close();
});

const device = async (changes: Record<string, unknown> = {}) => {
  const registers = unitRegisters({ 5: [1], [POWER]: [0, 0, 0, 0], [LIMIT]: [0, 0] });
  server = await ScriptedServer.listening({ 1: registers });
  bus = new Bus(new ModbusSerialLink({ host: '127.0.0.1', port: server.port }));
  const profile: Profile = profileSchema.parse({ ...PROFILE, ...changes });
  return { registers, controls: new ProfileControls(bus.unit(1, 'control'), profile) };
};
const written = () => server!.requests.filter(({ functionCode }) => functionCode === 16).map(({ address, words }) => [address, ...words]);

describe('a setpoint by a profile', () => {
  it('is written in order, what switches it on last, and confirmed by reading back', async () => {
    const { controls } = await device();
    expect(await controls.command({ kind: 'battery-power', powerW: -2_504 }, 61)).toEqual({ kind: 'confirmed' });
    expect(written()).toEqual([
      [POWER, 0, 250],
      [TIMER, 2],
      [MODE, CHARGE],
    ]);
    expect(await controls.command({ kind: 'battery-power', powerW: 3_000 }, 200_000)).toEqual({ kind: 'confirmed' });
    expect(written().slice(3)).toEqual([
      [POWER, 0, 300],
      [TIMER, 1_440],
      [MODE, DISCHARGE],
    ]);
    expect(await controls.holds()).toBe(true);
  });

  it('that is a limit is never rounded up', async () => {
    const { controls } = await device();
    expect(await controls.command({ kind: 'pv-limit', maxW: 2_999 }, 90)).toEqual({ kind: 'confirmed' });
    expect(written()[0]).toEqual([LIMIT, 29]);
  });

  it('that the device makes another is clamped, in the house’s sign', async () => {
    const { controls, registers } = await device();
    registers.onWrite = (address) => {
      if (address === MODE) registers.holding.set(POWER + 1, 100);
    };
    expect(await controls.command({ kind: 'battery-power', powerW: -2_000 }, 60)).toEqual({ kind: 'clamped', readbackW: -1_000 });
  });

  it('without a timer on the device is refused and undone', async () => {
    const { controls, registers } = await device();
    registers.onWrite = (address) => {
      if (address === TIMER) registers.holding.set(TIMER, 0);
    };
    expect(await controls.command({ kind: 'battery-power', powerW: 500 }, 60)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('keeps no timer'),
    });
    expect(registers.holding.get(MODE)).toBe(0);
  });

  it('is not written at all where a precondition does not hold, or it does not fit', async () => {
    const { controls, registers } = await device();
    expect(await controls.command({ kind: 'pv-limit', maxW: 1e9 }, 90)).toMatchObject({ kind: 'refused' });
    registers.holding.set(5, 0);
    expect(await controls.command({ kind: 'battery-power', powerW: 500 }, 60)).toEqual({
      kind: 'refused',
      reason: 'the inverter is off the grid',
    });
    expect(await controls.command({ kind: 'generator', run: true, powerW: 1 }, 60)).toMatchObject({ kind: 'refused' });
    expect(written()).toEqual([]);
  });

  it('to rest, where the device knows none, hands it back instead of letting the last one go on', async () => {
    const { controls, registers } = await device();
    await controls.command({ kind: 'battery-power', powerW: 500 }, 60);
    expect(await controls.command({ kind: 'battery-power', powerW: 0 }, 60)).toMatchObject({ kind: 'refused' });
    expect(registers.holding.get(MODE)).toBe(0);
    const before = written().length;
    expect(await controls.command({ kind: 'battery-power', powerW: 0 }, 60)).toMatchObject({ kind: 'refused' });
    expect(written()).toHaveLength(before);
  });

  it('that was lost on the way is unknown, and not written twice', async () => {
    const { controls } = await device();
    server!.script = ({ functionCode }) => (functionCode === 16 ? { kind: 'close' } : undefined);
    expect(await controls.command({ kind: 'battery-power', powerW: 500 }, 60)).toMatchObject({ kind: 'unknown' });
    expect(written()).toHaveLength(1);
  });

  it('that the device says no to is refused', async () => {
    const { controls } = await device();
    server!.script = ({ functionCode }) => (functionCode === 16 ? { kind: 'exception', code: 3 } : undefined);
    expect(await controls.command({ kind: 'battery-power', powerW: 500 }, 60)).toMatchObject({ kind: 'refused' });
  });
});

describe('a device that is told by coils', () => {
  const [RUN, MODES] = [7, 8];
  const write = (mode: number[]) => [
    { coil: MODES, words: mode },
    { coil: RUN, value: 1 },
  ];
  const commands = {
    batteryPower: {
      takesMs: 300,
      charge: { write: write([1, 0]) },
      discharge: { write: write([0, 1]) },
      release: [{ coil: RUN, value: 0 }],
      held: { coil: RUN, oneOf: [1] },
    },
  };

  it('is told in order, read back and handed back', async () => {
    const { controls, registers } = await device({ reversion: { class: 'supervisor', reason: 'no timer' }, commands });
    for (const coil of [RUN, MODES, MODES + 1]) registers.coil.set(coil, 0);
    expect(await controls.command({ kind: 'battery-power', powerW: 500 }, 60)).toEqual({ kind: 'confirmed' });
    expect(await controls.shows('battery-power')).toBe('registers 7 = 1');
    expect(await controls.release()).toBe(true);
    const coils = server!.requests.filter(({ functionCode }) => functionCode === 5 || functionCode === 15);
    expect(coils.map(({ functionCode, address, words }) => [functionCode, address, ...words])).toEqual([
      [15, MODES, 0, 1],
      [5, RUN, 1],
      [5, RUN, 0],
    ]);
  });

  it('and does not take it is refused', async () => {
    const { controls, registers } = await device({ commands });
    for (const coil of [RUN, MODES, MODES + 1]) registers.coil.set(coil, 0);
    registers.onWrite = () => registers.coil.set(RUN, 0);
    expect(await controls.command({ kind: 'battery-power', powerW: -500 }, 60)).toEqual({
      kind: 'refused',
      reason: 'coil 7 holds 0 and not 1',
    });
  });
});

describe('a release by a profile', () => {
  it('ends the kinds that are named and leaves the others', async () => {
    const { controls, registers } = await device();
    await controls.command({ kind: 'battery-power', powerW: 500 }, 60);
    await controls.command({ kind: 'pv-limit', maxW: 2_000 }, 90);
    expect(await controls.release(['battery-power'])).toBe(true);
    expect([registers.holding.get(MODE), registers.holding.get(LIMIT_ON)]).toEqual([0, 90]);
    expect(await controls.holds()).toBe(true);
    expect(await controls.release()).toBe(true);
    expect(await controls.holds()).toBe(false);
  });

  it('says when the device does not let go', async () => {
    const { controls, registers } = await device();
    await controls.command({ kind: 'battery-power', powerW: 500 }, 60);
    registers.onWrite = () => registers.holding.set(MODE, DISCHARGE);
    expect(await controls.release()).toBe(false);
  });

  it('of a device that is told nothing is done at once', async () => {
    const { controls } = await device({ commands: undefined });
    expect(await controls.release()).toBe(true);
    expect(await controls.holds()).toBe(false);
    expect(await controls.command({ kind: 'battery-power', powerW: 1 }, 60)).toMatchObject({ kind: 'refused' });
  });
});
