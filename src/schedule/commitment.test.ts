import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../kernel/units.js';
import { solvePlan } from './adapters/highs-plan.js';
import { planModel } from './mip-model.js';
import { meritOrder } from './merit-order.js';
import { parseProblem } from './parse-problem.js';
import { parsePglib } from './pglib.js';
import { planFaults } from './plan-check.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

const START_MS = Date.UTC(2024, 5, 1);
const exactly = { gap: 1e-6, timeLimitS: 20 };

const unit = (id: string, more: object = {}): object => ({
  id,
  siteId: 'yard',
  minW: 10_000,
  maxW: 30_000,
  runningMicroPerKwh: 100_000,
  initial: { on: false },
  ...more,
});

const yard = (loadW: number[], generators: object[], { site, ...more }: { site?: object; [part: string]: unknown } = {}): PlanningProblem =>
  parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: START_MS,
    stepMinutes: loadW.map(() => 60),
    sites: [{ id: 'yard', loadW, pvW: 0, importMicroPerKwh: 1_000_000, exportMicroPerKwh: 0, ...site }],
    generators,
    ...more,
  });

const planned = async (problem: PlanningProblem): Promise<Schedule> => {
  const plan = await solvePlan(problem, exactly);
  expect(planFaults(problem, plan)).toEqual([]);
  expect(planFaults(problem, meritOrder(problem, 'asked for'))).toEqual([]);
  return plan;
};

/** A square's cost of an hour at a power in kW between 10 and 30, by chords of 1 kW. */
const squared = (microPerKw2H: number, kilowatts: number): number => {
  const from = Math.min(29, Math.floor(kilowatts));
  return (microPerKw2H / 1e6) * (from ** 2 + (kilowatts - from) * (2 * from + 1));
};

/** Cheapest hours of three units of each of two kinds, one hour by itself: one of the kinds always stands at the end of a chord. */
const cheapest = (loadW: readonly number[], kinds: readonly [number, number]): number =>
  loadW.reduce((total, powerW) => {
    let best = Infinity;
    const hour = (at: { count: number; square: number }, other: { count: number; square: number }, end: number): number => {
      const left = powerW / 1_000 - at.count * end;
      const each = other.count === 0 ? 10 : left / other.count;
      if ((other.count === 0 && Math.abs(left) > 1e-9) || each < 10 || each > 30) return Infinity;
      return 3 * (at.count + other.count) + at.count * squared(at.square, end) + other.count * squared(other.square, each);
    };
    for (let first = 0; first <= 3; first += 1)
      for (let second = 0; second <= 3; second += 1)
        for (let end = 10; end <= 30; end += 1) {
          const [a, b] = [
            { count: first, square: kinds[0] },
            { count: second, square: kinds[1] },
          ];
          best = Math.min(best, hour(a, b, end), hour(b, a, end));
        }
    return total + best;
  }, 0);

