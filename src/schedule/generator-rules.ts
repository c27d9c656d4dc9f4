import type { Interval } from '../kernel/interval.js';
import { type EpochMs, SECOND_MS } from '../kernel/units.js';
import type { GeneratorProblem } from './generator-problem.js';

/** Share of a step in which a generator started at `startedMs` still warms up and gives nothing. */
export const warmUpShare = ({ warmUpS }: GeneratorProblem, startedMs: EpochMs, step: Interval): number => {
  const warmMs = startedMs + warmUpS * SECOND_MS;
  const coldMs = Math.min(warmMs, step.endMs) - Math.max(startedMs, step.startMs);
  return Math.max(0, coldMs) / (step.endMs - step.startMs);
};

/** Until when what it does at the start binds it: on for its minimum up time, or off for its minimum down time. */
export const boundUntilMs = ({ initial, minUpS, minDownS }: GeneratorProblem): EpochMs =>
  initial.sinceMs === undefined ? -Infinity : initial.sinceMs + (initial.on ? minUpS : minDownS) * SECOND_MS;

/** A ramp over the time between the middles of a step and the one before; before the first stands the initial power. */
const changeW = (rampWPerS: number | undefined, { initial }: GeneratorProblem, steps: readonly Interval[], step: number): number => {
  if (rampWPerS === undefined) return Infinity;
  const lengthMs = (index: number): number =>
    steps[index] ? steps[index].endMs - steps[index].startMs : (initial.meanOverS ?? 0) * SECOND_MS;
  return (rampWPerS * (lengthMs(step - 1) + lengthMs(step))) / 2 / SECOND_MS;
};

/** Most its mean power may rise from the step before to this one. Infinite without a ramp. */
export const rampUpW = (generator: GeneratorProblem, steps: readonly Interval[], step: number): number =>
  changeW(generator.rampWPerS, generator, steps, step);

/** Most its mean power may fall from the step before to this one. */
export const rampDownW = (generator: GeneratorProblem, steps: readonly Interval[], step: number): number =>
  changeW(generator.rampDownWPerS ?? generator.rampWPerS, generator, steps, step);

/** What it may come up to from rest at once: its start-up limit; without one its minimum power, or one ramp if that is more. */
export const fromRestW = (generator: GeneratorProblem, steps: readonly Interval[], step: number): number =>
  generator.startUpW ?? Math.max(generator.minW, rampUpW(generator, steps, step));

/** What it may go to rest from at once, likewise. */
export const toRestW = (generator: GeneratorProblem, steps: readonly Interval[], step: number): number =>
  generator.shutDownW ?? Math.max(generator.minW, rampDownW(generator, steps, step));

/** Since when it runs, step by step: `-Infinity` if for long, `undefined` while off. */
export const startedAt = ({ initial }: GeneratorProblem, on: readonly boolean[], steps: readonly Interval[]): (EpochMs | undefined)[] => {
  let startedMs = initial.on ? (initial.sinceMs ?? -Infinity) : undefined;
  return steps.map(({ startMs }, step) => {
    startedMs = on[step] ? (startedMs ?? startMs) : undefined;
    return startedMs;
  });
};

/** Share of each step in which it gives power: 0 while off, 1 once it is warm. */
export const warmShares = (generator: GeneratorProblem, on: readonly boolean[], steps: readonly Interval[]): number[] =>
  startedAt(generator, on, steps).map((startedMs, step) =>
    startedMs === undefined ? 0 : 1 - warmUpShare(generator, startedMs, steps[step]!),
  );

/** What it did before a step. */
export interface Before {
  readonly ran: boolean;
  readonly warming: boolean;
  readonly powerW: number;
}

/** Most its mean power may rise to a step: its ramp; from rest and out of a warm-up what it may come up to from rest. */
export const riseW = (generator: GeneratorProblem, { ran, warming, powerW }: Before, steps: readonly Interval[], step: number): number => {
  const restW = fromRestW(generator, steps, step);
  if (!ran || warming) return restW;
  const changesW = rampUpW(generator, steps, step);
  return powerW === 0 ? Math.max(changesW, restW) : changesW;
};

/** What a plan has a generator do before a step; before the first stands its initial state. */
export const beforeStep = (
  { initial }: GeneratorProblem,
  { on, powerW }: { readonly on: readonly boolean[]; readonly powerW: readonly number[] },
  warm: readonly number[],
  step: number,
): Before =>
  step === 0
    ? { ran: initial.on, warming: false, powerW: initial.powerW }
    : { ran: on[step - 1]!, warming: on[step - 1]! && warm[step - 1]! < 1, powerW: powerW[step - 1]! };
