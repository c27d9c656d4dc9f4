import { floorWhOf } from './battery-problem.js';
import type { Interval } from '../kernel/interval.js';
import { clamp, HOUR_MS } from '../kernel/units.js';
import {
  atStep,
  type BatteryProblem,
  type FlexibleLoad,
  type GeneratorProblem,
  type PlanningProblem,
  shareWithin,
  type SiteProblem,
} from './problem.js';
import { sunToldW, takenLimitW } from './site-limits.js';

/**
 * What a battery does under its override in a step that begins with so much stored: as told, within its powers and as far as what it
 * holds lasts; W, discharge positive. `undefined` where it is free.
 */
export const batteryToldW = (battery: BatteryProblem, step: number, storedWh: number, hours: number): number | undefined => {
  const powerW = battery.override?.powerW[step] ?? null;
  if (powerW === null) return undefined;
  const floorWh = floorWhOf(battery, step);
  const lastsW = Math.max(0, storedWh - floorWh) * (battery.dischargeEfficiency / hours);
  const fitsW = Math.max(0, battery.maxEnergyWh - storedWh) / battery.chargeEfficiency / hours;
  const toldW = clamp(powerW, -Math.min(atStep(battery.maxChargeW, step), fitsW), Math.min(atStep(battery.maxDischargeW, step), lastsW));
  return toldW < 0 && -toldW < battery.minChargeW ? 0 : toldW;
};

/** What a generator is told in a step: 0 to stand, else its power; `undefined` where it is free. */
export const generatorToldW = ({ override, minW, maxW }: GeneratorProblem, step: number): number | undefined => {
  const powerW = override?.powerW[step] ?? null;
  if (powerW === null) return undefined;
  return powerW === 0 ? 0 : clamp(powerW, minW, maxW);
};

/** So near to what it wants a flexible load has it; Wh. */
const SATISFIED_WITHIN_WH = 1;

/** Most that a flexible load may draw in a step, its time in it and a person's word considered: nothing where that is less than its least. */
export const mayDrawW = (load: FlexibleLoad, steps: readonly Interval[], step: number): number => {
  const letW = load.override?.maxW[step] ?? Infinity;
  return letW < Math.max(load.minW, 0) ? 0 : Math.min(load.maxW, letW) * shareWithin(load, steps[step]!);
};

/** What a flexible load that a person holds draws in a step, when it has drawn so much: all it is let, until it has what it wants; W. */
export const loadToldW = (load: FlexibleLoad, steps: readonly Interval[], step: number, drawnWh: number): number => {
  const mostW = mayDrawW(load, steps, step);
  const leftWh = load.energyWh - drawnWh;
  if (mostW === 0 || leftWh <= SATISFIED_WITHIN_WH) return 0;
  const { startMs, endMs } = steps[step]!;
  return clamp((leftWh * HOUR_MS) / (endMs - startMs), load.minW * shareWithin(load, steps[step]!), mostW);
};

/** The leading steps in which a person holds a load: until it is free, and what it draws then is not known. */
export const stepsHeld = (load: FlexibleLoad, steps: readonly Interval[]): number => {
  const free = steps.findIndex((step, index) => shareWithin(load, step) > 0 && (load.override?.maxW[index] ?? null) === null);
  return free < 0 ? steps.length : free;
};

/** What a battery is told in a step. */
export interface Told {
  readonly powerW: number;
  /** Whether it has been told what to do from the start until then, so that what it holds is known. */
  readonly known: boolean;
}

/** What is left to a battery in a step; W, both ≥ 0. */
export interface Left {
  readonly chargeW: number;
  readonly dischargeW: number;
}

/** What its site's limits leave to a battery: alone there, what its connection takes and gives beside load and sun. */
export const leavesBattery = (problem: PlanningProblem, site: SiteProblem): ((step: number) => Left) => {
  const others = [...problem.generators, ...problem.flexibleLoads, ...problem.batteries].filter(({ siteId }) => siteId === site.id);
  return (step) => {
    const chargeW = takenLimitW(site, step);
    if (others.length > 1) return { chargeW, dischargeW: Infinity };
    const loadW = atStep(site.loadW, step);
    const importW = atStep(site.importLimitW ?? Infinity, step) + Math.min(atStep(site.pvW, step), sunToldW(site, step));
    const exportW = atStep(site.exportLimitW ?? Infinity, step) - atStep(site.pvMinW, step);
    return { chargeW: Math.max(0, Math.min(chargeW, importW - loadW)), dischargeW: Math.max(0, exportW + loadW) };
  };
};

/** What an override has a battery do, step by step, within what is left to it; `undefined` where it is free. */
export const batteryCourse = (battery: BatteryProblem, hours: readonly number[], left: (step: number) => Left): (Told | undefined)[] => {
  let storedWh: number | undefined = battery.initialEnergyWh;
  return hours.map((hour, step) => {
    const known = storedWh !== undefined;
    const toldW = storedWh === undefined ? toldBlindlyW(battery, step, hour) : batteryToldW(battery, step, storedWh, hour);
    if (toldW === undefined) {
      storedWh = undefined;
      return undefined;
    }
    const { chargeW, dischargeW } = left(step);
    const powerW = clamp(toldW, -chargeW, dischargeW);
    if (storedWh !== undefined)
      storedWh += (powerW < 0 ? -powerW * battery.chargeEfficiency : -powerW / battery.dischargeEfficiency) * hour;
    return { powerW, known };
  });
};

/** As told, within its powers, whatever it holds. */
const toldBlindlyW = (battery: BatteryProblem, step: number, hours: number): number | undefined => {
  const charging = (battery.override?.powerW[step] ?? 0) < 0;
  return batteryToldW(
    { ...battery, minEnergyWh: 0, reserveFloorWh: 0, maxEnergyWh: battery.capacityWh },
    step,
    charging ? 0 : battery.capacityWh,
    hours,
  );
};
