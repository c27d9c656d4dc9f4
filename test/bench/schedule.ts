import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../src/kernel/errors.js';
import { solvePlan } from '../../src/schedule/adapters/highs-plan.js';
import { parseProblem } from '../../src/schedule/parse-problem.js';
import { parsePglib } from '../../src/schedule/pglib.js';
import { planFaults } from '../../src/schedule/plan-check.js';
import type { PlanningProblem } from '../../src/schedule/problem.js';
import type { BenchOptions, BenchRow } from './bench-row.js';
import { fleetRows } from './schedule-fleet.js';
import { sitePlanRows } from './site-plans.js';

const GAP = 1e-4;

const solved = async (problem: PlanningProblem, timeLimitS: number) => {
  const plan = await solvePlan(problem, { gap: GAP, timeLimitS });
  const faults = planFaults(problem, plan);
  if (faults.length > 0) throw new Error(`the check found ${faults.length} faults: ${faults[0]}`);
  return plan;
};

/** Unit commitment cases with the cost to meet. */
const commitmentRows = async (folder: string): Promise<BenchRow[]> => {
  const rows: BenchRow[] = [];
  for (const [name, best, within] of [
    ['kazarlis-10', 563_938, 60],
    ['kazarlis-20', 1_123_300, 150],
  ] as const) {
    const plan = await solved(parsePglib(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))), 60);
    rows.push(
      { what: `${name}: cost (${best} ± ${within})`, value: plan.costMicro / 1e6, unit: 'USD', bound: best + within },
      { what: `${name}: proven gap`, value: (plan.gap ?? 1) * 100, unit: '%', bound: 0.01 },
      { what: `${name}: limits bent`, value: plan.breaches.length, unit: '' },
      { what: `${name}: time`, value: plan.seconds, unit: 's', bound: 10 },
    );
  }
  return rows;
};

const TOY_PRICES = [10, 11, 12, 15, 18, 17, 10.5, 9, 9.5, 9, 8.5, 10, 8, 5, 4, 4, 5.5, 8, 12, 13, 14, 12.5, 10, 7];
const TOY_SUN_KW = [10, 30, 60, 100, 140, 170, 190, 210, 220, 210, 190, 170, 140, 100, 60, 30, 10];

/** FlexMeasures' toy battery, alone and beside its sun under a site limit: −4.6551 and −4.6054 EUR. */
const toyRows = async (): Promise<BenchRow[]> => {
  const hours = Array.from({ length: 48 }, (_, step) => 7 + Math.floor(step / 4));
  const microPerKwh = hours.map((hour) => TOY_PRICES[hour]! * 1_000);
  const sunW = hours.map((hour) => (TOY_SUN_KW[hour - 4] ?? 0) * 1_000);
  const toy = (site: object): PlanningProblem =>
    parseProblem({
      version: 1,
      currency: 'EUR',
      startMs: 7 * 3_600_000,
      stepMinutes: hours.map(() => 15),
      sites: [{ id: 'site', loadW: 0, pvW: 0, importMicroPerKwh: microPerKwh, exportMicroPerKwh: microPerKwh, ...site }],
      batteries: [
        {
          id: 'battery',
          siteId: 'site',
          capacityWh: 450_000,
          minEnergyWh: 50_000,
          maxEnergyWh: 450_000,
          initialEnergyWh: 225_000,
          maxChargeW: 500_000,
          maxDischargeW: 500_000,
          chargeEfficiency: Math.sqrt(0.9),
          dischargeEfficiency: Math.sqrt(0.9),
        },
      ],
    });
  const alone = await solved(toy({}), 20);
  const beside = await solved(toy({ pvW: sunW, importLimitW: 500_000, exportLimitW: 500_000 }), 20);
  const sunEarnsMicro = sunW.reduce((sum, powerW, step) => sum + ((powerW / 1_000) * microPerKwh[step]!) / 4, 0);
  return [
    { what: 'toy battery (−4.6551)', value: (alone.costMicro / 1e6).toFixed(5), unit: 'EUR' },
    { what: 'toy battery beside its sun (−4.6054)', value: ((beside.costMicro + sunEarnsMicro) / 1e6).toFixed(5), unit: 'EUR' },
  ];
};

const COURSES = 10;

