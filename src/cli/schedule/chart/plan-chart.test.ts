import { test } from '../../../../test/prop.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { solvePlan } from '../../../schedule/adapters/highs-plan.js';
import { anyProblem } from '../../../schedule/any-problem.fixture.js';
import { meritOrder } from '../../../schedule/merit-order.js';
import { parseProblem } from '../../../schedule/parse-problem.js';
import { momentsOf, ticksOf } from './axes.js';
import { planChart } from './plan-chart.js';

const sample = JSON.parse(readFileSync('docs/schedule-sample.json', 'utf8')) as object;

describe('the picture of a plan', () => {
  it('shows power, prices, stored energy and what runs, with units, and needs nothing from elsewhere', async () => {
    const problem = parseProblem(sample);
    const page = planChart(problem, await solvePlan(problem, { gap: 1e-4, timeLimitS: 20 }), 'a <day> & night');
    expect(page.match(/<svg /g)).toHaveLength(4);
    for (const text of [
      '>kW<',
      '>EUR/kWh<',
      '>%<',
      'yard-genset',
      'home-car',
      'home-battery',
      'a &lt;day&gt; &amp; night',
      'Every step in numbers',
    ])
      expect(page).toContain(text);
    expect(page).not.toMatch(/https?:|<script|<link|url\(|@import/);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  test.prop([anyProblem], { numRuns: 60 })('can be drawn of any plan, with numbers everywhere', (problem) => {
    expect(planChart(problem, meritOrder(problem, 'asked for'), 'any')).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('an axis', () => {
  it.each([
    [0, 4.7, [0, 2, 4]],
    [-3, 27, [0, 10, 20]],
    [0, 100, [0, 25, 50, 75, 100]],
    [0, 0.42, [0, 0.2, 0.4]],
  ])('from %d to %d is named at round values', (least, most, ticks) => {
    expect(ticksOf(least, most).map((value) => Number(value.toFixed(9)))).toEqual(ticks);
  });

  it('of time has round moments, whatever its length', () => {
    for (const hours of [1, 24, 48, 200, 9_000]) {
      const moments = momentsOf(0, hours * 3_600_000);
      expect(moments.length).toBeGreaterThan(1);
      expect(moments.length).toBeLessThan(20);
    }
  });
});
