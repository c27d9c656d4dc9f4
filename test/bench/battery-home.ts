import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seriesFromCsv } from '../../src/forecast/csv-history.js';
import type { PowerSeries, SiteHistory } from '../../src/forecast/history.js';
import { BadInput } from '../../src/kernel/errors.js';
import { HOUR_MS, type Watt } from '../../src/kernel/units.js';
import { type PlanningProblem, planningProblemSchema } from '../../src/schedule/problem.js';

/** One measured home over a year, hour by hour, with the price of each hour. Export earns nothing. */
export interface MeasuredHome {
  readonly name: string;
  readonly history: SiteHistory;
  readonly importMicroPerKwh: readonly number[];
  /** The battery that is tried at it. */
  readonly capacityWh: number;
  readonly powerW: Watt;
}

export const ZONE = 'America/Los_Angeles';
/** Of charging and of discharging. */
const EFFICIENCY = Math.sqrt(0.9);
/** Energy left at the end of a plan counts for a little less than it would cost to buy again; as in the plans of a plant. */
const LEFT_OVER_WORTH = 0.8;

const columnOf = (folder: string, file: string, column: string): PowerSeries => {
  const path = join(folder, file);
  try {
    return seriesFromCsv(readFileSync(path, 'utf8'), column, file);
  } catch (error) {
    throw error instanceof BadInput ? error : new BadInput(`--data: ${path} can't be read`);
  }
};

/** An hour that was not measured is as the one before. */
const filled = (series: PowerSeries): PowerSeries => {
  let last = 0;
  return { ...series, values: series.values.map((value) => (last = value ?? last)) };
};

export const measuredHome = (folder: string, name: string): MeasuredHome => {
  const file = `${name}.csv`;
  const [load, pv] = [filled(columnOf(folder, file, 'load_w')), filled(columnOf(folder, file, 'pv_w'))];
  const prices = filled(columnOf(folder, 'prices.csv', 'price_per_kwh'));
  if (prices.startMs !== load.startMs || load.stepMs !== HOUR_MS) throw new BadInput(`${file} and prices.csv are not of the same hours`);
  return {
    name,
    history: { load, pv },
    importMicroPerKwh: load.values.map((_, hour) => Math.round(1e6 * (prices.values[hour] ?? prices.values.at(-1)!))),
    capacityWh: 6_400,
    powerW: 5_000,
  };
};

export interface HoursAhead {
  readonly loadW: readonly Watt[];
  readonly pvW: readonly Watt[];
}

interface Outlook {
  readonly hour: number;
  readonly storedWh: number;
  readonly ahead: HoursAhead;
  readonly courses?: readonly HoursAhead[];
  /** Where nothing comes after it. */
  readonly toTheEnd?: boolean;
}

/** What is to be planned from an hour on: the battery as it stands, load and sun as expected, and the courses they may take instead. */
export const homeProblem = (home: MeasuredHome, { hour, storedWh, ahead, courses = [], toTheEnd = false }: Outlook): PlanningProblem => {
  const prices = ahead.loadW.map((_, step) => home.importMicroPerKwh[hour + step] ?? home.importMicroPerKwh.at(-1)!);
  return planningProblemSchema.parse({
    version: 1,
    currency: 'USD',
    startMs: home.history.load.startMs + hour * HOUR_MS,
    stepMinutes: prices.map(() => 60),
    sites: [{ id: home.name, ...ahead, importMicroPerKwh: prices, exportMicroPerKwh: 0 }],
    batteries: [
      {
        id: 'battery',
        siteId: home.name,
        capacityWh: home.capacityWh,
        minEnergyWh: 0,
        maxEnergyWh: home.capacityWh,
        initialEnergyWh: storedWh,
        maxChargeW: home.powerW,
        maxDischargeW: home.powerW,
        chargeEfficiency: EFFICIENCY,
        dischargeEfficiency: EFFICIENCY,
        terminalMicroPerKwh: toTheEnd ? 0 : LEFT_OVER_WORTH * prices.reduce((least, price) => Math.min(least, price)) * EFFICIENCY,
      },
    ],
    scenarios: courses.map((course, index) => ({
      id: `course-${index + 1}`,
      probability: 1 / courses.length,
      sites: [{ siteId: home.name, ...course }],
    })),
  });
};
