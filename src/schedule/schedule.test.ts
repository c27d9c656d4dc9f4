import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { solvePlan } from './adapters/highs-plan.js';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';
import { onSlots, rounded, type Schedule } from './schedule.js';

const START_MS = Date.UTC(2024, 0, 1, 7);
const exactly = { gap: 1e-6, timeLimitS: 20 };

const battery = (more: object = {}): object => ({
  id: 'battery',
  siteId: 'home',
  capacityWh: 10_000,
  minEnergyWh: 1_000,
  maxEnergyWh: 10_000,
  initialEnergyWh: 5_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  ...more,
});

const home = (more: object = {}): object => ({
  id: 'home',
  loadW: 1_000,
  pvW: 0,
  importMicroPerKwh: 300_000,
  exportMicroPerKwh: 80_000,
  ...more,
});

const problemOf = (more: object, stepMinutes: number[] = [60, 60, 60, 60]): PlanningProblem =>
  parseProblem({ version: 1, currency: 'EUR', startMs: START_MS, stepMinutes, sites: [home()], ...more });

/** Solves, and holds the plan against every rule. */
const planned = async (problem: PlanningProblem): Promise<Schedule> => {
  const plan = await solvePlan(problem, exactly);
  expect(planFaults(problem, plan)).toEqual([]);
  return plan;
};

describe('the toy battery of FlexMeasures’ tutorial', () => {
  const PRICES = [10, 11, 12, 15, 18, 17, 10.5, 9, 9.5, 9, 8.5, 10, 8, 5, 4, 4, 5.5, 8, 12, 13, 14, 12.5, 10, 7];
  const SUN_KW = [10, 30, 60, 100, 140, 170, 190, 210, 220, 210, 190, 170, 140, 100, 60, 30, 10];
  const quarters = Array.from({ length: 48 }, (_, step) => 7 + Math.floor(step / 4));
  const microPerKwh = quarters.map((hour) => PRICES[hour]! * 1_000);
  const toy = (site: object): PlanningProblem =>
    problemOf(
      {
        sites: [home({ loadW: 0, importMicroPerKwh: microPerKwh, exportMicroPerKwh: microPerKwh, ...site })],
        batteries: [
          battery({
            capacityWh: 450_000,
            minEnergyWh: 50_000,
            maxEnergyWh: 450_000,
            initialEnergyWh: 225_000,
            maxChargeW: 500_000,
            maxDischargeW: 500_000,
            chargeEfficiency: Math.sqrt(0.9),
            dischargeEfficiency: Math.sqrt(0.9),
          }),
        ],
      },
      quarters.map(() => 15),
    );

  it('earns 4.6551 EUR', async () => {
    expect((await planned(toy({}))).costMicro / 1e6).toBeCloseTo(-4.6551, 4);
  });

  it('earns 4.6054 EUR beside its sun under a limit of 500 kW', async () => {
    const sunW = quarters.map((hour) => (SUN_KW[hour - 4] ?? 0) * 1_000);
    const sunEarnsMicro = sunW.reduce((sum, powerW, step) => sum + ((powerW / 1_000) * microPerKwh[step]!) / 4, 0);
    const plan = await planned(toy({ pvW: sunW, importLimitW: 500_000, exportLimitW: 500_000 }));
    expect((plan.costMicro + sunEarnsMicro) / 1e6).toBeCloseTo(-4.6054, 4);
  });
});

