import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import type { Profile } from '../registers/profile.js';
import { loadProfiles, profileFor, profileNamed } from './profiles.js';

/** The faults of profiles written into a folder of their own. */
const faultsOf = (files: Record<string, string>): readonly string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  try {
    loadProfiles(folder);
    return [];
  } catch (error) {
    return error instanceof BadInput ? error.faults.map((fault) => fault.replace(`${folder}/`, '')) : [String(error)];
  }
};

const head = (kind: string): string => `name: A\nkind: ${kind}\nsource: x\nseenOnHardware: false\nfastestPeriodMs: 1000\n`;
const POWER = 'powerW: { input: 0, type: int16, unit: W }';
const meter = (...points: string[]): string => `${head('meter')}points:\n${points.map((line) => `  ${line}\n`).join('')}`;

const BATTERY = `${head('battery')}reversion: { class: device, reason: its timer }
points:
  powerW: { holding: 0, type: int16, unit: W }
commands:
  batteryPower:
    charge:
      write:
        - { holding: 10, value: powerW, unit: W }
        - { holding: 11, value: leaseS }
        - { holding: 12, value: 1 }
    discharge:
      write:
        - { holding: 10, value: powerW, unit: W }
        - { holding: 11, value: leaseS }
        - { holding: 12, value: 2 }
    release:
      - { holding: 12, value: 0 }
    held: { holding: 12, type: uint16, oneOf: [1, 2] }
`;
/** The faults of the battery with a line of it changed; `line` stands for the line it is on. */
const changed = (from: string, to: string): string[] => {
  expect(BATTERY).toContain(from);
  return faultsOf({ 'b.yaml': BATTERY.replace(from, to) }).map((fault) => fault.replace(/^b\.yaml:/, ''));
};

describe('the folder of profiles', () => {
  it('loads all that ship', () => {
    expect([...loadProfiles().keys()]).toEqual([
      'carlo-gavazzi-em340',
      'deep-sea-gencomm',
      'deye-sg04lp3',
      'eastron-sdm630',
      'goodwe-et',
      'huawei-sun2000',
      'keba-kecontact',
      'sungrow-sh',
      'victron-gx',
      'victron-multiplus',
      'virtual-genset',
    ]);
  });

  it('says of every fault of every file where it is', () => {
    expect(
      faultsOf({
        'a.yaml': meter('powerW: { input: 1, type: float31, unit: W }'),
        'b.yaml': meter('powerW: { input: 1, type: float32, unit: horsepower }'),
      }),
    ).toEqual([expect.stringMatching(/^a\.yaml:7: points\.powerW\.type/), 'b.yaml:7: points.powerW.unit: no unit is called "horsepower"']);
  });

  it('names the profiles there are when one is not', () => {
    expect(() => profileNamed(loadProfiles(), 'nix')).toThrow(/no profile "nix".*sunspec/);
  });
});

describe('a point', () => {
  it.each([
    ['without a table', '{ type: int16, unit: V }', 'voltageV: name one of `holding`, `input`, `coil` and `discrete`'],
    ['in two tables', '{ input: 9, holding: 9, type: int16, unit: V }', 'voltageV: name one of'],
    ['without a type', '{ input: 9, unit: V }', 'voltageV: say its `type`'],
    ['that is a coil of 32 bits', '{ coil: 9, type: int32, unit: V }', 'voltageV: a coil or discrete input is one bit'],
    ['that is a bit of a long number', '{ input: 9, type: int32, bit: 2, unit: V }', 'voltageV.bit: `bit` is of a 16-bit register'],
    ['past the end', '{ input: 65535, type: int32, unit: V }', 'voltageV.input: runs past the last address'],
    ['over another', '{ input: 0, type: int32, unit: V }', 'voltageV: lies in the same registers as powerW'],
    ['with its range turned', '{ input: 9, type: int16, unit: V, range: [9, 1] }', 'voltageV.range: the lower end comes first'],
    ['with a unit too many', '{ input: 9, type: int16, unit: V, plus: [{ input: 10, type: int16, unit: ell }] }', 'plus.0.unit: no unit'],
  ])('%s is a fault', (_, point, fault) => {
    expect(faultsOf({ 'a.yaml': meter(POWER, `voltageV: ${point}`) })).toEqual([
      expect.stringMatching(new RegExp(`^a\\.yaml:8: points\\.(voltageV\\.)?${fault.replaceAll(/[.[\]]/g, '\\$&')}`)),
    ]);
  });

  it('in registers that no request may touch is a fault, as is one that fits no request', () => {
    const rest = `${meter(POWER, 'voltageV: { input: 8, type: float32, unit: V }')}illegal: { input: [[9, 12]] }\n`;
    expect(faultsOf({ 'a.yaml': rest })).toEqual(['a.yaml:8: points.voltageV: lies in the illegal registers 9 to 12']);
    const small = `${meter(POWER, 'voltageV: { input: 8, type: float64, unit: V }')}largestRead: 3\n`;
    expect(faultsOf({ 'a.yaml': small })).toEqual(['a.yaml:8: points.voltageV.type: a float64 does not fit a request of 3 registers']);
  });

  it('may be added into another, but not into itself', () => {
    const sum = (at: number): string => `voltageV: { input: 4, type: int16, unit: V, plus: [{ input: ${at}, type: int16, unit: V }] }`;
    expect(faultsOf({ 'a.yaml': meter(POWER, sum(0)) })).toEqual([]);
    expect(faultsOf({ 'a.yaml': meter(POWER, sum(4)) })).toEqual([
      'a.yaml:8: points.voltageV.plus.0: lies in the same registers as voltageV',
    ]);
  });

  it('that its kind of device cannot do without is missed', () => {
    expect(faultsOf({ 'a.yaml': `${head('hybrid')}points:\n  ${POWER}\n` })).toEqual(['a.yaml:7: points: a hybrid needs `pvPowerW`']);
  });
});

