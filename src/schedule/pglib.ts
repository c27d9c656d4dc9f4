import { z } from 'zod';
import { HOUR_MS } from '../kernel/units.js';
import { orBadInput } from './parse-problem.js';
import type { PlanningProblem } from './problem.js';
import { FaultList } from './statement/problem-fault.js';
import { type ReadProblem, readProblem, readWhole } from './statement/read-problem.js';

/**
 * Unit commitment in the format of pglib-uc (power-grid-lib/pglib-uc): hourly periods, megawatts, whole currency. Its model is that
 * of Knueven, Ostrowski and Watson (INFORMS J. Comput. 32(4), 2020): ramps and start and shut-down limits hold for power and
 * reserve together.
 */
const megawatts = z.number().min(0);
const periods = z.number().min(0);
const flag = z.union([z.boolean(), z.number()]).transform(Boolean);

const thermalSchema = z.object({
  must_run: flag.default(false),
  power_output_minimum: megawatts,
  power_output_maximum: z.number().gt(0),
  ramp_up_limit: megawatts,
  ramp_down_limit: megawatts,
  ramp_startup_limit: megawatts,
  ramp_shutdown_limit: megawatts,
  time_up_minimum: periods,
  time_down_minimum: periods,
  power_output_t0: megawatts,
  unit_on_t0: flag,
  time_up_t0: periods,
  time_down_t0: periods,
  startup: z.array(z.object({ lag: periods, cost: z.number().min(0) })),
  piecewise_production: z.array(z.object({ mw: megawatts, cost: z.number().min(0) })),
});
type Thermal = z.output<typeof thermalSchema>;

const pglibSchema = z.object({
  time_periods: z.number().int().min(1).max(100_000),
  demand: z.array(megawatts),
  reserves: z.array(megawatts),
  thermal_generators: z.record(z.string(), thermalSchema),
  renewable_generators: z
    .record(z.string(), z.object({ power_output_minimum: z.array(megawatts), power_output_maximum: z.array(megawatts) }))
    .default({}),
});

const SYSTEM = 'system';
const WATTS = 1e6;
const MICRO = 1e6;
const HOUR_S = 3_600;

/** Whether a file looks like one of theirs. */
export const isPglib = (input: unknown): boolean => typeof input === 'object' && input !== null && 'thermal_generators' in input;

type Pglib = z.output<typeof pglibSchema>;

/** Their problem as one of ours: one site that neither imports nor exports; or every fault at once. */
export const readPglib = (input: unknown): ReadProblem => {
  const read = readWhole(pglibSchema, input);
  if ('faults' in read) return read;
  const faults = pglibFaults(read.value);
  return faults.length > 0 ? { faults } : readProblem(problemOfPglib(read.value));
};

/** Likewise, but throws `BadInput` with every fault. */
export const parsePglib = (input: unknown): PlanningProblem => orBadInput(readPglib(input));

const pglibFaults = ({ time_periods: count, demand, reserves, thermal_generators: thermal, renewable_generators: renewable }: Pglib) => {
  const found = new FaultList();
  const length = (path: string, values: readonly number[]): void => {
    if (values.length !== count) found.add(path, `has ${values.length} values for ${count} periods`, `give ${count}`);
  };
  length('demand', demand);
  length('reserves', reserves);
  for (const [id, { power_output_minimum: least, power_output_maximum: most }] of Object.entries(renewable)) {
    length(`renewable_generators.${id}.power_output_minimum`, least);
    length(`renewable_generators.${id}.power_output_maximum`, most);
    if (least.some((power, period) => power > (most[period] ?? Infinity)))
      found.add(`renewable_generators.${id}.power_output_minimum`, 'is above power_output_maximum', 'give at most that');
  }
  for (const [id, { power_output_minimum: least, power_output_maximum: most, piecewise_production: curve, startup }] of Object.entries(
    thermal,
  )) {
    if (!rises(curve.map(({ mw }) => mw)))
      found.add(`thermal_generators.${id}.piecewise_production`, 'mw does not rise', 'order its points by power');
    if (!rises(startup.map(({ lag }) => lag)))
      found.add(`thermal_generators.${id}.startup`, 'lag does not rise', 'order them from hot to cold');
    if (startup.some(({ cost }, at) => cost < (startup[at - 1]?.cost ?? 0)))
      found.add(`thermal_generators.${id}.startup`, 'a start after a longer rest is cheaper', 'give costs that rise with lag');
    if (least > most) found.add(`thermal_generators.${id}.power_output_minimum`, 'is above power_output_maximum', 'give at most that');
    if (curve.length > 0 && (Math.abs(curve[0]!.mw - least) > 1e-6 || Math.abs(curve.at(-1)!.mw - most) > 1e-6))
      found.add(`thermal_generators.${id}.piecewise_production`, 'does not reach from minimum to maximum', 'give both its ends');
  }
  return found.faults;
};

