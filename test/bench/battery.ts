import { join } from 'node:path';
import { BadInput } from '../../src/kernel/errors.js';
import { solvePlan } from '../../src/schedule/adapters/highs-plan.js';
import { meritOrder } from '../../src/schedule/merit-order.js';
import { planFaults } from '../../src/schedule/plan-check.js';
import type { PlanningProblem } from '../../src/schedule/problem.js';
import type { Schedule } from '../../src/schedule/schedule.js';
import { HomeForecasts } from './battery-forecasts.js';
import { type HoursAhead, homeProblem, type MeasuredHome, measuredHome } from './battery-home.js';
import type { BenchOptions, BenchRow } from './bench-row.js';

const HOMES = 8;
const WEEK_HOURS = 168;
const EXACTLY = { gap: 1e-6, timeLimitS: 600 };
/** Every so many plans one is held against the independent check. */
const CHECK_EVERY = 50;

/** A stretch of hours in which a battery, empty at its start, is left to a plan. What it holds at the end of a sampled one is credited to it. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly sampled: boolean;
}

/** Costs in millionths; saved is what is left of the cost without a battery. */
interface HomeCosts {
  readonly name: string;
  readonly without: number;
  readonly perfect: number;
  readonly greedy: number;
  readonly point: number;
  readonly scenarios: number;
  readonly planMs: readonly number[];
}

const measured = ({ history }: MeasuredHome, { from, to }: Pick<Stretch, 'from' | 'to'>): HoursAhead => ({
  loadW: history.load.values.slice(from, to).map((powerW) => powerW!),
  pvW: history.pv.values.slice(from, to).map((powerW) => powerW!),
});

const checked = (problem: PlanningProblem, plan: Schedule): Schedule => {
  const faults = planFaults(problem, plan);
  if (faults.length > 0) throw new Error(`the check found ${faults.length} faults: ${faults[0]}`);
  return plan;
};

const costWithout = (home: MeasuredHome, { from, to }: Stretch): number => {
  const { loadW, pvW } = measured(home, { from, to });
  return loadW.reduce((sum, powerW, step) => sum + (Math.max(0, powerW - pvW[step]!) / 1_000) * home.importMicroPerKwh[from + step]!, 0);
};

/** The whole stretch as one problem in which nothing is unknown. */
const known = (home: MeasuredHome, stretch: Stretch): PlanningProblem =>
  homeProblem(home, { hour: stretch.from, storedWh: 0, ahead: measured(home, stretch), toTheEnd: !stretch.sampled });

/** Re-planned every hour; each plan's first step is what happens. `outlook` says what is expected, and the courses where they count. */
const livedThrough = async (
  home: MeasuredHome,
  stretch: Stretch,
  outlook: (hour: number) => { ahead: HoursAhead; courses: readonly HoursAhead[] },
  planMs: number[],
): Promise<number> => {
  let [storedWh, costMicro] = [0, 0];
  for (let hour = stretch.from; hour < stretch.to; hour += 1) {
    const problem = homeProblem(home, { hour, storedWh, ...outlook(hour) });
    const plan = await solvePlan(problem, EXACTLY);
    if (hour % CHECK_EVERY === 0) checked(problem, plan);
    planMs.push(plan.seconds * 1_000);
    storedWh = plan.batteries[0]!.energyWh[0]!;
    costMicro += (Math.max(0, plan.sites[0]!.gridW[0]!) / 1_000) * home.importMicroPerKwh[hour]!;
  }
  return costMicro - (storedWh / 1_000) * known(home, stretch).batteries[0]!.terminalMicroPerKwh;
};

const homeCosts = async (home: MeasuredHome, stretches: readonly Stretch[]): Promise<HomeCosts> => {
  const costs = { without: 0, perfect: 0, greedy: 0, point: 0, scenarios: 0 };
  const planMs: number[] = [];
  const forecasts = new HomeForecasts(home);
  for (const stretch of stretches) {
    const all = known(home, stretch);
    costs.without += costWithout(home, stretch);
    costs.perfect += checked(all, await solvePlan(all, EXACTLY)).costMicro;
    costs.greedy += meritOrder(all, 'asked for').costMicro;
    const outlooks = new Map<number, ReturnType<HomeForecasts['at']>>();
    for (let hour = stretch.from; hour < stretch.to; hour += 1) outlooks.set(hour, forecasts.at(hour));
    costs.point += await livedThrough(home, stretch, (hour) => ({ ahead: outlooks.get(hour)!.expected, courses: [] }), []);
    costs.scenarios += await livedThrough(
      home,
      stretch,
      (hour) => ({ ahead: outlooks.get(hour)!.expected, courses: outlooks.get(hour)!.courses }),
      planMs,
    );
    process.stderr.write(`${home.name}: hours ${stretch.from} to ${stretch.to}, ${shares({ name: home.name, ...costs, planMs })}\n`);
  }
  return { name: home.name, ...costs, planMs };
};

