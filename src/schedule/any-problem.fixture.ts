import { fc } from '../../test/prop.js';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { solvePlan } from './adapters/highs-plan.js';
import { meritOrder } from './merit-order.js';
import type { SolveLimits } from './plan-solver.port.js';
import { type PlanningProblem, planningProblemSchema } from './problem.js';
import type { Schedule } from './schedule.js';

const START_MS = Date.UTC(2024, 2, 31);
const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const powerW = whole(0, 20_000);
const price = whole(-500_000, 1_000_000);
const efficiency = fc.constantFrom(0.5, 0.9, 0.95, 1);

const perStep = <T>(value: fc.Arbitrary<T>, steps: number): fc.Arbitrary<T | T[]> =>
  fc.oneof(value, fc.array(value, { minLength: steps, maxLength: steps }));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

/** What a person has set, step by step; also what nothing can follow. */
const byHand = (least: number, most: number, steps: number): fc.Arbitrary<(number | null)[]> =>
  fc.oneof(
    fc.array(fc.option(fc.oneof(fc.constant(0), whole(least, most)), { nil: null }), { minLength: steps, maxLength: steps }),
    fc
      .tuple(whole(least, most), whole(1, steps))
      .map(([value, until]) => Array.from({ length: steps }, (_, step) => (step < until ? value : null))),
  );

const anySite = (id: string, steps: number): fc.Arbitrary<object> =>
  fc.record({
    id: fc.constant(id),
    loadW: perStep(powerW, steps),
    pvW: perStep(powerW, steps),
    pvOverride: maybe(fc.record({ maxW: byHand(0, 20_000, steps) })),
    importLimitW: maybe(perStep(powerW, steps)),
    exportLimitW: maybe(perStep(powerW, steps)),
    takenLimitW: maybe(perStep(powerW, steps)),
    dimmedW: maybe(perStep(powerW, steps)),
    limitConfidence: fc.constantFrom(1, 1, 0.8, 0.5),
    inverterLimitW: maybe(powerW),
    demandCharge: maybe(fc.record({ microPerKw: whole(0, 20_000_000), peakW: powerW })),
    importMicroPerKwh: perStep(price, steps),
    exportMicroPerKwh: perStep(price, steps),
  });

const anyBattery = (id: string, steps: number): fc.Arbitrary<object> =>
  fc
    .record({
      capacityWh: whole(100, 30_000),
      shares: fc.array(whole(0, 100), { minLength: 4, maxLength: 4 }),
      siteId: fc.constantFrom('a', 'b'),
    })
    .chain(({ capacityWh, shares, siteId }) => {
      const [low, high] = shares.slice(0, 2).toSorted((x, y) => x - y) as [number, number];
      const of = (share: number): number => (capacityWh * share) / 100;
      return fc.record({
        id: fc.constant(id),
        siteId: fc.constant(siteId),
        capacityWh: fc.constant(capacityWh),
        minEnergyWh: fc.constant(of(low)),
        maxEnergyWh: fc.constant(of(high)),
        reserveFloorWh: perStep(whole(0, capacityWh), steps),
        initialEnergyWh: fc.constant(of(shares[2]!)),
        maxChargeW: perStep(powerW, steps),
        maxDischargeW: perStep(powerW, steps),
        minChargeW: fc.constantFrom(0, 0, 1_400),
        chargeEfficiency: efficiency,
        dischargeEfficiency: efficiency,
        terminalMicroPerKwh: price,
        wearMicroPerKwh: whole(0, 100_000),
        override: maybe(fc.record({ powerW: byHand(-25_000, 25_000, steps), by: maybe(fc.constant('anna')) })),
        chargeFromGrid: fc.boolean(),
        dischargeToGrid: fc.boolean(),
        chargeDemands: fc.constantFrom([], [], [{ step: 0, energyWh: 500 }]),
        throughput: maybe(fc.record({ limitWh: whole(0, 30_000), usedWh: whole(0, 9_000), endMs: fc.constant(START_MS + 9_000_000) })),
        targets: fc.uniqueArray(fc.record({ step: whole(0, steps - 1), energyWh: whole(0, 40_000) }), {
          maxLength: 2,
          selector: ({ step }) => step,
        }),
      });
    });

