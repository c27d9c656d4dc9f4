import { SECOND_MS } from '../kernel/units.js';
import type { GeneratorProblem } from './generator-problem.js';
import { fromRestW, rampDownW, rampUpW, toRestW, warmUpShare } from './generator-rules.js';
import type { Term } from './linear-model.js';
import { type ModelContext, PENALTIES, priceOf } from './mip-context.js';
import { costRows } from './mip-cost.js';
import type { CommitmentColumns, GeneratorColumns, ReserveWishes } from './mip-generator-columns.js';
import { generatorToldW } from './told-by-hand.js';

export type OutputColumns = Pick<GeneratorColumns, 'power' | 'up' | 'down'>;

interface Columns extends CommitmentColumns, Pick<GeneratorColumns, 'power'> {
  readonly firstWarmUp: readonly (Term | undefined)[];
  readonly heldUp: readonly (number | undefined)[];
  readonly heldDown: readonly (number | undefined)[];
}

/** What is left to maximum and minimum, as terms. */
interface Room {
  readonly above: Term[];
  readonly below: Term[];
}

/** What a group of like units gives and holds in reserve, by step, and what it costs. */
export const outputColumns = (
  context: ModelContext,
  kind: GeneratorProblem,
  commitment: CommitmentColumns,
  reserves: ReserveWishes,
): OutputColumns => {
  const { model, hours, unitW } = context;
  const count = model.upperOf(commitment.started[0]!);
  const most = count * (kind.maxW / unitW);
  const cost = energyCost(context, kind);
  const ramped = hours.map((_, step) => !free(context, kind, step));
  const held = (wanted: boolean, step: number): number | undefined =>
    wanted && (ramped[step] || stopsApart(context, kind, step)) ? model.column(0, most) : undefined;
  const columns: Columns = {
    ...commitment,
    firstWarmUp: firstWarmUps(context, kind, commitment),
    power: hours.map((hour) => model.column(0, most, cost * hour)),
    heldUp: hours.map((_, step) => held(reserves.up(step), step)),
    heldDown: hours.map((_, step) => held(reserves.down(step), step)),
  };
  const rooms = hours.map((_, step) => {
    const room = outputRange(context, kind, columns, step);
    const warm = warmTerms(context, kind, columns, step, 1);
    costRows(context, kind, { power: columns.power[step]!, warm, count }, step);
    if (ramped[step]) ramps(context, kind, columns, step);
    return room;
  });
  // Where one row limits what is held, its room is that, without a column.
  const holds = (column: number | undefined, room: Term[], wanted: boolean): Term[] =>
    column === undefined ? (wanted ? room : []) : [[column, 1]];
  return {
    power: columns.power,
    up: rooms.map(({ above }, step) => holds(columns.heldUp[step], above, reserves.up(step))),
    down: rooms.map(({ below }, step) => holds(columns.heldDown[step], below, reserves.down(step))),
  };
};

/** Starts whose warm-up reaches into a step, with the share of it they take. */
const warmUps = ({ steps }: ModelContext, kind: GeneratorProblem, { started }: CommitmentColumns, step: number): Term[] => {
  if (kind.warmUpS === 0) return [];
  return steps.slice(0, step + 1).flatMap(({ startMs }, at): Term[] => {
    const share = warmUpShare(kind, startMs, steps[step]!);
    return share > 0 ? [[started[at]!, share]] : [];
  });
};

/** How many units are warm in a step, as terms, times `factor`. */
const warmTerms = (context: ModelContext, kind: GeneratorProblem, columns: Columns, step: number, factor: number): Term[] => {
  const first = columns.firstWarmUp[step];
  return [
    [columns.on[step]!, factor],
    ...warmUps(context, kind, columns, step).map(([column, share]): Term => [column, -factor * share]),
    ...(first ? [[first[0], -factor * first[1]] as Term] : []),
  ];
};

/** Where the run it is in at the start still warms up: whether that run goes on, and the share of the step. */
const firstWarmUps = (context: ModelContext, kind: GeneratorProblem, { on, stopped }: CommitmentColumns): (Term | undefined)[] => {
  const { model, steps } = context;
  const { on: runs, sinceMs } = kind.initial;
  return steps.map((interval, step) => {
    const share = runs && sinceMs !== undefined ? warmUpShare(kind, sinceMs, interval) : 0;
    if (share === 0) return undefined;
    const goesOn = model.column(0, 1);
    const stops = stopped.slice(0, step + 1);
    model.row(1, Infinity, [[goesOn, 1], ...stops.map((column): Term => [column, 1])]);
    for (const column of stops)
      model.row(-Infinity, 1, [
        [goesOn, 1],
        [column, 1],
      ]);
    model.row(-Infinity, 0, [
      [goesOn, 1],
      [on[step]!, -1],
    ]);
    return [goesOn, share];
  });
};

const also = (column: number | undefined, coefficient: number): Term[] => (column === undefined ? [] : [[column, coefficient]]);

/** What it may give before a stop: W less than its maximum. */
const stopCutW = ({ steps }: ModelContext, kind: GeneratorProblem, step: number): number =>
  step + 1 < steps.length ? Math.max(0, kind.maxW - toRestW(kind, steps, step + 1)) : 0;