describe('commands', () => {
  it('as they should be have no faults', () => expect(faultsOf({ 'b.yaml': BATTERY })).toEqual([]));

  it('without a release are refused', () => {
    expect(changed('    release:\n      - { holding: 12, value: 0 }\n', '')).toEqual([
      '11: commands.batteryPower.release: say by which writes the device is handed back',
    ]);
  });

  it('of a device that ends setpoints by itself need its timer', () => {
    expect(changed('        - { holding: 11, value: leaseS }\n', '')).toEqual([
      '12: commands.batteryPower.charge: a device that ends setpoints by itself is told when: write `leaseS` or `leaseMin`',
    ]);
  });

  it('of a device with a time of its own, and those that something else ends, need none', () => {
    const timer = '        - { holding: 11, value: leaseS }\n';
    const without = BATTERY.replaceAll(timer, '');
    const said = (line: string): readonly string[] =>
      faultsOf({ 'b.yaml': without.replace('  batteryPower:\n', `  batteryPower:\n${line}`) });
    expect(said('')).toHaveLength(2);
    expect(said('    endsAfterS: 60\n')).toEqual([]);
    expect(said('    reversion: { class: supervisor, reason: no timer }\n')).toEqual([]);
  });

  it('in percent need the rating that they are of', () => {
    const share = 'value: powerPct, unit: "%"';
    expect(changed('value: powerW, unit: W', share)).toEqual([
      '13: commands.batteryPower.charge.write.0.value: a percentage is of the point `ratedW`, which is missing',
    ]);
    const rated = BATTERY.replace('commands:', '  ratedW: { holding: 1, type: uint16, unit: W }\ncommands:');
    expect(faultsOf({ 'b.yaml': rated.replace('value: powerW, unit: W', share) })).toEqual([]);
  });

  it('say what ends them, and why', () => {
    expect(changed('reversion: { class: device, reason: its timer }\n', '')).toEqual([
      '9: commands: say under `reversion` what ends a setpoint, and why',
    ]);
    expect(changed(', reason: its timer', '')).toEqual([expect.stringMatching(/^6: reversion\.reason/)]);
  });

  it.each([
    [
      'leaseS }\n        - { holding: 12, value: 1 }',
      '0 }\n        - { holding: 12, value: leaseS }',
      '15: charge.write.2: limits and timers',
    ],
    ['{ holding: 12, value: 1 }', '{ holding: 12, value: 70000 }', '15: charge.write.2.value: 70000 does not fit a uint16'],
    [
      '{ holding: 12, value: 1 }',
      '{ holding: 12, value: on }',
      '15: charge.write.2.value: a number, or one of powerW, powerPct, currentA, leaseS, leaseMin, fallbackA',
    ],
    ['{ holding: 12, value: 1 }', '{ coil: 12, value: 2 }', '15: charge.write.2: a coil is told 0 or 1'],
    ['{ holding: 12, value: 1 }', '{ coil: 12, words: [1, 2] }', '15: charge.write.2: a coil is told 0 or 1'],
    ['{ holding: 12, value: 1 }', '{ coil: 12, holding: 12, value: 1 }', '15: charge.write.2: name one of `holding` and `coil`'],
    ['{ holding: 12, value: 1 }', '{ holding: 12 }', '15: charge.write.2: give one of `value` and `words`'],
    ['value: powerW, unit: W', 'value: powerW, unit: hp', '13: charge.write.0.unit: no unit is called "hp"'],
    ['{ holding: 12, value: 0 }', '{ holding: 12, value: leaseS }', '22: release.0.value: at a release there is no leaseS'],
    ['{ holding: 12, value: 1 }', '{ holding: 12, value: 1, most: 3 }', '15: charge.write.2.most: `most` is of a timer or a limit'],
    [
      'value: powerW, unit: W',
      'value: powerW, unit: W, least: 3',
      '13: charge.write.0.least: `least` is of a timer or the limit of a load',
    ],
  ])('with a slip in %j are a fault', (from, to, fault) => {
    const [line, rest] = fault.split(': ', 2) as [string, string];
    expect(changed(from, to)).toEqual([expect.stringContaining(`${line}: commands.batteryPower.${rest}`)]);
  });

  it('read nothing that is illegal', () => {
    expect(changed('points:', 'illegal: { holding: [[12, 13]] }\npoints:')).toEqual(
      ['held', 'charge.write.2', 'discharge.write.2', 'release.0'].map((where) =>
        expect.stringContaining(`commands.batteryPower.${where}: lies in the illegal registers 12 to 13`),
      ),
    );
  });

  it('are of things that such a device has', () => {
    expect(changed('kind: battery', 'kind: pv')).toEqual(['11: commands.batteryPower: a pv is not told this']);
  });
});

