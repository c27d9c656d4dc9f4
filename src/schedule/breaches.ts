import { fromRestW, rampW, warmUpShare } from './generator-rules.js';
import { atStep, type BatteryProblem, eventShare, type GeneratorProblem, type PlanningProblem } from './problem.js';
import { type Breach, BREACH_KINDS, type BreachKind, type Schedule } from './schedule.js';

/** Smaller excesses are rounding: W and Wh. */
const TOLERANCE = 0.5;

type Plan = Pick<Schedule, 'steps' | 'sites' | 'batteries' | 'generators' | 'events'>;
type Note = (kind: BreachKind, subject: string, step: number, size: number) => void;

/** Everything a plan had to bend, dearest kind first, then by step. */
export const breachesOf = (problem: PlanningProblem, plan: Plan): Breach[] => {
  const breaches: Breach[] = [];
  const note: Note = (kind, subject, step, size) => {
    if (size > TOLERANCE) breaches.push({ kind, subject, step, startMs: plan.steps[step]!.startMs, size: Math.round(size * 10) / 10 });
  };
  plan.steps.forEach((_, step) => {
    noteGrid(problem, plan, step, note);
    problem.batteries.forEach((battery, index) => noteEnergy(battery, plan.batteries[index]!.energyWh[step]!, step, note));
    problem.generators.forEach((generator, index) => note('generator-ramp', generator.id, step, beyondRamp(generator, plan, index, step)));
    problem.events.forEach((event, index) => {
      if (eventShare(event, plan.steps[step]!) > 0)
        note('event-shortfall', event.id, step, event.powerW - plan.events[index]!.deliveredW[step]!);
    });
  });
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

/**
 * How much more than its ramp a generator changes from one step's mean to the next. From rest, out of a warm-up and to
 * rest `fromRestW` is allowed.
 */
const beyondRamp = (generator: GeneratorProblem, { steps, generators }: Plan, index: number, step: number): number => {
  const { on, powerW } = generators[index]!;
  const before = step === 0 ? generator.initial.powerW : powerW[step - 1]!;
  const lastOff = on.lastIndexOf(false, step - 1);
  const startedMs = lastOff >= 0 || !generator.initial.on ? steps[lastOff + 1]?.startMs : generator.initial.sinceMs;
  const warming = step > 0 && startedMs !== undefined && warmUpShare(generator, startedMs, steps[step - 1]!) > 0;
  const rest = before === 0 || !on[step] || warming;
  return Math.abs(powerW[step]! - before) - (rest ? fromRestW(generator, steps, step) : rampW(generator, steps, step));
};