describe('one home', () => {
  it('stores the sun of noon for the evening', async () => {
    const plan = await planned(problemOf({ sites: [home({ pvW: [4_000, 0, 0, 0] })], batteries: [battery({ initialEnergyWh: 1_000 })] }));
    expect(plan.batteries[0]!.powerW[0]).toBeCloseTo(-3_000, 0);
    expect(plan.sites[0]!.gridW[1]).toBeCloseTo(0, 0);
  });

  it('keeps what its household keeps back', async () => {
    const plan = await planned(problemOf({ batteries: [battery({ reserveFloorWh: 4_000 })] }));
    expect(Math.min(...plan.batteries[0]!.energyWh)).toBeCloseTo(4_000, 0);
    expect(plan.breaches).toEqual([]);
  });

  it('recovers a battery below its range at once, and says how long it was', async () => {
    const plan = await planned(problemOf({ batteries: [battery({ initialEnergyWh: 0, minEnergyWh: 6_000 })] }));
    expect(plan.batteries[0]!.powerW[0]).toBeCloseTo(-5_000, 0);
    expect(plan.breaches).toMatchObject([{ kind: 'energy-range', subject: 'battery', step: 0, size: 1_250 }]);
  });

  it('bends the reserve before the fuse', async () => {
    const site = home({ loadW: [3_000, 1_000, 1_000, 1_000], importLimitW: 2_000 });
    const plan = await planned(problemOf({ sites: [site], batteries: [battery({ initialEnergyWh: 4_000, reserveFloorWh: 4_000 })] }));
    expect(plan.breaches.map(({ kind }) => kind)).not.toContain('import-limit');
    expect(plan.breaches).toMatchObject([
      { kind: 'reserve-floor', step: 0, size: 1_052.6 },
      { kind: 'reserve-floor', step: 1, size: 102.6 },
    ]);
  });

  it('names a limit nothing can keep', async () => {
    const plan = await planned(problemOf({ sites: [home({ loadW: 3_000, importLimitW: 2_000 })] }));
    expect(plan.breaches).toHaveLength(4);
    expect(plan.breaches[0]).toMatchObject({ kind: 'import-limit', subject: 'home', step: 0, startMs: START_MS, size: 1_000 });
  });

  it('leaves sun on the roof where export costs more than curtailment', async () => {
    const plan = await planned(problemOf({ sites: [home({ pvW: 4_000, exportMicroPerKwh: -50_000 })], curtailmentMicroPerKwh: 10_000 }));
    expect(plan.sites[0]!.curtailedW).toEqual([3_000, 3_000, 3_000, 3_000]);
  });

  it('charges from the sun alone where the grid is not allowed, and gives only to its own loads', async () => {
    const prices = { importMicroPerKwh: [100_000, 100_000, 500_000, 500_000], exportMicroPerKwh: [0, 0, 450_000, 450_000] };
    const site = home({ pvW: [2_500, 0, 0, 0], ...prices });
    const rules = { initialEnergyWh: 1_000, chargeFromGrid: false, dischargeToGrid: false };
    const plan = await planned(problemOf({ sites: [site], batteries: [battery(rules)] }));
    expect(plan.batteries[0]!.powerW[0]).toBeCloseTo(-1_500, 0);
    expect(Math.min(...plan.sites[0]!.gridW)).toBeGreaterThan(-1);
  });

  it('shares one inverter between sun and battery', async () => {
    const prices = { importMicroPerKwh: [500_000, 500_000, 100_000, 100_000], exportMicroPerKwh: [450_000, 450_000, 0, 0] };
    const site = home({ pvW: 3_000, inverterLimitW: 4_000, ...prices });
    const plan = await planned(problemOf({ sites: [site], batteries: [battery()] }));
    expect(plan.sites[0]!.pvW[0]! + plan.batteries[0]!.powerW[0]!).toBeCloseTo(4_000, 0);
  });

  it('has what is wanted in time', async () => {
    const plan = await planned(problemOf({ batteries: [battery({ targets: [{ step: 1, energyWh: 9_000 }] })] }));
    expect(plan.batteries[0]!.energyWh[1]).toBeCloseTo(9_000, 0);
  });

  it('charges at its least power or not at all', async () => {
    const site = home({ pvW: [2_000, 2_900, 0, 0], exportMicroPerKwh: 0 });
    const plan = await planned(
      problemOf({ sites: [site], batteries: [battery({ minChargeW: 1_500, initialEnergyWh: 1_000, chargeFromGrid: false })] }),
    );
    expect(plan.batteries[0]!.powerW.slice(0, 2).map(Math.round)).toEqual([0, -1_900]);
  });

  it('takes steps of any length, and tells the plan on even slots', async () => {
    const problem = problemOf({ batteries: [battery()] }, [7, 15, 15, 30, 60, 60]);
    const plan = await planned({ ...problem, startMs: START_MS + 8 * 60_000 });
    const even = onSlots(plan);
    expect(even.steps[0]!.startMs).toBe(START_MS + 15 * 60_000);
    expect(even.steps).toHaveLength(12);
    expect(even.batteries[0]!.energyWh.at(-1)).toBe(plan.batteries[0]!.energyWh.at(-1));
    expect(even.batteries[0]!.powerW).toHaveLength(12);
  });
});