describe('the limit of a load', () => {
  const keba = readFileSync(join(import.meta.dirname, '../../hardware/profiles/keba-kecontact.yaml'), 'utf8');
  const without = (from: RegExp, to = ''): readonly string[] => {
    expect(keba).toMatch(from);
    return faultsOf({ 'k.yaml': keba.replace(from, to) }).map((fault) => fault.replace(/^k\.yaml:\d+: commands\.loadLimit/, ''));
  };

  it('that cannot be any small needs a way to pause', () => {
    expect(without(/ {4}pause:\n[^]*(?= {4}release:)/)).toEqual([': below its `least` it has to `pause`: say how']);
  });

  it('says what holds where nothing is owed, and is alone in falling back to a current', () => {
    expect(without(/, unlessOwed: 32000/)).toEqual(['.limit.write.0: `fallbackA` and `unlessOwed` go together']);
    expect(changed('{ holding: 12, value: 1 }', '{ holding: 12, value: fallbackA, unit: mA, unlessOwed: 0 }')).toEqual([
      expect.stringContaining('batteryPower.charge.write.2.value: only a load is told its fallbackA'),
    ]);
  });

  it('is looked over in its pause as well', () => {
    expect(without(/(?<=pause:[^]*)holding: 5014, value: 0/, 'holding: 5014, value: 70000')).toEqual([
      '.pause.write.2.value: 70000 does not fit a uint16',
    ]);
    expect(without(/(?<=pause:[^]*)holding: 5014, value: 0/, 'holding: 5014, type: uint32, value: 0')).toEqual([
      '.pause.write.2.type: a uint32 does not fit a register that is written singly',
    ]);
  });
});

describe('checks at another unit id', () => {
  it('are not bound by what is illegal at this one', () => {
    const elsewhere = '    preconditions: [{ unitId: 100, holding: 12, type: uint16, oneOf: [3] }]\n    charge:';
    const illegal = BATTERY.replace('points:', 'illegal: { holding: [[50, 60]] }\npoints:');
    const at = (address: number): string => illegal.replace('    charge:', elsewhere.replace('12', String(address)));
    expect(faultsOf({ 'b.yaml': at(55) })).toEqual([]);
    expect(faultsOf({ 'b.yaml': at(55).replace('unitId: 100, ', '') })).toEqual([expect.stringContaining('illegal registers 50 to 60')]);
  });
});

describe('a device of the fleet', () => {
  const profiles = loadProfiles();

  it('has a profile of its kind', () => {
    expect(profileFor(profiles, { profile: 'eastron-sdm630', role: 'pv', reversion: 'none' }).name).toMatch(/SDM630/);
    expect(() => profileFor(profiles, { profile: 'virtual-genset', role: 'battery', reversion: 'none' })).toThrow(
      /"virtual-genset" is of a generator and cannot be a battery/,
    );
    expect(() => profileFor(profiles, { profile: 'huawei-sun2000', role: 'pv', reversion: 'device' })).toThrow(/cannot be a pv/);
  });

  it('that its profile knows to end nothing is not taken at the fleet file’s word', () => {
    const goodwe = { profile: 'goodwe-et', role: 'hybrid' } as const;
    expect(profileFor(profiles, { ...goodwe, reversion: 'supervisor' }).reversion!.class).toBe('supervisor');
    expect(() => profileFor(profiles, { ...goodwe, reversion: 'device' })).toThrow(/`reversion: device`.*"goodwe-et" it is `supervisor`/);
    expect(profileFor(profiles, { profile: 'huawei-sun2000', role: 'hybrid', reversion: 'device' }).kind).toBe('hybrid');
    const bound: Profile = { ...profiles.get('goodwe-et')!, reversion: { class: 'none', reason: 'kept in flash' } };
    expect(() => profileFor(new Map([['bound', bound]]), { profile: 'bound', role: 'hybrid', reversion: 'supervisor' })).toThrow(
      /`reversion: supervisor`, but by profile "bound" it is `none`: kept in flash/,
    );
  });
});