const generatorExtras = (steps: number): Record<string, fc.Arbitrary<unknown>> => ({
  rampDownWPerS: maybe(whole(1, 20)),
  startUpW: maybe(whole(10_000, 30_000)),
  shutDownW: maybe(whole(10_000, 30_000)),
  startCosts: fc.constantFrom(
    [],
    [
      { offS: 0, micro: 100_000 },
      { offS: 3_600, micro: 300_000 },
      { offS: 9_000, micro: 2_000_000 },
    ],
  ),
  quadraticMicroPerKw2H: fc.constantFrom(0, 0, 3_000),
  co2KgPerKwh: fc.constantFrom(0, 0.8),
  noLoadCo2KgPerH: fc.constantFrom(0, 2),
  fuelPerKwh: fc.constantFrom(0, 0.3),
  noLoadFuelPerH: fc.constantFrom(0, 1.5),
  mustRun: perStep(fc.boolean(), steps),
  budgets: fc.constantFrom(
    [],
    [{ startMs: START_MS - 600_000, endMs: START_MS + 5_000_000, energyWh: 12_000, runS: 2_000 }],
    [{ startMs: START_MS + 1_000_000, endMs: START_MS + 90_000_000, fuel: 3, starts: 0 }],
  ),
});

/** A running cost of three pieces, convex or not, where its range allows. */
const withCurve = (generator: { minW: number; maxW: number }, [a, b, c]: [number, number, number]): object => {
  const { minW, maxW } = generator;
  if (minW >= maxW - 10) return generator;
  const middleW = (minW + maxW) / 2;
  const costCurve = [
    { powerW: minW, microPerH: a },
    { powerW: middleW, microPerH: a + b },
    { powerW: maxW, microPerH: a + b + c },
  ];
  return { ...generator, costCurve };
};

const anyLoad = (steps: number): fc.Arbitrary<object> =>
  fc.record({
    id: fc.constant('car'),
    siteId: fc.constantFrom('a', 'b'),
    minW: fc.constantFrom(0, 1_400, 4_200),
    maxW: whole(4_200, 11_000),
    energyWh: whole(0, 20_000),
    startMs: fc.constantFrom(START_MS - 60_000, START_MS + 600_000),
    endMs: whole(15, 60 * steps).map((minutes) => START_MS + minutes * 60_000),
    override: maybe(fc.record({ maxW: byHand(0, 12_000, steps), by: maybe(fc.constant('anna')) })),
  });

const anyReserve = (steps: number): fc.Arbitrary<object> =>
  fc.record({
    id: fc.constant('reserve'),
    direction: fc.constantFrom('up', 'down'),
    powerW: perStep(whole(0, 20_000), steps),
    durationS: fc.constantFrom(0, 900, 7_200),
    throughConnection: fc.boolean(),
    siteIds: maybe(fc.constant(['a'])),
  });

const anyGenerator = (id: string, steps: number): fc.Arbitrary<object> =>
  fc
    .tuple(plainGenerator(id, steps), maybe(fc.tuple(whole(0, 3_000_000), whole(0, 3_000_000), whole(0, 3_000_000))))
    .map(([generator, curve]) => (curve ? withCurve(generator as { minW: number; maxW: number }, curve) : generator));

const plainGenerator = (id: string, steps: number): fc.Arbitrary<object> =>
  fc.record({
    id: fc.constant(id),
    siteId: fc.constantFrom('a', 'b'),
    minW: whole(0, 10_000),
    maxW: whole(10_000, 30_000),
    rampWPerS: maybe(whole(1, 20)),
    warmUpS: fc.constantFrom(0, 60, 1_200, 5_000),
    minUpS: fc.constantFrom(0, 1_800, 7_200),
    minDownS: fc.constantFrom(0, 1_800, 7_200),
    startMicro: whole(0, 5_000_000),
    noLoadMicroPerH: whole(0, 2_000_000),
    runningMicroPerKwh: whole(0, 500_000),
    ...generatorExtras(steps),
    available: perStep(fc.boolean(), steps),
    override: maybe(fc.record({ powerW: byHand(0, 40_000, steps), by: maybe(fc.constant('anna')) })),
    initial: fc
      .record({
        meanOverS: maybe(fc.constant(900)),
        on: fc.boolean(),
        sinceMs: maybe(whole(0, 120).map((minutes) => START_MS - minutes * 60_000)),
        powerW: powerW,
      })
      .map((initial) => ({ ...initial, powerW: initial.on ? initial.powerW : 0 })),
  });