describe('a start', () => {
  const hotAndCold = [
    { offS: 0, micro: 1_000_000 },
    { offS: 2 * 3_600, micro: 5_000_000 },
    { offS: 4 * 3_600, micro: 30_000_000 },
  ];

  it.each([
    ['hot', 1, 1],
    ['warm', 3, 5],
    ['cold', 9, 30],
  ])('costs what it does %s', async (_, restHours, cost) => {
    const generator = unit('a', { startCosts: hotAndCold, initial: { on: false, sinceMs: START_MS - restHours * HOUR_MS } });
    const plan = await planned(yard([30_000, 30_000, 30_000], [generator]));
    expect(plan.cost.startMicro / 1e6).toBeCloseTo(cost, 6);
  });

  it('is spared where keeping on through a short gap is cheaper', async () => {
    const generator = unit('a', { startCosts: [{ offS: 0, micro: 3_000_000 }], initial: { on: true, powerW: 30_000 } });
    const plan = await planned(yard([30_000, 0, 30_000], [generator], { site: { exportLimitW: 30_000 } }));
    expect(plan.generators[0]!.on).toEqual([true, true, true]);
  });

  it('is as warm as the last stop says, however fine the steps are', async () => {
    const startCosts = [
      { offS: 0, micro: 1_000_000 },
      { offS: 20 * 3_600, micro: 30_000_000 },
    ];
    const quarters = Array.from({ length: 96 }, () => 15);
    const fine = (generator: object): PlanningProblem =>
      yard(
        quarters.map((_, step) => (step < 4 || step >= 60 ? 30_000 : 0)),
        [unit('a', { startCosts, noLoadMicroPerH: 20_000_000, runningMicroPerKwh: 0, ...generator })],
        { stepMinutes: quarters, site: { importMicroPerKwh: 800_000 } },
      );
    const problem = fine({ initial: { on: true, powerW: 30_000 } });
    expect((await planned(problem)).cost.startMicro / 1e6).toBeCloseTo(1, 6);
    const rested = await planned(fine({ initial: { on: false, sinceMs: START_MS - 6 * HOUR_MS } }));
    expect(rested.cost.startMicro / 1e6).toBeCloseTo(2, 6);
    const open = { grid: new Set<string>(), battery: new Set<string>() };
    expect(planModel(problem, [open]).linear.colCost.length).toBeLessThan(20 * quarters.length);
  });

  it('gives no more than its start limit at first, and its shut-down limit at last', async () => {
    const generator = unit('a', { startUpW: 12_000, shutDownW: 15_000, available: [true, true, true, false] });
    const plan = await planned(yard([30_000, 30_000, 30_000, 0], [generator]));
    expect(plan.generators[0]!.powerW.map(Math.round)).toEqual([12_000, 30_000, 15_000, 0]);
  });

  it('is within what a day allows', async () => {
    const budget = { startMs: START_MS, endMs: START_MS + 24 * HOUR_MS };
    const energy = await planned(yard([30_000, 30_000, 30_000], [unit('a', { budgets: [{ ...budget, energyWh: 50_000 }] })]));
    expect(energy.generators[0]!.powerW.reduce((sum, powerW) => sum + powerW, 0)).toBeCloseTo(50_000, 0);
    const hours = await planned(yard([30_000, 20_000, 30_000], [unit('a', { budgets: [{ ...budget, runS: 7_200 }] })]));
    expect(hours.generators[0]!.on).toEqual([true, false, true]);
    const once = await planned(yard([30_000, 0, 30_000], [unit('a', { noLoadMicroPerH: 9_000_000, budgets: [{ ...budget, starts: 1 }] })]));
    expect(once.breaches).toEqual([]);
  });
});

describe('running', () => {
  it('follows a curve, and a square', async () => {
    const curve = [
      { powerW: 10_000, microPerH: 1_000_000 },
      { powerW: 20_000, microPerH: 3_000_000 },
      { powerW: 30_000, microPerH: 25_000_000 },
    ];
    const site = { importMicroPerKwh: 1_500_000 };
    const bent = await planned(yard([30_000], [unit('a', { costCurve: curve })], { site }));
    expect(bent.generators[0]!.powerW[0]).toBeCloseTo(20_000, 0);
    const square = await planned(yard([30_000], [unit('a', { runningMicroPerKwh: 0, quadraticMicroPerKw2H: 30_000 })], { site }));
    expect(square.generators[0]!.powerW[0]).toBeCloseTo(25_000, -3);
  });

  it('of units that are alike is as cheap as it is told to be, few as the chords are that are stated', async () => {
    const loadW = [70_000, 45_000, 83_000, 20_000, 61_000];
    const kinds = [40_000, 55_000].flatMap((square, kind) => {
      const costCurve = Array.from({ length: 21 }, (_, at) => ({ powerW: (10 + at) * 1_000, microPerH: square * (10 + at) ** 2 }));
      return [1, 2, 3].map((copy) => unit(`${kind}-${copy}`, { costCurve, noLoadMicroPerH: 3_000_000, runningMicroPerKwh: 0 }));
    });
    const plan = await planned(yard(loadW, kinds, { site: { importMicroPerKwh: 9_000_000 } }));
    expect(plan.status).toBe('optimal');
    expect(plan.gap).toBeLessThanOrEqual(1e-6);
    expect(plan.costMicro / 1e6).toBeCloseTo(cheapest(loadW, [40_000, 55_000]), 4);
  });

  it('is had to where it must, and said where it can’t', async () => {
    const dear = { runningMicroPerKwh: 5_000_000, mustRun: [true, true, false], available: [true, false, true] };
    const plan = await planned(yard([30_000, 30_000, 30_000], [unit('a', dear)]));
    expect(plan.generators[0]!.on).toEqual([true, false, false]);
    expect(plan.breaches).toMatchObject([{ kind: 'must-run', subject: 'a', step: 1, size: 10_000 }]);
  });

  it('is left to the grid where carbon dioxide is dear', async () => {
    const generator = unit('a', { co2KgPerKwh: 0.8 });
    const cheap = await planned(yard([30_000], [generator], { site: { importMicroPerKwh: 200_000 } }));
    expect(cheap.generators[0]!.on).toEqual([true]);
    const dear = await planned(yard([30_000], [generator], { site: { importMicroPerKwh: 200_000 }, co2MicroPerKg: 200_000 }));
    expect(dear.generators[0]!.on).toEqual([false]);
  });
});

