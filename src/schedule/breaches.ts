import { noteGenerator } from './generator-breaches.js';
import { atStep, type BatteryProblem, type PlanningProblem, shareWithin } from './problem.js';
import { type Breach, BREACH_KINDS, type BreachKind, type Schedule } from './schedule.js';

/** Smaller excesses are rounding: W and Wh, or this share of the largest power. */
const TOLERANCE = 0.5;
const RELATIVE = 2e-7;

const toleranceOf = ({ sites, generators, stepMinutes }: PlanningProblem): number => {
  const largestW = Math.max(
    0,
    ...generators.map(({ maxW }) => maxW),
    ...sites.flatMap(({ loadW }) => stepMinutes.map((_, t) => atStep(loadW, t))),
  );
  return Math.max(TOLERANCE, RELATIVE * largestW);
};

type Plan = Pick<Schedule, 'steps' | 'sites' | 'batteries' | 'generators' | 'events' | 'reserves'>;
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
  return breaches.toSorted((a, b) => BREACH_KINDS.indexOf(a.kind) - BREACH_KINDS.indexOf(b.kind) || a.step - b.step);
};

const noteGrid = ({ sites, fleet }: PlanningProblem, plan: Plan, step: number, note: Note): void => {
  let netW = 0;
  sites.forEach(({ id, importLimitW, exportLimitW }, index) => {
    const gridW = plan.sites[index]!.gridW[step]!;
    netW += gridW;
    note('import-limit', id, step, gridW - atStep(importLimitW ?? Infinity, step));
    note('export-limit', id, step, -gridW - atStep(exportLimitW ?? Infinity, step));
  });
  note('fleet-import-limit', 'fleet', step, netW - atStep(fleet.importLimitW ?? Infinity, step));
  note('fleet-export-limit', 'fleet', step, -netW - atStep(fleet.exportLimitW ?? Infinity, step));
};

const noteEnergy = (battery: BatteryProblem, energyWh: number, step: number, note: Note): void => {
  const { id, minEnergyWh, maxEnergyWh, reserveFloorWh, targets } = battery;
  note('energy-range', id, step, Math.max(minEnergyWh - energyWh, energyWh - maxEnergyWh));
  const floorWh = Math.min(atStep(reserveFloorWh, step), maxEnergyWh);
  if (floorWh > minEnergyWh) note('reserve-floor', id, step, floorWh - Math.max(energyWh, minEnergyWh));
  for (const target of targets) if (target.step === step) note('energy-target', id, step, target.energyWh - energyWh);
};
