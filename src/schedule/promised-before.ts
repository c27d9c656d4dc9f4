import type { Interval } from '../kernel/interval.js';
import type { PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

/** The step of the earlier plan that most of a step falls into; `undefined` where it does not reach. */
const promisedStep = (before: readonly Interval[], { startMs, endMs }: Interval): number | undefined => {
  const middleMs = (startMs + endMs) / 2;
  const step = before.findIndex((one) => one.startMs <= middleMs && middleMs < one.endMs);
  return step < 0 ? undefined : step;
};

/**
 * The problem with what an earlier plan has said of its devices; a fallback promises nothing, and neither does what a person had set by
 * hand in the problem it was made of, `posed`.
 */
export const withPromises = (
  problem: PlanningProblem,
  steps: readonly Interval[],
  { plan: before, posed }: { readonly plan: Schedule | undefined; readonly posed?: PlanningProblem | undefined },
  changeMicroPerKwh: number,
): PlanningProblem => {
  if (!before || before.status === 'fallback') return problem;
  const at = steps.map((step) => promisedStep(before.steps, step));
  if (at.every((step) => step === undefined)) return problem;
  const said = <T>(values: readonly T[], set: readonly (number | null)[] = []): (T | null)[] =>
    at.map((step) => (step === undefined || (set[step] ?? null) !== null ? null : (values[step] ?? null)));
  const setOn = (devices: readonly { id: string; override?: { powerW: (number | null)[] } | undefined }[] = [], id: string) =>
    devices.find((device) => device.id === id)?.override?.powerW;
  return {
    ...problem,
    promises: {
      changeMicroPerKwh,
      batteries: problem.batteries.flatMap(({ id }) => {
        const plan = before.batteries.find(({ batteryId }) => batteryId === id);
        return plan ? [{ id, powerW: said(plan.powerW, setOn(posed?.batteries, id)) }] : [];
      }),
      generators: problem.generators.flatMap(({ id }) => {
        const plan = before.generators.find(({ generatorId }) => generatorId === id);
        return plan ? [{ id, on: said(plan.on, setOn(posed?.generators, id)) }] : [];
      }),
    },
  };
};
