import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { solvePlan } from '../../src/schedule/adapters/highs-plan.js';
import { parseProblem } from '../../src/schedule/parse-problem.js';
import { planFaults } from '../../src/schedule/plan-check.js';
import { atStep, type PlanningProblem } from '../../src/schedule/problem.js';
import type { Schedule } from '../../src/schedule/schedule.js';
import type { BenchRow } from './bench-row.js';

/** A case of evcc's optimizer: energies per step in Wh, prices per Wh. */
interface SiteCase {
  readonly request: {
    readonly batteries: readonly CaseBattery[];
    readonly time_series: {
      readonly dt: number[];
      readonly gt: number[];
      readonly ft: number[];
      readonly p_N: number[];
      readonly p_E: number[];
    };
    readonly eta_c: number;
    readonly eta_d: number;
    readonly grid?: { readonly p_max_imp?: number; readonly p_max_exp?: number };
  };
  readonly expected_response: {
    readonly objective_value: number;
    readonly batteries: readonly { readonly charging_power: number[]; readonly state_of_charge: number[] }[];
    readonly grid_import: number[];
    readonly grid_export: number[];
    readonly grid_import_overshoot?: number[];
    readonly grid_export_overshoot?: number[];
  };
}

interface CaseBattery {
  readonly s_capacity?: number;
  readonly s_min: number;
  readonly s_max: number;
  readonly s_initial: number;
  readonly s_goal?: number[];
  readonly p_demand?: number[];
  readonly c_min: number;
  readonly c_max: number;
  readonly d_max: number;
  readonly p_a: number;
  readonly charge_from_grid?: boolean;
  readonly discharge_to_grid?: boolean;
}

const MICRO_PER_KWH = 1e9;

/** Its sun can't be curtailed, so that plans stay comparable. */
const problemOf = ({ request }: SiteCase): PlanningProblem => {
  const { dt, gt, ft, p_N: importPrice, p_E: exportPrice } = request.time_series;
  const meanW = (energyWh: number[]): number[] => energyWh.map((energy, step) => (energy * 3_600) / dt[step]!);
  const wishes = (values: number[] = []): { step: number; energyWh: number }[] =>
    values.flatMap((energyWh, step) => (energyWh > 0 ? [{ step, energyWh }] : []));
  return parseProblem({
    version: 1,
    currency: 'EUR',
    startMs: 0,
    stepMinutes: dt.map((seconds) => seconds / 60),
    sites: [
      {
        id: 'site',
        loadW: meanW(gt),
        pvW: meanW(ft),
        pvMinW: meanW(ft),
        importLimitW: request.grid?.p_max_imp,
        exportLimitW: request.grid?.p_max_exp,
        importMicroPerKwh: importPrice.map((price) => price * MICRO_PER_KWH),
        exportMicroPerKwh: exportPrice.map((price) => price * MICRO_PER_KWH),
      },
    ],
    batteries: request.batteries.map((battery, index) => ({
      id: `battery-${index}`,
      siteId: 'site',
      capacityWh: Math.max(battery.s_capacity ?? 0, battery.s_max, battery.s_initial, 1),
      minEnergyWh: battery.s_min,
      maxEnergyWh: battery.s_max,
      initialEnergyWh: battery.s_initial,
      maxChargeW: battery.c_max,
      maxDischargeW: battery.d_max,
      minChargeW: battery.c_min,
      chargeEfficiency: request.eta_c,
      dischargeEfficiency: request.eta_d,
      terminalMicroPerKwh: battery.p_a * MICRO_PER_KWH,
      chargeFromGrid: battery.charge_from_grid ?? false,
      dischargeToGrid: battery.discharge_to_grid ?? false,
      targets: wishes(battery.s_goal),
      chargeDemands: wishes(battery.p_demand),
    })),
  });
};

interface Flows {
  readonly importWh: readonly number[];
  readonly exportWh: readonly number[];
  readonly batteries: readonly { readonly energyWh: readonly number[]; readonly chargeWh: readonly number[] }[];
}

