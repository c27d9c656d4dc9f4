import type { GeneratorProblem } from './generator-problem.js';
import { boundUntilMs } from './generator-rules.js';
import type { Term } from './linear-model.js';
import { budgetRows } from './mip-budget.js';
import { type ModelContext, PENALTIES } from './mip-context.js';
import type { CommitmentColumns, GeneratorColumns, ReserveWishes } from './mip-generator-columns.js';
import { outputColumns } from './mip-output.js';
import { generatorOverride } from './mip-override.js';
import { recentSums } from './mip-recent.js';
import { startColumns } from './mip-start.js';
import { atStep } from './problem-values.js';

/**
 * Unit commitment with three indicators a step (Garver 1962) and minimum times as Rajan and Takriti (2005); with several like
 * units the indicators count them, and the same rows hold.
 */
export const generatorColumns = (context: ModelContext, members: readonly number[], reserves: ReserveWishes): GeneratorColumns => {
  const generators = members.map((index) => context.problem.generators[index]!);
  const kind = generators[0]!;
  const commitment = commitmentColumns(context, generators);
  startColumns(context, generators, commitment);
  const output = outputColumns(context, kind, commitment, reserves);
  generatorOverride(context, kind, { ...commitment, power: output.power });
  budgetRows(context, kind, { ...commitment, power: output.power });
  return { members, ...commitment, ...output };
};

/** Whether what a unit does at the start still binds it at a step. An outage ends a minimum up time. */
const boundAt = ({ steps }: ModelContext, generator: GeneratorProblem): boolean[] => {
  const boundMs = boundUntilMs(generator);
  let bound = true;
  return steps.map(({ startMs }, step) => {
    bound &&= startMs < boundMs && (atStep(generator.available, step) || !generator.initial.on);
    return bound;
  });
};

const countAt = (bound: readonly (readonly boolean[])[], step: number): number => bound.filter((steps) => steps[step]).length;

const commitmentColumns = (context: ModelContext, generators: readonly GeneratorProblem[]): CommitmentColumns => {
  const { model, steps, hours, gravity, unitW } = context;
  const kind = generators[0]!;
  const running = generators.filter(({ initial }) => initial.on).map((generator) => boundAt(context, generator));
  const resting = generators.filter(({ initial }) => !initial.on).map((generator) => boundAt(context, generator));
  const count = generators.length;
  const columns = { on: [] as number[], started: [] as number[], stopped: [] as number[] };
  const { on, started, stopped } = columns;
  const noLoad = (kind.noLoadMicroPerH + kind.noLoadCo2KgPerH * context.problem.co2MicroPerKg) / 1e6;
  steps.forEach((_, step) => {
    const hour = hours[step]!;
    const upper = atStep(kind.available, step) ? count - countAt(resting, step) : 0;
    on.push(model.column(countAt(running, step), upper, noLoad * hour, true));
    started.push(model.column(0, count, 0));
    stopped.push(model.column(0, count));
    const before: Term[] = step > 0 ? [[on[step - 1]!, -1]] : [];
    const wasOn = step === 0 ? generators.filter(({ initial }) => initial.on).length : 0;
    model.row(wasOn, wasOn, [[on[step]!, 1], ...before, [started[step]!, -1], [stopped[step]!, 1]]);
    if (!atStep(kind.mustRun, step)) return;
    const missing = model.column(0, count, PENALTIES.mustRun * gravity * hour * (Math.max(kind.minW, 1) / unitW));
    model.row(count, Infinity, [
      [on[step]!, 1],
      [missing, 1],
    ]);
  });
  const starts = recentSums(context, started, kind.minUpS);
  const stops = recentSums(context, stopped, kind.minDownS);
  steps.forEach((_, step) => {
    model.row(-Infinity, -countAt(running, step), [...starts(step), [on[step]!, -1]]);
    model.row(-Infinity, count - countAt(resting, step), [...stops(step), [on[step]!, 1]]);
    if (mayWait(context, kind, step)) [started[step]!, stopped[step]!].forEach((column) => model.nothingAtFirst(column));
  });
  return columns;
};

/** With so many steps a first plan switches at few of them. */
const FINE_STEPS = 300;
const SWITCHES_AT = 24;

/** Whether a first plan need not switch a unit at a step: nothing that is asked of it changes there, and another step is near. */
const mayWait = ({ steps }: ModelContext, { available, mustRun, override }: GeneratorProblem, step: number): boolean => {
  if (steps.length < FINE_STEPS || step === 0) return false;
  const asked = (at: number): unknown[] => [atStep(available, at), atStep(mustRun, at), override?.powerW[at] ?? null];
  const [before, now] = [asked(step - 1), asked(step)];
  return step % Math.ceil(steps.length / SWITCHES_AT) !== 0 && before.every((one, index) => one === now[index]);
};