describe('reserve', () => {
  it('keeps room in generators, and starts another for it', async () => {
    const reserves = [{ id: 'spinning', direction: 'up', powerW: [0, 15_000], throughConnection: false }];
    const plan = await planned(yard([20_000, 20_000], [unit('a'), unit('b', { runningMicroPerKwh: 300_000 })], { reserves }));
    expect(plan.generators.map(({ on }) => on)).toEqual([
      [true, true],
      [false, true],
    ]);
    expect(plan.reserves[0]!.heldW).toEqual([0, 15_000]);
  });

  it('keeps energy in a battery for as long as it must last', async () => {
    const battery = {
      id: 'battery',
      siteId: 'yard',
      capacityWh: 10_000,
      minEnergyWh: 0,
      maxEnergyWh: 10_000,
      initialEnergyWh: 10_000,
      maxChargeW: 5_000,
      maxDischargeW: 5_000,
      chargeEfficiency: 1,
      dischargeEfficiency: 1,
    };
    const reserves = [{ id: 'reserve', direction: 'up', powerW: 2_000, durationS: 3 * 3_600 }];
    const plan = await planned(yard([5_000, 5_000, 5_000], [], { batteries: [battery], reserves }));
    expect(plan.batteries[0]!.energyWh.at(-1)).toBeCloseTo(6_000, 0);
    const short = await planned(yard([0], [], { batteries: [{ ...battery, initialEnergyWh: 3_000, maxChargeW: 0 }], reserves }));
    expect(short.breaches).toMatchObject([{ kind: 'reserve-shortfall', subject: 'reserve', step: 0, size: 1_000 }]);
  });
});

describe('units that are alike', () => {
  it('are given back so that each keeps its own times, and as few starts are cold as can be', async () => {
    const startCosts = [
      { offS: 0, micro: 1_000_000 },
      { offS: 3 * 3_600, micro: 4_000_000 },
    ];
    const kind = { minUpS: 2 * 3_600, minDownS: 2 * 3_600, noLoadMicroPerH: 2_000_000, startCosts };
    const loadW = [60_000, 60_000, 90_000, 30_000, 0, 60_000, 90_000, 90_000];
    const alike = ['a', 'b', 'c'].map((id) => unit(id, kind));
    const together = await planned(yard(loadW, alike));
    // A hair of difference keeps them from being counted together.
    const apart = await planned(
      yard(
        loadW,
        ['a', 'b', 'c'].map((id, index) => unit(id, { ...kind, minUpS: kind.minUpS - index })),
      ),
    );
    expect(together.costMicro / 1e6).toBeCloseTo(apart.costMicro / 1e6, 3);
  });
});

describe('the format of pglib-uc', () => {
  const thermal = (more: object = {}): object => ({
    must_run: 0,
    power_output_minimum: 20,
    power_output_maximum: 100,
    ramp_up_limit: 40,
    ramp_down_limit: 100,
    ramp_startup_limit: 30,
    ramp_shutdown_limit: 100,
    time_up_minimum: 2,
    time_down_minimum: 1,
    power_output_t0: 20,
    unit_on_t0: 1,
    time_up_t0: 5,
    time_down_t0: 0,
    startup: [{ lag: 1, cost: 500 }],
    piecewise_production: [
      { mw: 20, cost: 520 },
      { mw: 60, cost: 1_500 },
      { mw: 100, cost: 3_000 },
    ],
    ...more,
  });
  const file = {
    time_periods: 3,
    demand: [70, 90, 130],
    reserves: [0, 0, 10],
    thermal_generators: { a: thermal(), b: thermal({ unit_on_t0: 0, power_output_t0: 0, time_up_t0: 0, time_down_t0: 9 }) },
    renewable_generators: { w: { power_output_minimum: [5, 5, 5], power_output_maximum: [10, 10, 10] } },
  };

  it('is planned as it is meant, ramps and reserve together', async () => {
    const problem = parsePglib(file);
    const plan = await planned(problem);
    expect(plan.breaches).toEqual([]);
    // a climbs by its ramp of 40 from 20; b may come up to no more than 30 at once, and so has to start before the peak.
    expect(plan.generators[0]!.powerW[0]).toBeCloseTo(60e6, -3);
    expect(plan.generators[1]!.on).toEqual([false, true, true]);
  });

  it('names every fault of a file', () => {
    expect(() => parsePglib({ ...file, demand: ['x'], reserves: undefined })).toThrow(/demand\[0\][^]*reserves/);
  });
});
