import { fc, test } from '../../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { commandsSchema, type ProfileWrite } from '../../registers/profile-commands.js';
import { readNumber } from '../../registers/words.js';
import { type Asked, verdictOf, wordsOf } from './profile-writes.js';

const writeOf = (write: object): ProfileWrite => {
  const release = [{ holding: 0, value: 0 }];
  const held = { holding: 0, type: 'uint16', oneOf: [1] };
  return commandsSchema.parse({ pvLimit: { limit: { write: [{ holding: 7, ...write }] }, release, held } }).pvLimit!.limit.write[0]!;
};
const asked = (powerW: number, leaseS = 60, round = Math.round): Asked => ({ powerW, leaseS, round, phases: 3 });

describe('a write', () => {
  it.each([
    ['watts as they are', { type: 'uint32', value: 'powerW', unit: 'W' }, [1, 4_464], 70_000],
    ['hundredths of kilowatts', { value: 'powerW', unit: 'kW', scale: 0.01 }, [250], 2_504],
    ['watts the other way round', { type: 'int16', value: 'powerW', unit: 'W', sign: -1 }, [0xf63c], 2_500],
    ['low word first', { type: 'uint32', value: 'powerW', unit: 'W', wordOrder: 'little' }, [4_464, 1], 70_000],
    ['a number of its own', { value: 0xaa }, [0xaa], 1],
    ['raw words', { words: [35_732, 29_803] }, [35_732, 29_803], 1],
  ])('puts in %s', (_, write, words, powerW) => {
    expect(wordsOf(writeOf(write), asked(powerW), 'big')).toEqual(words);
  });

  it.each([
    ['a share of the rating', {}, 3_000, [250]],
    ['one the other way round', { type: 'int16', sign: -1 }, 3_000, [0xff06]],
    ['nothing of it', {}, 0, [0]],
  ])('puts in %s', (_, write, powerW, words) => {
    const share = writeOf({ value: 'powerPct', unit: '%', scale: 0.1, ...write });
    expect(wordsOf(share, { ...asked(powerW), ratedW: 12_000 }, 'big')).toEqual(words);
    expect(() => wordsOf(share, asked(powerW), 'big')).toThrow(/rating/);
  });

  it.each([
    [3, 4_200, 6_086],
    [1, 1_400, 6_086],
    [3, 11_040, 16_000],
    [3, 70_000, 63_000],
  ] as const)('puts in a current on %i phases, never more than was asked', (phases, powerW, milliamperes) => {
    const current = writeOf({ value: 'currentA', unit: 'mA', most: 63_000 });
    const limit = { ...asked(powerW, 60, (raw) => Math.floor(raw + 1e-9)), phases };
    expect(wordsOf(current, limit, 'big')).toEqual([milliamperes]);
    expect(milliamperes / 1_000).toBeLessThanOrEqual(powerW / (phases * 230));
    expect(verdictOf(current, { ...limit, powerW: 4_140 * (phases / 3) }, [5_000], 'big')).toEqual({
      kind: 'clamped',
      readbackW: expect.closeTo(5 * phases * 230, 6),
    });
  });

  it('that is asked for more than its register holds throws', () => {
    expect(() => wordsOf(writeOf({ value: 'powerW', unit: 'W' }), asked(70_000), 'big')).toThrow(/register 7: 70000 does not fit/);
  });

  const registers = fc.record({
    type: fc.constantFrom('int32', 'uint32', 'float32'),
    scale: fc.constantFrom(1, 10, 0.1),
    unit: fc.constantFrom('W', 'kW'),
    wordOrder: fc.constantFrom('big', 'little'),
  });

  test.prop([registers, fc.integer({ min: 0, max: 200_000 })])('that shows in the register is taken for confirmed', (register, powerW) => {
    const write = writeOf({ ...register, value: 'powerW' });
    const told = asked(powerW);
    expect(verdictOf(write, told, wordsOf(write, told, 'big'), 'big')).toBeUndefined();
  });

  test.prop([registers, fc.integer({ min: 0, max: 200_000 })])('of a limit is never above what was asked', (register, powerW) => {
    const write = writeOf({ ...register, type: 'uint32', value: 'powerW' });
    const raw = readNumber(wordsOf(write, asked(powerW, 60, Math.floor), 'big'), 0, 'uint32', register.wordOrder)!;
    expect(raw * register.scale * (register.unit === 'kW' ? 1_000 : 1)).toBeLessThanOrEqual(powerW + 1e-6);
  });

  test.prop([fc.integer({ min: 1, max: 200_000 })])('of a timer lasts as long as the lease, or as long as the register can', (leaseS) => {
    const [seconds] = wordsOf(writeOf({ value: 'leaseS', most: 1_000 }), asked(0, leaseS), 'big');
    expect(seconds).toBe(Math.min(leaseS, 1_000));
    const [minutes] = wordsOf(writeOf({ value: 'leaseMin', most: 1_440 }), asked(0, leaseS), 'big');
    expect(minutes! * 60).toBeGreaterThanOrEqual(Math.min(leaseS, 86_400));
    expect(wordsOf(writeOf({ value: 'leaseS' }), asked(0, leaseS), 'big')[0]).toBeLessThanOrEqual(65_534);
  });

  test.prop([fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 1, max: 60_000 })])(
    'of a timer counts for kept while it shows something, and no more than was written',
    (shown, leaseS) => {
      const verdict = verdictOf(writeOf({ value: 'leaseS' }), asked(0, leaseS), [shown], 'big');
      expect(verdict === undefined).toBe(shown > 0 && shown <= leaseS);
    },
  );
});
