import type { Interval } from '../kernel/interval.js';
import { HOUR_MS } from '../kernel/units.js';
import { noteGenerator } from './generator-breaches.js';
import { FULL_WITHIN_WH, throughputWh } from './battery-problem.js';
import { batteryToldW, loadToldW, stepsHeld } from './told-by-hand.js';
import { atStep, type BatteryProblem, feedersOf, type FlexibleLoad, type PlanningProblem, shareWithin } from './problem.js';
import { type BatteryPlan, type Breach, BREACH_KINDS, type BreachKind, type Schedule } from './schedule.js';

/** Smaller excesses are rounding: W and Wh, or this share of the largest power. */
const TOLERANCE = 0.5;
const RELATIVE = 2e-7;

const toleranceOf = ({ sites, generators, stepMinutes }: PlanningProblem): number => {
  let largestW = 0;
  for (const { maxW } of generators) largestW = Math.max(largestW, maxW);
  for (const { loadW } of sites) stepMinutes.forEach((_, step) => (largestW = Math.max(largestW, atStep(loadW, step))));
  return Math.max(TOLERANCE, RELATIVE * largestW);
};

type Plan = Pick<Schedule, 'steps' | 'sites' | 'batteries' | 'generators' | 'loads' | 'events' | 'reserves'>;
/** What is counted in something else than W and Wh. */
const COUNTED: ReadonlySet<BreachKind> = new Set(['run-time-budget', 'fuel-budget', 'start-budget']);
const COUNT_TOLERANCE = 0.05;

type Note = (kind: BreachKind, subject: string, step: number, size: number) => void;

/** Everything a plan had to bend, dearest kind first, then by step. */
export const breachesOf = (problem: PlanningProblem, plan: Plan): Breach[] => {
  const breaches: Breach[] = [];
  const tolerance = toleranceOf(problem);
  const note: Note = (kind, subject, step, size) => {
    if (size > (COUNTED.has(kind) ? COUNT_TOLERANCE : tolerance))
      breaches.push({ kind, subject, step, startMs: plan.steps[step]!.startMs, size: Math.round(size * 10) / 10 });
  };
  plan.steps.forEach((_, step) => {
    noteGrid(problem, plan, step, note);
    problem.batteries.forEach((battery, index) => noteEnergy(battery, plan.batteries[index]!.energyWh[step]!, step, note));
    problem.reserves.forEach((reserve, index) =>
      note('reserve-shortfall', reserve.id, step, atStep(reserve.powerW, step) - plan.reserves[index]!.heldW[step]!),
    );
    problem.events.forEach((event, index) => {
      if (shareWithin(event, plan.steps[step]!) > 0)
        note('event-shortfall', event.id, step, event.powerW - plan.events[index]!.deliveredW[step]!);
    });
  });
  problem.generators.forEach((generator, index) =>
    noteGenerator(generator, plan.generators[index]!, plan.steps, (kind, step, size) => note(kind, generator.id, step, size)),
  );
  problem.batteries.forEach((battery, index) => noteWork(battery, plan.batteries[index]!, plan.steps, note));
  problem.flexibleLoads.forEach((load, index) => noteLoad(load, plan.loads[index]!.drawW, plan.steps, note));
  return breaches.toSorted((a, b) => BREACH_KINDS.indexOf(a.kind) - BREACH_KINDS.indexOf(b.kind) || a.step - b.step);
};

const noteGrid = (problem: PlanningProblem, plan: Plan, step: number, note: Note): void => {
  problem.sites.forEach(({ id, importLimitW, exportLimitW }, index) => {
    const gridW = plan.sites[index]!.gridW[step]!;
    note('import-limit', id, step, gridW - atStep(importLimitW ?? Infinity, step));
    note('export-limit', id, step, -gridW - atStep(exportLimitW ?? Infinity, step));
  });
  for (const { id, siteIds, importLimitW, exportLimitW } of feedersOf(problem)) {
    if (importLimitW === undefined && exportLimitW === undefined) continue;
    const here = new Set(siteIds);
    const netW = plan.sites.reduce((sum, { siteId, gridW }) => (here.has(siteId) ? sum + gridW[step]! : sum), 0);
    note('fleet-import-limit', id, step, netW - atStep(importLimitW ?? Infinity, step));
    note('fleet-export-limit', id, step, -netW - atStep(exportLimitW ?? Infinity, step));
  }
};

const noteEnergy = (battery: BatteryProblem, energyWh: number, step: number, note: Note): void => {
  const { id, minEnergyWh, maxEnergyWh, reserveFloorWh, targets } = battery;
  note('energy-range', id, step, Math.max(minEnergyWh - energyWh, energyWh - maxEnergyWh));
  const floorWh = Math.min(atStep(reserveFloorWh, step), maxEnergyWh);
  if (floorWh > minEnergyWh) note('reserve-floor', id, step, floorWh - Math.max(energyWh, minEnergyWh));
  for (const target of targets) if (target.step === step) note('energy-target', id, step, target.energyWh - energyWh);
};

const hoursOf = ({ startMs, endMs }: Interval): number => (endMs - startMs) / HOUR_MS;

/** What a battery is to charge in single steps, what it is told by hand, and may discharge over all of them. */
const noteWork = (battery: BatteryProblem, { powerW, energyWh: storedWh }: BatteryPlan, steps: readonly Interval[], note: Note): void => {
  for (const { step, energyWh } of battery.chargeDemands)
    if (storedWh[step]! < battery.maxEnergyWh - FULL_WITHIN_WH)
      note('charge-demand', battery.id, step, energyWh - Math.max(0, -powerW[step]!) * hoursOf(steps[step]!));
  steps.forEach((step, index) => {
    const toldW = batteryToldW(battery, index, storedWh[index - 1] ?? battery.initialEnergyWh, hoursOf(step));
    if (toldW !== undefined) note('override', battery.id, index, Math.abs(powerW[index]! - toldW));
  });
  const dischargedWh = steps.reduce((sum, step, index) => sum + Math.max(0, powerW[index]!) * hoursOf(step), 0);
  const mostWh = throughputWh(battery, steps[0]!.startMs, steps.at(-1)!.endMs);
  note('throughput', battery.id, steps.length - 1, dischargedWh - mostWh);
};

/** What a load that a person holds is kept from drawing. */
const noteHeld = (load: FlexibleLoad, drawW: readonly number[], steps: readonly Interval[], note: Note): void => {
  let drawnWh = 0;
  for (const [index, step] of steps.slice(0, stepsHeld(load, steps)).entries()) {
    note('override', load.id, index, loadToldW(load, steps, index, drawnWh) - drawW[index]!);
    drawnWh += drawW[index]! * hoursOf(step);
  }
};

const noteLoad = (load: FlexibleLoad, drawW: readonly number[], steps: readonly Interval[], note: Note): void => {
  const last = steps.findLastIndex((step) => shareWithin(load, step) > 0);
  if (last < 0) return;
  if (load.override) noteHeld(load, drawW, steps, note);
  note('load-energy', load.id, last, load.energyWh - steps.reduce((sum, step, index) => sum + drawW[index]! * hoursOf(step), 0));
};
