import { type ModelContext, PENALTIES } from './mip-context.js';
import type { Term } from './linear-model.js';
import type { FlexibleLoad, GeneratorProblem } from './problem.js';
import { generatorToldW, loadToldW, stepsHeld, type Told } from './told-by-hand.js';

/** What leaving an override costs a battery: much where what it holds is known, else less than what it keeps back. */
export const overridePenalty = (known: boolean): number => (known ? PENALTIES.batteryOverride : PENALTIES.override * BLIND);

/** Below it no quarter-hour of a reserve floor is worth the energy that an override asks for. */
const BLIND = 0.25;

/** A battery that somebody has set by hand does so, as far as limits let it. */
export const batteryOverride = (
  context: ModelContext,
  course: readonly (Told | undefined)[],
  { charge, discharge }: Record<'charge' | 'discharge', readonly number[]>,
): void => {
  const { hours, gravity, unitW } = context;
  course.forEach((told, step) => {
    if (!told) return;
    const price = overridePenalty(told.known) * gravity * hours[step]!;
    const [along, against] = told.powerW < 0 ? [charge[step]!, discharge[step]!] : [discharge[step]!, charge[step]!];
    keepTo(context, along, Math.abs(told.powerW) / unitW, price);
    context.model.addCost(against, price);
  });
};

/** A generator that somebody has set by hand runs or stands as told, as far as its times, its ramps and limits let it. */
export const generatorOverride = (
  context: ModelContext,
  generator: GeneratorProblem,
  { on, power }: Record<'on' | 'power', readonly number[]>,
): void => {
  const { model, hours, gravity, unitW } = context;
  on.forEach((running, step) => {
    const toldW = generatorToldW(generator, step);
    if (toldW === undefined || model.upperOf(running) === 0) return;
    const price = PENALTIES.override * gravity * hours[step]!;
    keepTo(context, running, toldW > 0 ? 1 : 0, price * (Math.max(generator.minW, 1) / unitW));
    keepTo(context, power[step]!, toldW / unitW, price);
  });
};

/** What a load that a person holds draws too late costs for each hour, as a multiple of the gravest price: more than waiting can gain. */
const LATE = 2;
/** And for so many hours at most, or that would weigh more than what it never draws. */
const LATE_H = 4;

/** A load that a person holds draws what it is let as soon as it can; what a limit keeps from it it makes up for. */
export const loadOverride = (
  { model, steps, hours, gravity, unitW }: ModelContext,
  load: FlexibleLoad,
  columns: readonly (number | undefined)[],
): void => {
  if (!load.override) return;
  const held = stepsHeld(load, steps);
  const heldHours = hours.slice(0, held).reduce((sum, hour) => sum + hour, 0);
  const late = LATE * Math.min(1, LATE_H / heldHours) * gravity;
  const drawn: Term[] = [];
  let dueWh = 0;
  for (const [step, draw] of columns.slice(0, held).entries()) {
    if (draw === undefined) continue;
    const hour = hours[step]!;
    const toldW = loadToldW(load, steps, step, dueWh);
    dueWh += toldW * hour;
    drawn.push([draw, hour]);
    if (toldW > 0)
      model.row(toldW / unitW, Infinity, [
        [draw, 1],
        [model.column(0, Infinity, PENALTIES.override * gravity * hour), 1],
      ]);
    if (dueWh > 0) model.row(dueWh / unitW, Infinity, [...drawn, [model.column(0, Infinity, late * hour), 1]]);
  }
};

/** Charges for each unit by which a column is off a value. */
const keepTo = ({ model }: ModelContext, column: number, value: number, price: number): void => {
  if (value <= 0) return model.addCost(column, price);
  model.addCost(column, -price);
  model.addOffset(price * value);
  if (model.upperOf(column) <= value) return;
  const beyond = model.column(0, Infinity, 2 * price);
  model.row(-Infinity, value, [
    [column, 1],
    [beyond, -1],
  ]);
};
