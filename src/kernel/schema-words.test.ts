import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fc, test } from '../../test/prop.js';
import { wordsOf } from './schema-words.js';

const said = (schema: z.ZodType, value: unknown): string[] =>
  schema.safeParse(value, { error: wordsOf }).error!.issues.map(({ path, message }) => [...path, message].join(': '));

const text = z.string();
const number = z.number();
const step = z.strictObject({ at: text, w: number.min(0) });
const ZODS_OWN = /Too (?:small|big)|Invalid|expected|received|Unrecognized/;

describe('a value that a schema refuses', () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ['a text that is short', text.min(3), 'ab', 'is the text "ab", and must be a text of at least 3 characters'],
    ['a text that is long', text.max(3), 'x'.repeat(99), `is the text "${'x'.repeat(60)}…", and must be a text of at most 3 characters`],
    ['no text', text.min(1), '', 'is the text "", and must be a text that is not empty'],
    ['nothing', text.min(1), undefined, 'is missing; give a text'],
    ['a number below', number.min(0), -1, 'is -1, and must be at least 0'],
    ['a number at the edge', number.gt(0), 0, 'is 0, and must be above 0'],
    ['a number beyond', number.max(5), 6, 'is 6, and must be at most 5'],
    ['no number', number, Infinity, 'is Infinity, and must be a number'],
    ['a part', number.int(), 1.5, 'is 1.5, and must be a whole number'],
    ['an odd number', number.multipleOf(2), 3, 'is 3, and must be a multiple of 2'],
    ['a list that is short', z.array(number).min(2), [1], 'is a list, and must be a list of at least 2'],
    ['an empty list', z.array(number).min(1), [], 'is an empty list, and must be a list that is not empty'],
    ['a list of another length', z.array(number).length(2), [1], 'is a list, and must be a list of 2'],
    ['another word', z.enum(['up', 'down']), 'left', 'is the text "left", and must be one of up, down'],
    ['no time', z.iso.datetime(), 'noon', 'is the text "noon", and must be a time such as 2026-01-31T12:00:00Z'],
    ['an unknown field', step, { at: '', w: 1, x: 1 }, 'nothing here is called x'],
    ['none of two kinds', z.union([number, text]), null, 'is null, and must be a number or a text'],
    ['none of some values', z.union([z.literal(1), z.literal(3)]), 2, 'is 2, and must be one of 1, 3'],
    [
      'none of several shapes: of the nearest what is wrong in it',
      z.union([number, z.array(step)]),
      [
        { at: 'now', w: -1 },
        { at: 'then', w: 'x' },
      ],
      '0.w: is -1, and must be at least 0; 1.w: is the text "x", and must be a number',
    ],
    [
      'another kind',
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') })]),
      { kind: 'b' },
      'kind: is the text "b", and must be a',
    ],
  ])('%s', (_, schema, value, says) => {
    expect(said(schema, value).join('\n')).toContain(says);
  });

  it('is told in the words that the schema has for it', () => {
    expect(said(text.regex(/^\d+s$/, 'must read like 90s'), 'soon')).toEqual(['must read like 90s']);
  });

  const schema = z.object({
    a: text.min(2).max(4),
    b: number.int().min(1).max(9),
    c: z.union([number, z.array(step).min(1)]),
    d: z.record(text.regex(/^[a-z]$/), z.boolean()),
    e: z.url(),
    f: z.tuple([number, text]),
    g: z.nullable(z.literal('x')),
    h: z.iso.date(),
  });
  test.prop([fc.oneof(fc.record(Object.fromEntries(Object.keys(schema.shape).map((key) => [key, fc.jsonValue()]))), fc.jsonValue())])(
    'is never told in words that are Zod’s',
    (value) => {
      expect(said(schema, value).join('\n')).not.toMatch(ZODS_OWN);
    },
  );
});