const anyEvent = (steps: number): fc.Arbitrary<object> =>
  fc.record({ from: whole(-30, 200), lasts: whole(1, 120) }).chain(({ from, lasts }) =>
    fc.record({
      id: fc.constant('event'),
      startMs: fc.constant(START_MS + from * 60_000),
      endMs: fc.constant(START_MS + (from + lasts) * 60_000),
      direction: fc.constantFrom('up', 'down'),
      powerW: whole(0, 40_000),
      baselineW: perStep(whole(-20_000, 20_000), steps),
      priceMicroPerKwh: whole(0, 1_000_000),
      penaltyMicroPerKwh: whole(0, 1_000_000),
      siteIds: maybe(fc.constant(['b'])),
    }),
  );

/** Courses of one site or both; what probability they leave is the expected course's. */
const anyScenarios = (steps: number): fc.Arbitrary<object[]> =>
  whole(1, 3).chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.record({
          id: fc.constant(`scenario-${index}`),
          probability: fc.constantFrom(0.01, 0.2, 1 / count),
          sites: fc
            .subarray(['a', 'b'], { minLength: 1 })
            .chain((siteIds) =>
              fc.tuple(
                ...siteIds.map((siteId) =>
                  fc.record({ siteId: fc.constant(siteId), loadW: perStep(powerW, steps), pvW: perStep(powerW, steps) }),
                ),
              ),
            ),
        }),
      ),
    ),
  );

/** Problems of all kinds, most of them such as nobody would pose. */
export const anyProblem: fc.Arbitrary<PlanningProblem> = fc
  .array(fc.constantFrom(5, 15, 15, 30, 60, 180), { minLength: 1, maxLength: 8 })
  .chain((stepMinutes) => {
    const steps = stepMinutes.length;
    return fc.record({
      version: fc.constant(1 as const),
      currency: fc.constant('EUR'),
      startMs: fc.constant(START_MS),
      stepMinutes: fc.constant(stepMinutes),
      sites: fc.tuple(anySite('a', steps), anySite('b', steps)),
      batteries: whole(0, 3).chain((count) =>
        fc.tuple(...Array.from({ length: count }, (_, index) => anyBattery(`battery-${index}`, steps))),
      ),
      generators: whole(0, 2).chain((count) =>
        fc.tuple(...Array.from({ length: count }, (_, index) => anyGenerator(`generator-${index}`, steps))),
      ),
      events: fc.oneof(fc.constant([]), fc.tuple(anyEvent(steps))),
      fleet: fc.record({ importLimitW: maybe(perStep(powerW, steps)), exportLimitW: maybe(perStep(powerW, steps)) }),
      flexibleLoads: fc.oneof(fc.constant([]), fc.tuple(anyLoad(steps))),
      feeders: fc.oneof(
        fc.constant([]),
        fc.tuple(fc.record({ id: fc.constant('feeder'), siteIds: fc.constant(['b']), importLimitW: maybe(perStep(powerW, steps)) })),
      ),
      reserves: fc.oneof(fc.constant([]), fc.tuple(anyReserve(steps))),
      scenarios: fc.oneof(fc.constant([]), anyScenarios(steps)),
      sharedSteps: whole(1, steps),
      curtailmentMicroPerKwh: whole(0, 50_000),
      co2MicroPerKg: fc.constantFrom(0, 100_000),
    });
  })
  .map((problem) => planningProblemSchema.parse(problem));

/** The best plan, or that of the merit order where the solver finds none in time: a few in a thousand of these are that hard. */
export const planWithin = async (problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> => {
  try {
    return await solvePlan(problem, limits);
  } catch (error) {
    if (error instanceof AdapterError && error.retryable) return meritOrder(problem, messageOf(error));
    throw error;
  }
};
