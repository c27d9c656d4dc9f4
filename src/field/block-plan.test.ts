import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { blockOf, planBlocks, type RegisterRange } from './block-plan.js';

const holding = (at: number, words: number): RegisterRange => ({ table: 'holding', at, words });

describe('the plan of a poll', () => {
  it('joins neighbours over a small hole and leaves far ones apart', () => {
    const plan = planBlocks([holding(100, 2), holding(0, 4), holding(10, 2)], { maxWords: 125, maxHoleWords: 10 });
    expect(plan).toEqual([holding(0, 12), holding(100, 2)]);
  });

  it('leaves the largest hole out where two requests are needed anyhow', () => {
    const plan = planBlocks([holding(70, 27), holding(154, 34), holding(200, 24)], { maxWords: 125, maxHoleWords: 64 });
    expect(plan).toEqual([holding(70, 27), holding(154, 70)]);
  });

  it('needs no more requests than joining from the front does', () => {
    const plan = planBlocks([holding(0, 10), holding(20, 10), holding(60, 10)], { maxWords: 60, maxHoleWords: 40 });
    expect(plan).toEqual([holding(0, 30), holding(60, 10)]);
  });

  it('keeps the tables apart', () => {
    expect(planBlocks([holding(0, 2), { table: 'input', at: 2, words: 2 }], { maxWords: 125, maxHoleWords: 10 })).toHaveLength(2);
  });

  it('bridges no address that is illegal, and only in its own table', () => {
    const illegal = { holding: [[4, 4]] as const, input: [], coil: [], discrete: [] };
    const limits = { maxWords: 125, maxHoleWords: 10, illegal };
    expect(planBlocks([holding(0, 2), holding(3, 1), holding(5, 2)], limits)).toEqual([holding(0, 4), holding(5, 2)]);
    expect(planBlocks([holding(0, 2), holding(4, 1)], { ...limits, illegal: { ...illegal, holding: [], input: [[2, 3]] } })).toHaveLength(
      1,
    );
  });

  it('says when one range is too long for any request', () => {
    expect(() => planBlocks([holding(0, 81)], { maxWords: 80, maxHoleWords: 0 })).toThrow(RangeError);
  });

  const ranges = fc.array(
    fc.record({ table: fc.constantFrom('holding' as const, 'input' as const), at: fc.nat(2_000), words: fc.integer({ min: 1, max: 60 }) }),
    { minLength: 1, maxLength: 40 },
  );
  test.prop([ranges, fc.integer({ min: 60, max: 125 }), fc.nat(40)])(
    'never splits a range, never asks too much, and bears no hole beyond the limit',
    (wanted, maxWords, maxHoleWords) => {
      const plan = planBlocks(wanted, { maxWords, maxHoleWords });
      for (const range of wanted) expect(() => blockOf(plan, range)).not.toThrow();
      for (const block of plan) {
        expect(block.words).toBeLessThanOrEqual(maxWords);
        const inside = wanted.filter((range) => range.table === block.table && range.at >= block.at && range.at < block.at + block.words);
        const useful = new Set(inside.flatMap((range) => Array.from({ length: range.words }, (_, i) => range.at + i)));
        let hole = 0;
        for (let at = block.at; at < block.at + block.words; at += 1) {
          hole = useful.has(at) ? 0 : hole + 1;
          expect(hole).toBeLessThanOrEqual(maxHoleWords);
        }
      }
      expect(plan.length).toBeLessThanOrEqual(wanted.length);
    },
  );

  test.prop([ranges, fc.nat(40)])('needs no more requests than joining each to the one before it does', (wanted, maxHoleWords) => {
    const sorted = [...new Set(wanted.map(({ at }) => at))].sort((a, b) => a - b).map((at) => holding(at, 60));
    let requests = 0;
    let block: RegisterRange | undefined;
    for (const { at } of sorted) {
      const joins = block && at - (block.at + block.words) <= maxHoleWords && at + 60 - block.at <= 125;
      block = joins ? { ...block!, words: at + 60 - block!.at } : holding(at, 60);
      if (!joins) requests += 1;
    }
    expect(planBlocks(sorted, { maxWords: 125, maxHoleWords }).length).toBeLessThanOrEqual(requests);
  });

  test.prop([ranges, fc.array(fc.tuple(fc.nat(2_060), fc.nat(5)), { maxLength: 8 })])('never touches what is illegal', (wanted, holes) => {
    const spans = holes.map(([from, more]) => [from, from + more] as const);
    const touches = ({ at, words }: RegisterRange): boolean => spans.some(([from, to]) => at <= to && from < at + words);
    const allowed = wanted.filter((range) => !touches(range));
    const illegal = { holding: spans, input: spans, coil: [], discrete: [] };
    expect(planBlocks(allowed, { maxWords: 125, maxHoleWords: 40, illegal }).some(touches)).toBe(false);
  });
});