const rises = (values: readonly number[]): boolean => values.every((value, at) => value > (values[at - 1] ?? -Infinity));

const problemOfPglib = ({ time_periods: count, demand, reserves, thermal_generators: thermal, renewable_generators: renewable }: Pglib) => {
  const sum = (series: readonly (readonly number[])[]): number[] =>
    Array.from({ length: count }, (_, step) => series.reduce((total, values) => total + (values[step] ?? 0), 0) * WATTS);
  return {
    version: 1,
    currency: 'USD',
    startMs: 0,
    stepMinutes: Array.from({ length: count }, () => 60),
    sites: [
      {
        id: SYSTEM,
        loadW: demand.map((power) => power * WATTS),
        pvW: sum(Object.values(renewable).map((unit) => unit.power_output_maximum)),
        pvMinW: sum(Object.values(renewable).map((unit) => unit.power_output_minimum)),
        importLimitW: 0,
        exportLimitW: 0,
        importMicroPerKwh: 0,
        exportMicroPerKwh: 0,
      },
    ],
    generators: Object.entries(thermal).map(([id, unit]) => generatorOf(id, unit)),
    reserves: [{ id: 'spinning', direction: 'up', powerW: reserves.map((power) => power * WATTS), throughConnection: false }],
  };
};

/** Their ramps hold above the minimum, so that from rest a unit may come up to its minimum and one ramp. */
const generatorOf = (id: string, unit: Thermal): object => {
  const [minimum, maximum] = [unit.power_output_minimum, unit.power_output_maximum];
  const ramp = (limit: number): number | undefined => (limit >= maximum - minimum ? undefined : (Math.max(limit, 1e-6) * WATTS) / HOUR_S);
  const atRest = (limit: number, change: number): number => Math.max(minimum, Math.min(limit, minimum + change, maximum)) * WATTS;
  const rampUp = ramp(unit.ramp_up_limit);
  // A ramp down of its own is needed where only the other one binds.
  const rampDown = ramp(unit.ramp_down_limit) ?? (rampUp === undefined ? undefined : (maximum * WATTS) / HOUR_S);
  return {
    id,
    siteId: SYSTEM,
    minW: minimum * WATTS,
    maxW: maximum * WATTS,
    rampWPerS: rampUp,
    rampDownWPerS: rampDown,
    startUpW: atRest(unit.ramp_startup_limit, unit.ramp_up_limit),
    shutDownW: atRest(unit.ramp_shutdown_limit, unit.ramp_down_limit),
    minUpS: unit.time_up_minimum * HOUR_S,
    minDownS: unit.time_down_minimum * HOUR_S,
    startCosts: unit.startup.map(({ lag, cost }) => ({ offS: lag * HOUR_S, micro: cost * MICRO })),
    costCurve: unit.piecewise_production.map(({ mw, cost }) => ({ powerW: mw * WATTS, microPerH: cost * MICRO })),
    mustRun: unit.must_run,
    initial: {
      on: unit.unit_on_t0,
      sinceMs: -(unit.unit_on_t0 ? unit.time_up_t0 : unit.time_down_t0) * HOUR_MS,
      powerW: unit.unit_on_t0 ? unit.power_output_t0 * WATTS : 0,
      meanOverS: HOUR_S,
    },
  };
};