/** Of what perfect foresight saves, in per cent. */
const shareOf = (costs: HomeCosts, costMicro: number): number => (100 * (costs.without - costMicro)) / (costs.without - costs.perfect);

const shares = (costs: HomeCosts): string =>
  `greedy ${shareOf(costs, costs.greedy).toFixed(1)}, point ${shareOf(costs, costs.point).toFixed(1)}, ` +
  `scenarios ${shareOf(costs, costs.scenarios).toFixed(1)} %`;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const homeRow = (costs: HomeCosts): BenchRow => {
  const usd = (micro: number): string => (micro / 1e6).toFixed(1);
  const figures = `${usd(costs.without)} USD without, ${usd(costs.perfect)} with perfect foresight, ${usd(costs.scenarios)} planned`;
  const others = `greedy ${shareOf(costs, costs.greedy).toFixed(1)}, point forecast ${shareOf(costs, costs.point).toFixed(1)}`;
  return { what: `${costs.name}: share of the perfect saving (${others}; ${figures})`, value: shareOf(costs, costs.scenarios), unit: '%' };
};

/**
 * What a battery is worth at the measured homes: a year each, or every `everyWeeks`-th week of it, re-planned hourly with the plant's own
 * forecasts and courses, the hour that runs seen and nothing later. `only` takes part of the homes (`home-03,home-04`). A sample leaves out the
 * first weeks, in which there is little to forecast from; the whole year has them.
 */
export const batteryBench = async ({ data, only, everyWeeks }: BenchOptions): Promise<BenchRow[]> => {
  const names = Array.from({ length: HOMES }, (_, index) => `home-0${index + 1}`).filter((name) =>
    only.split(',').some((part) => name.includes(part)),
  );
  if (names.length === 0) throw new BadInput(`--only ${only}: there is no such home; there are home-01 to home-0${HOMES}`);
  const all: HomeCosts[] = [];
  for (const name of names) {
    const home = measuredHome(join(data, 'homes'), name);
    const hours = home.history.load.values.length;
    const weeks = Array.from({ length: Math.floor(hours / WEEK_HOURS) }, (_, week) => week).filter((week) => (week + 1) % everyWeeks === 0);
    const stretches =
      everyWeeks === 1
        ? [{ from: 0, to: hours, sampled: false }]
        : weeks.map((week) => ({ from: week * WEEK_HOURS, to: Math.min(hours, (week + 1) * WEEK_HOURS), sampled: true }));
    all.push(await homeCosts(home, stretches));
  }
  const average = (pick: (costs: HomeCosts) => number): number => mean(all.map((costs) => shareOf(costs, pick(costs))));
  const planMs = all.flatMap((costs) => costs.planMs).toSorted((a, b) => a - b);
  const scenarios = all.map((costs) => shareOf(costs, costs.scenarios));
  return [
    ...all.map(homeRow),
    { what: 'greedy self-consumption: share of the perfect saving, average', value: average(({ greedy }) => greedy), unit: '%' },
    { what: 'one point forecast: share of the perfect saving, average', value: average(({ point }) => point), unit: '%' },
    { what: 'scenarios: share of the perfect saving, average (97 at least)', value: mean(scenarios), unit: '%' },
    { what: 'scenarios: share of the perfect saving, least of the homes (94 at least)', value: Math.min(...scenarios), unit: '%' },
    {
      what: 'scenarios: points above greedy, least of the homes (0 at least)',
      value: Math.min(...all.map((costs) => shareOf(costs, costs.scenarios) - shareOf(costs, costs.greedy))),
      unit: '%',
    },
    { what: 'a plan over ten courses, 24 h in hours: median', value: planMs[Math.floor(planMs.length / 2)]!, unit: 'ms' },
  ];
};
