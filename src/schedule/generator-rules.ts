import type { Interval } from '../kernel/interval.js';
import { type EpochMs, SECOND_MS } from '../kernel/units.js';
import type { GeneratorProblem } from './problem.js';

/** Share of a step in which a generator started at `startedMs` still warms up and gives nothing. */
export const warmUpShare = ({ warmUpS }: GeneratorProblem, startedMs: EpochMs, step: Interval): number => {
  const warmMs = startedMs + warmUpS * SECOND_MS;
  const coldMs = Math.min(warmMs, step.endMs) - Math.max(startedMs, step.startMs);
  return Math.max(0, coldMs) / (step.endMs - step.startMs);
};

/** Until when what it does at the start binds it: on for its minimum up time, or off for its minimum down time. */
export const boundUntilMs = ({ initial, minUpS, minDownS }: GeneratorProblem): EpochMs =>
  initial.sinceMs === undefined ? -Infinity : initial.sinceMs + (initial.on ? minUpS : minDownS) * SECOND_MS;

/**
 * Most its mean power may change from the step before to this one: its ramp over the time between their middles; before
 * the first step stands the present power. Infinite without a ramp.
 */
export const rampW = ({ rampWPerS }: GeneratorProblem, steps: readonly Interval[], step: number): number => {
  if (rampWPerS === undefined) return Infinity;
  const lengthMs = (index: number): number => (steps[index] ? steps[index].endMs - steps[index].startMs : 0);
  return (rampWPerS * (lengthMs(step - 1) + lengthMs(step))) / 2 / SECOND_MS;
};

/** What it may come up to from rest, and go to rest from, at once: its minimum power, or one ramp if that is more. */
export const fromRestW = (generator: GeneratorProblem, steps: readonly Interval[], step: number): number =>
  Math.max(generator.minW, rampW(generator, steps, step));
