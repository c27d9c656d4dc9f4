import type { Interval } from '../kernel/interval.js';
import { clamp, type EpochMs, SECOND_MS } from '../kernel/units.js';
import { startMicroAfter } from './generator-cost.js';
import type { GeneratorProblem } from './generator-problem.js';

export interface UnitRun {
  readonly on: boolean[];
  readonly powerW: number[];
}

interface Unit {
  readonly run: UnitRun;
  running: boolean;
  sinceMs: EpochMs;
}

/**
 * Gives the plan of several like units back to each of them. Who has run longest stops first and so is free to. Power is shared evenly,
 * which is cheapest where cost is convex.
 * `counts` says how many are on at each step, `powerW` what they give together. A single unit gets all of it.
 */
export const giveBack = (
  generators: readonly GeneratorProblem[],
  steps: readonly Interval[],
  { counts, powerW }: { readonly counts: readonly number[]; readonly powerW: readonly number[] },
): UnitRun[] => {
  const kind = generators[0]!;
  const units = generators.map(({ initial }): Unit => ({
    run: { on: [], powerW: [] },
    running: initial.on,
    sinceMs: initial.sinceMs ?? -Infinity,
  }));
  steps.forEach(({ startMs }, step) => {
    const count = counts[step]!;
    const change = count - units.filter(({ running }) => running).length;
    for (const unit of change < 0 ? longestFirst(units.filter(({ running }) => running)).slice(0, -change) : [])
      Object.assign(unit, { running: false, sinceMs: startMs });
    for (const unit of change > 0 ? toStart(units, kind, startMs).slice(0, change) : [])
      Object.assign(unit, { running: true, sinceMs: startMs });
    const shareW = count > 0 ? clamp(powerW[step]! / count, 0, kind.maxW) : 0;
    for (const { run, running } of units) {
      run.on.push(running);
      run.powerW.push(running ? shareW : 0);
    }
  });
  return units.map(({ run }) => run);
};

const older = (a: Unit, b: Unit): number => (a.sinceMs === b.sinceMs ? 0 : a.sinceMs - b.sinceMs);

const longestFirst = (units: readonly Unit[]): Unit[] => units.toSorted((a, b) => older(a, b));

/**
 * Units that may start, cheapest start first; of those that cost the same, the one that has stood longest and would cool first. So
 * as many starts are warm as can be.
 */
const toStart = (units: readonly Unit[], kind: GeneratorProblem, startMs: EpochMs): Unit[] => {
  const rested = units.filter(({ running, sinceMs }) => !running && startMs - sinceMs >= kind.minDownS * SECOND_MS - 1);
  const cost = ({ sinceMs }: Unit): number => startMicroAfter(kind, startMs - sinceMs);
  return rested.toSorted((a, b) => cost(a) - cost(b) || older(a, b));
};
