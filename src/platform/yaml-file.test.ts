import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BadInput } from '../kernel/errors.js';
import { parseYaml } from './yaml-file.js';

const schema = z.strictObject({
  name: z.string(),
  kind: z.enum(['meter', 'pv']).default('meter'),
  devices: z.array(
    z.strictObject({
      id: z.string(),
      pollPeriodMs: z.number().int().default(1),
      link: z.union([z.strictObject({ host: z.string() }), z.strictObject({ serial: z.string() })], { error: 'needs `host` or `serial`' }),
      points: z.record(z.string(), z.strictObject({ holding: z.number() })).default({}),
    }),
  ),
});

const faultsOf = (text: string): readonly string[] => {
  try {
    parseYaml('a.yaml', text, schema);
    return [];
  } catch (error) {
    if (error instanceof BadInput) return error.faults;
    throw error;
  }
};

const device = (fields: string): string => `name: A\ndevices:\n  - { id: roof, ${fields} }\n`;

describe('a YAML file', () => {
  it('is the value its schema describes', () => {
    expect(parseYaml('a.yaml', device('link: { serial: /dev/ttyUSB0 }'), schema)).toMatchObject({
      kind: 'meter',
      devices: [{ pollPeriodMs: 1 }],
    });
  });

  it('says what is missing, and what it takes', () => {
    expect(faultsOf('kind: pv\n')).toEqual(['a.yaml:1: name: is missing; give a text', 'a.yaml:1: devices: is missing; give a list']);
  });

  it('says what stands there instead', () => {
    expect(faultsOf(`name: 3\nkind: boiler\ndevices: []\n`)).toEqual([
      'a.yaml:1: name: is 3, and must be a text',
      'a.yaml:2: kind: is the text "boiler", and must be one of meter, pv',
    ]);
    expect(faultsOf(device('link: { host: a }, pollPeriodMs: [1]'))).toEqual([
      'a.yaml:3: devices.roof.pollPeriodMs: is a list, and must be a number',
    ]);
    expect(faultsOf(device('link: { host: a }, pollPeriodMs: 1.5'))).toEqual([
      'a.yaml:3: devices.roof.pollPeriodMs: is 1.5, and must be a whole number',
    ]);
  });

  it.each([
    ['pollPeriod: 2', 'pollPeriod', 'did you mean "pollPeriodMs"?'],
    ['polPeriodMs: 2', 'polPeriodMs', 'did you mean "pollPeriodMs"?'],
    ['colour: red', 'colour', 'known here: id, pollPeriodMs, link, points'],
  ])('names what nobody knows and what may have been meant: %s', (field, key, hint) => {
    expect(faultsOf(device(`link: { host: a }, ${field}`))).toEqual([
      `a.yaml:3: devices.roof.${key}: nothing here is called that; ${hint}`,
    ]);
  });

  it('knows the fields under names that are free', () => {
    expect(faultsOf(device('link: { host: a }, points: { powerW: { holding: 1, holdin: 2 } }'))).toEqual([
      'a.yaml:3: devices.roof.points.powerW.holdin: nothing here is called that; did you mean "holding"?',
    ]);
  });

  it('names each fault inside the shape that comes nearest, unless the schema has words of its own', () => {
    const shapes = z.strictObject({
      load: z.union([z.number(), z.array(z.strictObject({ at: z.string(), w: z.number().min(0) }))]),
      link: z.union([z.strictObject({ host: z.string() }), z.strictObject({ serial: z.string() })], { error: 'needs `host` or `serial`' }),
    });
    const text = 'load:\n  - { at: now, w: -1 }\n  - { at: 3, w: 2, watts: 1 }\nlink: { host: 1 }\n';
    expect(() => parseYaml('a.yaml', text, shapes)).toThrow(
      [
        'a.yaml:2: load.0.w: is -1, and must be at least 0',
        'a.yaml:3: load.1.at: is 3, and must be a text',
        'a.yaml:3: load.1.watts: nothing here is called that; did you mean "w"?',
        'a.yaml:4: link: needs `host` or `serial`',
      ].join('\n'),
    );
  });

  it('has one line for a slip of its brackets, and none for their echo', () => {
    expect(faultsOf('name: A\ndevices:\n  - { id: roof, link: { host: a }\n  - { id: b, link: { host: b } }\n  - { id: c }\n')).toEqual([
      expect.stringMatching(/^a\.yaml:\d+: [^:]+[^:]$/),
    ]);
  });
});
