import { describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { solvePlan } from './adapters/highs-plan.js';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';
import { rounded, type Schedule } from './schedule.js';

const problem = (more: object = {}): PlanningProblem =>
  parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: Date.UTC(2024, 0, 1, 7),
    stepMinutes: [60, 60],
    sites: [{ id: 'home', loadW: [1_000, 1_000], pvW: 0, importMicroPerKwh: [200_000, 500_000], exportMicroPerKwh: 0 }],
    batteries: [
      {
        id: 'battery',
        siteId: 'home',
        capacityWh: 10_000,
        minEnergyWh: 0,
        maxEnergyWh: 10_000,
        initialEnergyWh: 0,
        maxChargeW: 5_000,
        maxDischargeW: 5_000,
        chargeEfficiency: 1,
        dischargeEfficiency: 1,
      },
    ],
    ...more,
  });

const evening = (id: string, probability: number, loadW: number): object => ({
  id,
  probability,
  sites: [{ siteId: 'home', loadW: [1_000, loadW], pvW: 0 }],
});

const planned = async (scenarios: object[], more: object = {}): Promise<{ asked: PlanningProblem; plan: Schedule }> => {
  const asked = problem({ scenarios, ...more });
  const plan = await solvePlan(asked, { gap: 1e-6, timeLimitS: 20 });
  expect(planFaults(asked, plan)).toEqual([]);
  return { asked, plan };
};

describe('a plan over scenarios', () => {
  it('buys what pays on average: the quantile at 1 − 0.2 / 0.5 of the load to come, as a newsvendor does', async () => {
    const loads = [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500];
    const { plan } = await planned(loads.map((loadW) => evening(`${loadW} W`, 0.1, loadW)));
    expect(plan.batteries[0]!.energyWh[0]).toBeCloseTo(2_500, 0);
  });

  it('does the same in the shared step and then what is best for each', async () => {
    const { plan } = await planned([evening('at home', 0.5, 3_000), evening('away', 0.5, 0)]);
    const first = plan.batteries[0]!.powerW[0]!;
    expect(first).toBeCloseTo(-3_000, 0);
    expect(plan.scenarios!.map(({ batteries }) => batteries[0]!.powerW.map(Math.round))).toEqual([
      [-3_000, 3_000],
      [-3_000, 0],
    ]);
  });

  it('says what it costs on average, the expected course with what probability is left', async () => {
    const { plan } = await planned([evening('at home', 0.25, 3_000), evening('away', 0.25, 0)]);
    const [atHome, away] = plan.scenarios!;
    expect(plan.expectedCostMicro).toBeCloseTo(0.25 * atHome!.costMicro + 0.25 * away!.costMicro + 0.5 * plan.costMicro, 3);
  });

  it('is the plan of old without any', async () => {
    const { plan } = await planned([]);
    expect(plan).not.toHaveProperty('scenarios');
    expect(plan.batteries[0]!.powerW.map(Math.round)).toEqual([-1_000, 1_000]);
  });

  it('decides as many steps now as it is asked to', async () => {
    const three = {
      stepMinutes: [60, 60, 60],
      sites: [{ ...problem().sites[0]!, loadW: 1_000, importMicroPerKwh: [200_000, 500_000, 500_000] }],
    };
    const course = (id: string, loadW: number[]): object => ({ id, probability: 0.5, sites: [{ siteId: 'home', loadW, pvW: 0 }] });
    const scenarios = [course('early', [0, 3_000, 0]), course('late', [0, 0, 3_000])];
    const { plan } = await planned(scenarios, { ...three, sharedSteps: 2 });
    expect(plan.scenarios!.map(({ batteries }) => batteries[0]!.powerW[1]!)).toEqual([
      expect.closeTo(plan.batteries[0]!.powerW[1]!, 1),
      expect.closeTo(plan.batteries[0]!.powerW[1]!, 1),
    ]);
  });

  it('names the limits that a scenario bends, in that scenario', async () => {
    const site = { ...problem().sites[0]!, importLimitW: 2_000 };
    const { plan } = await planned([evening('feast', 0.1, 9_000), evening('usual', 0.9, 1_000)], { sites: [site] });
    expect(plan.breaches).toEqual([]);
    expect(plan.scenarios![0]!.breaches).toMatchObject([{ kind: 'import-limit', subject: 'home', step: 1, size: 6_000 }]);
  });

  it('holds a limit in as large a share of scenarios as it is asked to', async () => {
    // Only what is bought in the cheap hour can keep a feast below the limit, and 8 kWh of it are for a feast alone.
    const site = { ...problem().sites[0]!, importLimitW: 5_000, importMicroPerKwh: [200_000, 250_000] };
    const scenarios = [evening('feast', 0.1, 9_000), evening('guests', 0.2, 6_500), evening('usual', 0.7, 1_000)];
    const boughtWh = async (limitConfidence: number): Promise<number> => {
      const { plan } = await planned(scenarios, { sites: [{ ...site, limitConfidence }] });
      return Math.round(plan.batteries[0]!.energyWh[0]!);
    };
    expect([await boughtWh(1), await boughtWh(0.9), await boughtWh(0.7)]).toEqual([4_000, 1_500, 1_000]);
  });

  it('keeps what it is when it is rounded', async () => {
    const { asked, plan } = await planned([evening('at home', 0.3, 3_333.33), evening('away', 0.7, 0)]);
    expect(planFaults(asked, rounded(plan))).toEqual([]);
  });

  it('falls back to merit order, which does not look at them', () => {
    const asked = problem({ scenarios: [evening('at home', 1, 3_000)] });
    const plan = meritOrder(asked, 'the solver was away');
    expect(planFaults(asked, plan)).toEqual([]);
    expect(plan).not.toHaveProperty('scenarios');
  });
});

