import { overshootWh } from './flexible-load.js';
import type { Term } from './linear-model.js';
import { type ModelContext, PENALTIES } from './mip-context.js';
import { loadOverride } from './mip-override.js';
import { type FlexibleLoad, shareWithin } from './problem.js';
import { mayDrawW } from './told-by-hand.js';

/** Power drawn by one flexible load at each step; absent outside its time. */
export type LoadColumns = readonly (number | undefined)[];

/** A load is off or between its least and its most, and has its energy in time, softened. */
export const loadColumns = (context: ModelContext, load: FlexibleLoad): LoadColumns => {
  const { model, steps, hours, unitW, gravity } = context;
  const terms: Term[] = [];
  const columns = steps.map((step, index) => {
    const share = shareWithin(load, step);
    if (share === 0) return undefined;
    const most = mayDrawW(load, steps, index) / unitW;
    const draw = model.column(0, most);
    terms.push([draw, hours[index]!]);
    if (load.minW === 0 || most === 0) return draw;
    const draws = model.binary();
    model.row(-Infinity, 0, [
      [draw, 1],
      [draws, -most],
    ]);
    model.row(0, Infinity, [
      [draw, 1],
      [draws, (-load.minW * share) / unitW],
    ]);
    return draw;
  });
  if (terms.length === 0) return columns;
  const missing = model.column(0, Infinity, PENALTIES.target * gravity);
  model.row(load.energyWh / unitW, Infinity, [...terms, [missing, 1]]);
  model.row(-Infinity, (load.energyWh + overshootWh(load, steps)) / unitW, terms);
  loadOverride(context, load, columns);
  return columns;
};