describe('a grid event', () => {
  const event = (more: object = {}): object => ({
    id: 'EV-1',
    startMs: START_MS + HOUR_MS,
    endMs: START_MS + 2 * HOUR_MS,
    direction: 'up',
    powerW: 3_000,
    baselineW: 1_000,
    priceMicroPerKwh: 500_000,
    ...more,
  });

  it('is served from the battery and paid', async () => {
    const plan = await planned(problemOf({ batteries: [battery()], events: [event()] }));
    expect(plan.events[0]!.deliveredW).toEqual([0, expect.closeTo(3_000, 0), 0, 0]);
    expect(plan.cost.eventMicro / 1e6).toBeCloseTo(-1.5, 3);
  });

  it('names what it falls short of', async () => {
    const plan = await planned(problemOf({ batteries: [battery({ maxDischargeW: 2_000 })], events: [event()] }));
    expect(plan.breaches).toMatchObject([{ kind: 'event-shortfall', subject: 'EV-1', step: 1, size: 1_000 }]);
  });

  it('may ask for more import too', async () => {
    const plan = await planned(problemOf({ batteries: [battery({ initialEnergyWh: 2_000 })], events: [event({ direction: 'down' })] }));
    expect(plan.sites[0]!.gridW[1]).toBeCloseTo(4_000, 0);
  });

  it('leaves out who stays out', async () => {
    const sites = [home(), home({ id: 'other' })];
    const batteries = [battery(), battery({ id: 'other-battery', siteId: 'other' })];
    const plan = await planned(problemOf({ sites, batteries, events: [event({ powerW: 9_000, siteIds: ['home'] })] }));
    expect(plan.events[0]!.deliveredW[1]).toBeCloseTo(5_000, 0);
  });
});

describe('on slots and in store', () => {
  it('keeps passing the check when it is rounded', async () => {
    const problem = problemOf({ batteries: [battery({ initialEnergyWh: 3_333.333 })] }, [15, 15, 45, 60]);
    const plan = rounded(await planned(problem));
    expect(planFaults(problem, plan)).toEqual([]);
  });

  it('has a plan by merit order for everything, and says why', () => {
    const problem = problemOf({ sites: [home({ pvW: [4_000, 0, 0, 0] })], batteries: [battery({ initialEnergyWh: 1_000 })] });
    const plan = meritOrder(problem, 'the solver was away');
    expect(planFaults(problem, plan)).toEqual([]);
    expect(plan).toMatchObject({ solver: 'merit-order', status: 'fallback', reason: 'the solver was away' });
    expect(plan.batteries[0]!.powerW[0]).toBe(-3_000);
  });
});

describe('the check itself', () => {
  it.each([
    [
      'a battery from nothing',
      (plan: Schedule) => ({ ...plan, batteries: [{ ...plan.batteries[0]!, energyWh: [9_000, 9_000, 9_000, 9_000] }] }),
    ],
    ['a wrong balance', (plan: Schedule) => ({ ...plan, sites: [{ ...plan.sites[0]!, gridW: [0, 0, 0, 0] }] })],
    ['a wrong bill', (plan: Schedule) => ({ ...plan, costMicro: plan.costMicro - 10_000 })],
    ['a breach that is not told', (plan: Schedule) => ({ ...plan, breaches: [] })],
    ['a breach that is not there', (plan: Schedule) => ({ ...plan, breaches: [...plan.breaches, { ...plan.breaches[0]!, step: 2 }] })],
  ])('catches %s', async (_, forge) => {
    const problem = problemOf({ batteries: [battery({ initialEnergyWh: 0, minEnergyWh: 6_000 })] });
    expect(planFaults(problem, forge(await planned(problem)))).not.toEqual([]);
  });
});