describe('the check of scenarios finds', () => {
  it.each([
    ['a course that is not there', (plan: Schedule) => ({ ...plan, scenarios: plan.scenarios!.slice(1) })],
    ['courses in another order', (plan: Schedule) => ({ ...plan, scenarios: plan.scenarios!.toReversed() })],
    ['a wrong mean', (plan: Schedule) => ({ ...plan, expectedCostMicro: plan.expectedCostMicro! - 10_000 })],
    [
      'a shared step that is not',
      (plan: Schedule) => ({
        ...plan,
        batteries: [{ ...plan.batteries[0]!, powerW: [-2_000, 1_000], energyWh: [2_000, 1_000] }],
      }),
    ],
    [
      'a course that cannot be',
      (plan: Schedule) => ({
        ...plan,
        scenarios: plan.scenarios!.map((one) => ({ ...one, sites: one.sites.map((site) => ({ ...site, gridW: [0, 0] })) })),
      }),
    ],
  ])('%s', async (_what, spoil) => {
    const { asked, plan } = await planned([evening('at home', 0.5, 3_000), evening('away', 0.5, 0)]);
    expect(planFaults(asked, spoil(plan))).not.toEqual([]);
  });
});

describe('a problem’s scenarios', () => {
  it.each([
    [
      [evening('a', 0.5, 1), evening('a', 0.5, 1)],
      'scenarios[1].id (a): "a" is there twice, first at scenarios[0]; give each a name of its own',
    ],
    [
      [evening('a', 0.7, 1), evening('b', 0.7, 1)],
      'scenarios: their probabilities add up to 1.4; give probabilities of at most 1 together',
    ],
    [
      [{ id: 'a', probability: 1, sites: [{ siteId: 'barn', loadW: 0, pvW: 0 }] }],
      'scenarios[0].sites[0].siteId (a): there is no site "barn"; give the id of a site',
    ],
    [
      [{ id: 'a', probability: 1, sites: [{ siteId: 'home', loadW: [1], pvW: 0 }] }],
      'scenarios[0].sites[0].loadW (a): has 1 value for 2 steps; give one value, or 2',
    ],
  ])('are refused where they contradict themselves: %#', (scenarios, fault) => {
    expect(() => problem({ scenarios })).toThrow(new BadInput([fault]));
  });
});
