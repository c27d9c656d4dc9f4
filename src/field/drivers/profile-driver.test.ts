import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BadInput } from '../../kernel/errors.js';
import { profileSchema } from '../../registers/profile.js';
import { ModbusSerialLink } from '../adapters/modbus-serial-link.js';
import { Bus } from '../bus.js';
import { loadProfiles, profileNamed } from '../profiles.js';
import { ScriptedServer, unitRegisters, type UnitRegisters } from '../testing/scripted-server.js';
import type { Standing } from './device-driver.js';
import { ProfileDriver } from './profile-driver.js';

const FRAMES = join(import.meta.dirname, '../../../hardware/frames');

interface Frame {
  profile: string;
  direction?: 1 | -1;
  input: Record<string, string[]>;
  expect: Record<string, number>;
}

const words = (lines: readonly string[]): number[] => lines.flatMap((line) => line.split(' ').map((word) => parseInt(word, 16)));

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
  const files = readdirSync(FRAMES);

  it.each(files)('%s decodes as it says', async (file) => {
    const frame = parse(readFileSync(join(FRAMES, file), 'utf8')) as Frame;
    const blocks = Object.fromEntries(Object.entries(frame.input).map(([at, lines]) => [at, words(lines)]));
    const unit = await unitOn(unitRegisters({}, blocks));
    const standing: Standing = { role: 'grid-meter', direction: frame.direction ?? 1 };
    const values = await new ProfileDriver(unit, unit, profileNamed(loadProfiles(), frame.profile), standing).read();
    expect(Object.keys(values).sort()).toEqual(Object.keys(frame.expect).sort());
    for (const [quantity, value] of Object.entries(frame.expect)) expect(values).toHaveProperty([quantity], expect.closeTo(value, 4));
    expect(server!.requests.every(({ count }) => count <= 80)).toBe(true);
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
      frequencyHz: { holding: 2, type: 'uint16', unit: 'Hz', sentinels: [0xffff] },
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
});

describe('the folder of profiles', () => {
  it('loads all that ship', () => {
    expect([...loadProfiles().keys()]).toEqual(expect.arrayContaining(['eastron-sdm630', 'virtual-genset']));
  });

  it('says of every fault of every file where it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
    const head = 'name: A\nkind: meter\nsource: x\nseenOnHardware: false\nfastestPeriodMs: 1000\npoints:\n';
    writeFileSync(join(folder, 'a.yaml'), `${head}  powerW: { input: 1, type: float31, unit: W }\n`);
    writeFileSync(join(folder, 'b.yaml'), `${head}  powerW: { input: 1, type: float32, unit: horsepower }\n`);
    const faultsOf = (): readonly string[] => {
      try {
        loadProfiles(folder);
        return [];
      } catch (error) {
        return error instanceof BadInput ? error.faults : [];
      }
    };
    expect(faultsOf()).toEqual([
      expect.stringMatching(/a\.yaml:7: points\.powerW\.type/),
      expect.stringMatching(/b\.yaml:7: points\.powerW\.unit: no unit is called "horsepower"/),
    ]);
  });

  it('names the profiles there are when one is not', () => {
    expect(() => profileNamed(loadProfiles(), 'nix')).toThrow(/no profile "nix".*sunspec, eastron-sdm630/);
  });
});