/** What is bent, weighted as the cases do: 1000 for energy outside its range, 100 for the rest; Wh. */
const breachOf = ({ request }: SiteCase, { importWh, exportWh, batteries }: Flows): number => {
  const hours = request.time_series.dt.map((seconds) => seconds / 3_600);
  const beyond = (flows: readonly number[], limitW = Infinity): number =>
    flows.reduce((sum, energy, step) => sum + Math.max(0, energy - limitW * hours[step]!), 0);
  const perBattery = request.batteries.map((battery, b) => {
    const { energyWh, chargeWh } = batteries[b]!;
    const outside = energyWh.reduce((sum, energy) => sum + Math.max(0, battery.s_min - energy, energy - battery.s_max), 0);
    const short = (wanted: number[] = [], given: readonly number[]): number =>
      wanted.reduce((sum, energy, step) => sum + Math.max(0, energy - given[step]!), 0);
    return 1_000 * outside + 100 * (short(battery.s_goal, energyWh) + short(battery.p_demand, chargeWh));
  });
  const limits = beyond(importWh, request.grid?.p_max_imp) + beyond(exportWh, request.grid?.p_max_exp);
  return perBattery.reduce((sum, one) => sum + one, 100 * limits);
};

const storedFlows = ({ expected_response: stored }: SiteCase): Flows => ({
  importWh: stored.grid_import.map((energy, step) => energy + (stored.grid_import_overshoot?.[step] ?? 0)),
  exportWh: stored.grid_export.map((energy, step) => energy + (stored.grid_export_overshoot?.[step] ?? 0)),
  batteries: stored.batteries.map((battery) => ({ energyWh: battery.state_of_charge, chargeWh: battery.charging_power })),
});

const plannedFlows = ({ request }: SiteCase, plan: Schedule): Flows => {
  const hours = request.time_series.dt.map((seconds) => seconds / 3_600);
  const energy = (powerW: readonly number[], sign: 1 | -1): number[] =>
    powerW.map((power, step) => Math.max(0, sign * power) * hours[step]!);
  return {
    importWh: energy(plan.sites[0]!.gridW, 1),
    exportWh: energy(plan.sites[0]!.gridW, -1),
    batteries: plan.batteries.map(({ energyWh, powerW }) => ({ energyWh, chargeWh: energy(powerW, -1) })),
  };
};

/** Economic value as the data's README defines it, from the flows. */
const valueOf = ({ request }: SiteCase, { importWh, exportWh, batteries }: Flows): number => {
  const { dt, p_N: importPrice, p_E: exportPrice } = request.time_series;
  const paidFor = (energy: number, step: number): number =>
    Math.min(energy, atStep(request.grid?.p_max_exp ?? Infinity, step) * (dt[step]! / 3_600));
  const traded = dt.reduce(
    (sum, _, step) => sum - importWh[step]! * importPrice[step]! + paidFor(exportWh[step]!, step) * exportPrice[step]!,
    0,
  );
  return request.batteries.reduce((sum, battery, b) => sum + (batteries[b]!.energyWh.at(-1)! - battery.s_initial) * battery.p_a, traded);
};

/** Every stored single-site case: how much better (positive) than its stored answer, and whether any bends more. */
export const sitePlanRows = async (folder: string, begins: string): Promise<BenchRow[]> => {
  const rows: BenchRow[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    if (!file.startsWith(begins)) continue;
    const one = JSON.parse(readFileSync(join(folder, file), 'utf8')) as SiteCase;
    const problem = problemOf(one);
    const plan = await solvePlan(problem, { gap: 1e-6, timeLimitS: 60 });
    const flows = plannedFlows(one, plan);
    const { objective_value: objective, batteries } = one.expected_response;
    const wanted = one.request.batteries.reduce(
      (sum, { s_initial: initial, p_a: worth }, b) => sum + (batteries[b]!.state_of_charge[0]! - initial) * worth,
      objective,
    );
    const better = (valueOf(one, flows) - wanted) / Math.max(1, Math.abs(wanted));
    const faults = planFaults(problem, plan);
    const bends = breachOf(one, flows) - breachOf(one, storedFlows(one));
    const verdict = [
      ...(faults.length > 0 ? [`${faults.length} faults: ${faults[0]}`] : []),
      ...(better < -1e-4 ? ['worse'] : []),
      ...(bends > 100 ? [`bends ${bends.toFixed(0)} more`] : []),
    ];
    const name = file.replace('.json', '');
    rows.push(
      { what: `site ${name}: better than stored by`, value: better.toExponential(1), unit: 'of value' },
      { what: `site ${name}: verdict`, value: verdict.join(', ') || 'good', unit: `${plan.seconds.toFixed(2)} s` },
    );
  }
  return rows;
};