/** One home over 48 h in quarter-hours from an hour of the day on, with a forecast of its own each time; a car, or courses of load and sun. */
const homeProblem = (run: number, wants: 'a car' | 'courses'): PlanningProblem => {
  const steps = Array.from({ length: 192 }, (_, step) => step);
  const hour = (step: number): number => (step / 4 + run) % 24;
  const powers = (loads: number, suns: number, wave: number) => ({
    loadW: steps.map(
      (step) => 400 + 1_800 * loads * Math.max(0, Math.sin(((hour(step) - 15) / 8) * Math.PI)) + 150 * Math.sin(step * (wave + 2)),
    ),
    pvW: steps.map((step) =>
      hour(step) > 6 && hour(step) < 18
        ? Math.max(0, 5_500 * suns * Math.sin(((hour(step) - 6) / 12) * Math.PI) * (0.6 + 0.4 * Math.cos(step * wave)))
        : 0,
    ),
  });
  return parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: 0,
    stepMinutes: steps.map(() => 15),
    sites: [
      {
        id: 'home',
        ...powers(1, 1, run),
        importLimitW: 11_000,
        exportLimitW: 4_000,
        importMicroPerKwh: steps.map((step) => 250_000 + 80_000 * Math.sin((hour(step) / 12) * Math.PI)),
        exportMicroPerKwh: 80_000,
      },
    ],
    batteries: [
      {
        id: 'battery',
        siteId: 'home',
        capacityWh: 10_000,
        minEnergyWh: 500,
        maxEnergyWh: 10_000,
        reserveFloorWh: 2_000,
        initialEnergyWh: 3_000 + 300 * run,
        maxChargeW: 5_000,
        maxDischargeW: 5_000,
        chargeEfficiency: 0.95,
        dischargeEfficiency: 0.95,
        terminalMicroPerKwh: 120_000,
        wearMicroPerKwh: 20_000,
      },
    ],
    flexibleLoads:
      wants === 'a car'
        ? [{ id: 'car', siteId: 'home', minW: 1_400, maxW: 7_400, energyWh: 12_000, startMs: 8 * 3_600_000, endMs: 20 * 3_600_000 }]
        : [],
    scenarios: Array.from({ length: wants === 'courses' ? COURSES : 0 }, (_, course) => ({
      id: `course-${course}`,
      probability: 1 / COURSES,
      sites: [{ siteId: 'home', ...powers(0.3 + 0.15 * course, 1.2 - 0.1 * ((3 * course) % 10), run + 20 * course) }],
    })),
  });
};

/** Replanned from another hour on each time: median of 20. */
const homeRows = async (): Promise<BenchRow[]> => {
  const rows: BenchRow[] = [];
  for (const [wants, what] of [
    ['a car', 'one home with a car'],
    ['courses', 'one home and ten courses of load and sun'],
  ] as const) {
    const times: number[] = [];
    for (let run = 0; run < 20; run += 1) times.push((await solved(homeProblem(run, wants), 10)).seconds * 1_000);
    const sorted = times.toSorted((a, b) => a - b);
    rows.push(
      { what: `${what}, 48 h in quarter-hours: median`, value: sorted[10]!, unit: 'ms', bound: 300 },
      { what: `${what}, 48 h in quarter-hours: slowest of 20`, value: sorted.at(-1)!, unit: 'ms' },
    );
  }
  return rows;
};

/** The ten units again and again, and as many times the demand, as the literature does. */
const familyRows = async (folder: string): Promise<BenchRow[]> => {
  const ten = JSON.parse(readFileSync(join(folder, 'kazarlis-10.json'), 'utf8')) as {
    demand: number[];
    reserves: number[];
    thermal_generators: object;
  };
  const rows: BenchRow[] = [];
  for (const times of [4, 6, 8, 10])
    for (const [gap, bound] of [
      [1e-4, 30],
      [1e-3, 10],
    ] as const) {
      const scaled = (values: number[]): number[] => values.map((value) => value * times);
      const units = Array.from({ length: times }, (_, copy) =>
        Object.entries(ten.thermal_generators).map(([id, unit]) => [`${id} ${copy}`, unit] as const),
      );
      const problem = parsePglib({
        ...ten,
        demand: scaled(ten.demand),
        reserves: scaled(ten.reserves),
        thermal_generators: Object.fromEntries(units.flat()),
      });
      const plan = await solvePlan(problem, { gap, timeLimitS: 60 });
      if (planFaults(problem, plan).length > 0) throw new Error('the check found faults');
      rows.push({
        what: `${times * 10} units to ${gap * 100} %: time (${(plan.costMicro / 1e6).toFixed(0)} USD)`,
        value: plan.seconds,
        unit: 's',
        bound,
      });
    }
  return rows;
};

/** The plans of public cases and their cost; `--data FOLDER` has the cases. */
export const scheduleBench = async ({ data, only }: BenchOptions): Promise<BenchRow[]> => {
  if (!existsSync(join(data, 'commitment'))) throw new BadInput(`--data ${data}: commitment/ and site-plans/ are not there`);
  const parts: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
    commitment: () => commitmentRows(join(data, 'commitment')),
    sites: () => sitePlanRows(join(data, 'site-plans'), only.split(':')[1] ?? ''),
    toy: toyRows,
    home: homeRows,
    family: () => familyRows(join(data, 'commitment')),
    fleet: () => fleetRows(join(data, 'homes')),
  };
  const rows: BenchRow[] = [];
  for (const [name, part] of Object.entries(parts)) if (name.startsWith(only.split(':')[0]!)) rows.push(...(await part()));
  return rows;
};
