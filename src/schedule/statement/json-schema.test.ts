import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { solvePlan } from '../adapters/highs-plan.js';
import { parseProblem } from '../parse-problem.js';
import { planFaults } from '../plan-check.js';
import { reasonsOf } from '../why/reasons.js';
import { answerSchema, planOf } from './answer-schema.js';
import { answerJsonSchema, pathsOf, problemJsonSchema } from './json-schema.js';
import { PROBLEM_NOTES } from './problem-notes.js';

const published = (name: string): unknown => JSON.parse(readFileSync(`docs/${name}`, 'utf8'));

describe('the published schemas', () => {
  it('are those of the parser: vpp schedule schema problem > docs/schedule-problem.schema.json', () => {
    expect(published('schedule-problem.schema.json')).toEqual(problemJsonSchema());
  });

  it('and of the answer: vpp schedule schema answer > docs/schedule-answer.schema.json', () => {
    expect(published('schedule-answer.schema.json')).toEqual(answerJsonSchema());
  });

  it('say of every field of a problem what it means, and of none that is not there', () => {
    const paths = pathsOf(problemJsonSchema());
    expect(Object.keys(PROBLEM_NOTES).toSorted()).toEqual(paths.toSorted());
  });

  it('say a unit wherever a name has one', () => {
    const bare = Object.entries(PROBLEM_NOTES).filter(
      ([path, [unit]]) => /(?:W|Wh|Ms|S|Minutes|PerKwh|PerKw|PerH|PerKg)$/.test(path) && unit === '',
    );
    expect(bare).toEqual([]);
  });
});

describe('the sample', () => {
  it('has a plan that keeps every rule, told as the schema of the answer says', async () => {
    const problem = parseProblem(published('schedule-sample.json'));
    const plan = await solvePlan(problem, { gap: 1e-4, timeLimitS: 20 });
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan.breaches).toEqual([]);
    const { status, solver, costMicro, currency, gap, seconds, breaches } = plan;
    const answer = {
      status,
      solver,
      cost: costMicro / 1e6,
      currency,
      gap,
      seconds,
      breaches,
      faults: [],
      plan,
      reasons: reasonsOf(problem, plan),
    };
    expect(planOf(answerSchema.parse(answer).plan)).toEqual(plan);
  });
});