/** Whether the limit before a stop has a row of its own: a unit may start and stop in one step, or a warm-up may end just then. */
const stopsApart = (context: ModelContext, kind: GeneratorProblem, step: number): boolean => {
  const { startMs, endMs } = context.steps[step]!;
  return stopCutW(context, kind, step) > 0 && (kind.warmUpS > 0 || kind.minUpS * SECOND_MS <= endMs - startMs);
};

/**
 * Between minimum and maximum while on, for the part of the step in which it is warm; less where it has just started or is
 * about to stop (Morales-España, Latorre and Ramos, IEEE Trans. Power Systems 28(4), 2013, eq. 19–22). Reserve is room left
 * within these.
 */
const outputRange = (context: ModelContext, kind: GeneratorProblem, columns: Columns, step: number): Room => {
  const { model, steps, unitW } = context;
  const power = columns.power[step]!;
  const below: Term[] = [[power, 1], ...warmTerms(context, kind, columns, step, -kind.minW / unitW)];
  model.row(0, Infinity, [...below, ...also(columns.heldDown[step], -1)]);
  const startCut = kind.warmUpS > 0 ? 0 : Math.max(0, kind.maxW - fromRestW(kind, steps, step)) / unitW;
  const stopCut = stopCutW(context, kind, step) / unitW;
  const start: Term[] = startCut > 0 ? [[columns.started[step]!, -startCut]] : [];
  const stop: Term[] = stopCut > 0 ? [[columns.stopped[step + 1]!, -stopCut]] : [];
  const apart = stopsApart(context, kind, step);
  const above: Term[] = [[power, -1], ...warmTerms(context, kind, columns, step, kind.maxW / unitW), ...start, ...(apart ? [] : stop)];
  const held = also(columns.heldUp[step], -1);
  model.row(0, Infinity, [...above, ...held]);
  // What a warm-up takes must not be taken off once more by the limit at its stop.
  if (apart) model.row(0, Infinity, [[power, -1], ...held, [columns.on[step]!, kind.maxW / unitW], ...stop]);
  return { above, below };
};

/** Whether no ramp can bind: then the limits at start and stop say all. */
const free = ({ steps }: ModelContext, kind: GeneratorProblem, step: number): boolean => {
  const rangeW = kind.maxW - kind.minW;
  if (rampUpW(kind, steps, step) < rangeW || rampDownW(kind, steps, step) < rangeW) return false;
  if (step > 0) return kind.warmUpS === 0;
  return fromRestW(kind, steps, 0) >= kind.maxW && toRestW(kind, steps, 0) >= kind.initial.powerW && rampUpW(kind, steps, 0) >= kind.maxW;
};

/** Up and down by the ramp; from rest, out of a warm-up and to rest by their own limits. */
const ramps = (context: ModelContext, kind: GeneratorProblem, columns: Columns, step: number): void => {
  const { model, steps, hours, gravity, unitW } = context;
  const most = kind.maxW + kind.initial.powerW;
  const [up, down, from, to] = [rampUpW, rampDownW, fromRestW, toRestW].map((rule) => Math.min(rule(kind, steps, step), most) / unitW);
  const { on, started, stopped, power } = columns;
  // A ramp that is passed once would do as it is told by hand from then on: it counts for all that.
  const toldHours = hours.reduce((sum, hour, at) => (generatorToldW(kind, at) === undefined ? sum : sum + hour), 0);
  const slack = model.column(0, Infinity, PENALTIES.ramp * gravity * (hours[step]! + toldHours));
  const warming = step > 0 ? warmUps(context, kind, columns, step - 1) : [];
  const before: Term[] = step > 0 ? [[power[step - 1]!, 1]] : [];
  const beforeNow = step > 0 ? 0 : kind.initial.powerW / unitW;
  const sinceMs = kind.initial.on ? kind.initial.sinceMs : undefined;
  let given = step === 0 && kind.initial.on ? (kind.initial.powerW > 0 ? up! : from!) : 0;
  if (step > 0 && sinceMs !== undefined && warmUpShare(kind, sinceMs, steps[step - 1]!) > 0) given += from! - up!;
  model.row(-Infinity, beforeNow + given, [
    [power[step]!, 1],
    ...also(columns.heldUp[step], 1),
    ...before.map(([column]): Term => [column, -1]),
    ...(step > 0 ? [[on[step - 1]!, -up!] as Term] : []),
    [started[step]!, -from!],
    ...warming.map(([column]): Term => [column, up! - from!]),
    [slack, -1],
  ]);
  model.row(-Infinity, -beforeNow, [
    [power[step]!, -1],
    ...also(columns.heldDown[step], 1),
    ...before,
    [on[step]!, -down!],
    [stopped[step]!, -to!],
    [slack, -1],
  ]);
};

/** What a unit of energy of a generator costs, its carbon dioxide included. */
const energyCost = (context: ModelContext, kind: GeneratorProblem): number =>
  priceOf(context, kind.runningMicroPerKwh + kind.co2KgPerKwh * context.problem.co2MicroPerKg);
