import { SECOND_MS } from '../kernel/units.js';
import { boundUntilMs, fromRestW, rampW, warmUpShare } from './generator-rules.js';
import type { Term } from './linear-model.js';
import { type ModelContext, PENALTIES } from './mip-context.js';
import { atStep, type GeneratorProblem } from './problem.js';

/** Columns of one generator by step: on, started in this step, stopped at its start; mean power in kW. */
export interface GeneratorColumns {
  readonly on: readonly number[];
  readonly started: readonly number[];
  readonly stopped: readonly number[];
  readonly power: readonly number[];
}

/** Unit commitment with three indicators a step (Garver 1962) and minimum times as Rajan and Takriti (2005). */
export const generatorColumns = (context: ModelContext, generator: GeneratorProblem): GeneratorColumns => {
  const { model, steps, hours } = context;
  const { initial } = generator;
  const boundMs = boundUntilMs(generator);
  const on: number[] = [];
  const started: number[] = [];
  const stopped: number[] = [];
  const power: number[] = [];
  let bound = true;
  steps.forEach(({ startMs }, step) => {
    const hour = hours[step]!;
    const available = atStep(generator.available, step);
    bound &&= startMs < boundMs && (available || !initial.on);
    const lower = bound && initial.on ? 1 : 0;
    const upper = available && !(bound && !initial.on) ? 1 : 0;
    on.push(model.column(lower, upper, (generator.noLoadMicroPerH / 1e6) * hour, true));
    started.push(model.column(0, 1, generator.startMicro / 1e6));
    stopped.push(model.column(0, 1));
    power.push(model.column(0, generator.maxW / 1_000, (generator.runningMicroPerKwh / 1e6) * hour));
    const before: Term[] = step > 0 ? [[on[step - 1]!, -1]] : [];
    const wasOn = step === 0 && initial.on ? 1 : 0;
    model.row(wasOn, wasOn, [[on[step]!, 1], ...before, [started[step]!, -1], [stopped[step]!, 1]]);
  });
  const columns = { on, started, stopped, power };
  steps.forEach((_, step) => {
    minimumTimes(context, generator, columns, step);
    outputRange(context, generator, columns, step);
    if (generator.rampWPerS !== undefined) ramps(context, generator, columns, step);
  });
  return columns;
};

/** Steps up to this one that began less than `seconds` before it did. */
const recent = ({ steps }: ModelContext, step: number, seconds: number): number[] => {
  const recents = [step];
  for (let earlier = step - 1; earlier >= 0; earlier -= 1) {
    if (steps[earlier]!.startMs + seconds * SECOND_MS <= steps[step]!.startMs) break;
    recents.push(earlier);
  }
  return recents;
};

const minimumTimes = (
  context: ModelContext,
  generator: GeneratorProblem,
  { on, started, stopped }: GeneratorColumns,
  step: number,
): void => {
  const starts = recent(context, step, generator.minUpS).map((at): Term => [started[at]!, 1]);
  const stops = recent(context, step, generator.minDownS).map((at): Term => [stopped[at]!, 1]);
  context.model.row(-Infinity, 0, [...starts, [on[step]!, -1]]);
  context.model.row(-Infinity, 1, [...stops, [on[step]!, 1]]);
};

/** Starts whose warm-up reaches into a step, with the share of it they take. */
const warmUps = ({ steps }: ModelContext, generator: GeneratorProblem, { started }: GeneratorColumns, step: number): Term[] =>
  steps.slice(0, step + 1).flatMap(({ startMs }, at): Term[] => {
    const share = warmUpShare(generator, startMs, steps[step]!);
    return share > 0 ? [[started[at]!, share]] : [];
  });

/** Between minimum and maximum while on, for the part of the step in which it is warm. */
const outputRange = (context: ModelContext, generator: GeneratorProblem, columns: GeneratorColumns, step: number): void => {
  const { model, steps } = context;
  const sinceMs = generator.initial.on ? generator.initial.sinceMs : undefined;
  const alreadyWarm = sinceMs === undefined ? 1 : 1 - warmUpShare(generator, sinceMs, steps[step]!);
  const warming = warmUps(context, generator, columns, step);
  for (const [limitW, lower, upper] of [
    [generator.maxW, -Infinity, 0],
    [generator.minW, 0, Infinity],
  ] as const) {
    const limitKw = limitW / 1_000;
    model.row(lower, upper, [
      [columns.power[step]!, 1],
      [columns.on[step]!, -limitKw * alreadyWarm],
      ...warming.map(([column, share]): Term => [column, limitKw * share]),
    ]);
  }
};

/** Up and down by the ramp; from rest, out of a warm-up and to rest by `fromRestW`. */
const ramps = (context: ModelContext, generator: GeneratorProblem, columns: GeneratorColumns, step: number): void => {
  const { model, steps, hours, scale } = context;
  const rampKw = rampW(generator, steps, step) / 1_000;
  if (rampKw >= generator.maxW / 1_000 && step > 0) return;
  const restKw = fromRestW(generator, steps, step) / 1_000;
  const { on, started, stopped, power } = columns;
  const slack = model.column(0, Infinity, PENALTIES.ramp * scale * hours[step]!);
  const warming = step > 0 ? warmUps(context, generator, columns, step - 1) : [];
  const before: Term[] = step > 0 ? [[power[step - 1]!, 1]] : [];
  const beforeKw = step > 0 ? 0 : generator.initial.powerW / 1_000;
  const sinceMs = generator.initial.on ? generator.initial.sinceMs : undefined;
  let givenKw = step === 0 && generator.initial.on ? (generator.initial.powerW > 0 ? rampKw : restKw) : 0;
  if (step > 0 && sinceMs !== undefined && warmUpShare(generator, sinceMs, steps[step - 1]!) > 0) givenKw += restKw - rampKw;
  model.row(-Infinity, beforeKw + givenKw, [
    [power[step]!, 1],
    ...before.map(([column]): Term => [column, -1]),
    ...(step > 0 ? [[on[step - 1]!, -rampKw] as Term] : []),
    [started[step]!, -restKw],
    ...warming.map(([column]): Term => [column, rampKw - restKw]),
    [slack, -1],
  ]);
  model.row(-Infinity, -beforeKw, [[power[step]!, -1], ...before, [on[step]!, -rampKw], [stopped[step]!, -restKw], [slack, -1]]);
};
