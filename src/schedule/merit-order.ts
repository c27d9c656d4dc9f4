import { floorWhOf } from './battery-problem.js';
import type { Interval } from '../kernel/interval.js';
import { clamp, HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { type Decisions, scheduleOf } from './evaluate.js';
import { rampDownW, riseW, toRestW, warmUpShare } from './generator-rules.js';
import {
  atStep,
  type BatteryProblem,
  shareWithin,
  type FlexibleLoad,
  type GeneratorProblem,
  type PlanningProblem,
  stepsOf,
} from './problem.js';
import type { Schedule } from './schedule.js';
import { sunToldW, takenLimitW } from './site-limits.js';
import { batteryToldW, generatorToldW, mayDrawW } from './told-by-hand.js';

/**
 * The plan for when there is no better one: what a person has set is done, sun serves the loads, batteries take the surplus and cover the rest, events are
 * served from what is stored, generators run out their minimum time and stop. It looks at one step at a time and cannot
 * fail; `reason` says why it had to be used.
 */
export const meritOrder = (problem: PlanningProblem, reason: string): Schedule => {
  const steps = stepsOf(problem);
  const hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const runs = problem.generators.map((generator) => runOut(generator, steps));
  const storedWh = problem.batteries.map(({ initialEnergyWh }) => initialEnergyWh);
  const batteryW: number[][] = problem.batteries.map(() => []);
  const pvW: number[][] = problem.sites.map(() => []);
  const leftW = new Map(problem.sites.map((site) => [site.id, steps.map((_, step) => takenLimitW(site, step))]));
  const loadW = problem.flexibleLoads.map((load) => atOnce(load, steps, leftW.get(load.siteId)!));
  hours.forEach((hour, step) => {
    problem.sites.forEach((site, s) => {
      const rules = gridRules(problem, site.id);
      const generatorW = problem.generators.reduce((sum, { siteId }, g) => (siteId === site.id ? sum + runs[g]!.powerW[step]! : sum), 0);
      const sunW = Math.min(atStep(site.pvW, step), site.inverterLimitW ?? Infinity, sunToldW(site, step));
      const terminalW = site.inverterLimitW === undefined ? Infinity : sunToldW(site, step);
      const leavableW = sunW - atStep(site.pvMinW, step);
      const wish = wishOf(problem, site.id, steps[step]!);
      const drawW = problem.flexibleLoads.reduce((sum, { siteId }, l) => (siteId === site.id ? sum + loadW[l]![step]! : sum), 0);
      let needW = atStep(site.loadW, step) + drawW - sunW - generatorW;
      let inverterW = sunW;
      problem.batteries.forEach((battery, b) => {
        if (battery.siteId !== site.id) return;
        const limitW = site.inverterLimitW ?? Infinity;
        const bandW = { min: -limitW - inverterW, max: Math.min(limitW, terminalW) - inverterW };
        const gridW = {
          min: needW - atStep(site.importLimitW ?? Infinity, step),
          max: needW + leavableW + atStep(site.exportLimitW ?? Infinity, step),
        };
        const powerW = serve(
          battery,
          { storedWh: storedWh[b]!, needW, wish, bandW, gridW, mayTakeW: leftW.get(site.id)![step]!, ...rules },
          step,
          hour,
        );
        leftW.get(site.id)![step]! -= Math.max(0, -powerW);
        batteryW[b]!.push(powerW);
        storedWh[b]! += (powerW < 0 ? -powerW * battery.chargeEfficiency : -powerW / battery.dischargeEfficiency) * hour;
        needW -= powerW;
        inverterW += powerW;
      });
      const spillableW = Math.min(leavableW, inverterW + (site.inverterLimitW ?? Infinity));
      const spillW = clamp(-needW - atStep(site.exportLimitW ?? Infinity, step), 0, spillableW);
      pvW[s]!.push(sunW - spillW);
    });
  });
  const decisions: Decisions = {
    pvW,
    batteryW,
    loadW,
    generatorOn: runs.map(({ on }) => on),
    generatorW: runs.map(({ powerW }) => powerW),
  };
  return scheduleOf(problem, decisions, { solver: 'merit-order', status: 'fallback', reason, seconds: 0 });
};

/** Draws all it can from its time's beginning until it has what it wants, out of what its site may still take. */
const atOnce = (load: FlexibleLoad, steps: readonly Interval[], siteLeftW: number[]): number[] => {
  let leftWh = load.energyWh;
  return steps.map((step, index) => {
    const share = shareWithin(load, step);
    if (share === 0 || leftWh <= 0) return 0;
    const hours = (step.endMs - step.startMs) / HOUR_MS;
    const mostW = Math.min(mayDrawW(load, steps, index), siteLeftW[index]!);
    if (mostW < load.minW * share) return 0;
    const drawW = clamp(leftWh / hours, load.minW * share, mostW);
    siteLeftW[index]! -= drawW;
    leftWh -= drawW * hours;
    return drawW;
  });
};

type Wish = 'give' | 'take' | undefined;

interface Situation {
  readonly storedWh: number;
  /** What the site still lacks (surplus: negative). */
  readonly needW: number;
  readonly wish: Wish;
  /** What the inverter it shares leaves it. */
  readonly bandW: { readonly min: number; readonly max: number };
  /** Between these its connection keeps its limits. */
  readonly gridW: { readonly min: number; readonly max: number };
  /** What its site may still take. */
  readonly mayTakeW: number;
  readonly fromGrid: boolean;
  readonly toGrid: boolean;
}

const wishOf = (problem: PlanningProblem, siteId: string, step: Interval): Wish => {
  const event = problem.events.find((one) => shareWithin(one, step) > 0 && (one.siteIds?.includes(siteId) ?? true));
  return event && (event.direction === 'up' ? 'give' : 'take');
};

/** A battery that must not touch the grid binds its neighbours: they share one connection. */
const gridRules = ({ batteries }: PlanningProblem, id: string): Pick<Situation, 'fromGrid' | 'toGrid'> => {
  const here = batteries.filter(({ siteId }) => siteId === id);
  return { fromGrid: here.every(({ chargeFromGrid }) => chargeFromGrid), toGrid: here.every(({ dischargeToGrid }) => dischargeToGrid) };
};

const serve = (battery: BatteryProblem, now: Situation, step: number, hour: number): number => {
  const { storedWh, needW, bandW } = now;
  const floorWh = floorWhOf(battery, step);
  const givableW = Math.max(0, ((storedWh - floorWh) * battery.dischargeEfficiency) / hour);
  const takableW = Math.max(0, (battery.maxEnergyWh - storedWh) / battery.chargeEfficiency / hour);
  const giveW = Math.min(atStep(battery.maxDischargeW, step), givableW, now.toGrid ? Infinity : Math.max(0, needW));
  const takeW = Math.min(
    atStep(battery.maxChargeW, step),
    takableW,
    Math.max(0, now.mayTakeW),
    now.fromGrid ? Infinity : Math.max(0, -needW),
  );
  const overW = ((storedWh - battery.maxEnergyWh) * battery.dischargeEfficiency) / hour;
  const lackW = (floorWh - storedWh) / battery.chargeEfficiency / hour;
  let powerW = clamp(needW, -takeW, giveW);
  if (now.wish === 'give') powerW = giveW;
  if (now.wish === 'take') powerW = -takeW;
  if (overW > 0) powerW = Math.min(giveW, Math.max(powerW, overW));
  if (lackW > 0) powerW = -Math.min(takeW, Math.max(-powerW, lackW));
  const toldW = batteryToldW(battery, step, storedWh, hour);
  if (toldW !== undefined) powerW = clamp(clamp(toldW, now.gridW.min, now.gridW.max), -takeW, giveW);
  powerW = clamp(powerW, bandW.min, bandW.max);
  return powerW < 0 && -powerW < battery.minChargeW ? 0 : powerW;
};

/** Keeps on what must not stop yet, brings it down by its ramp, and stops it. What is off stays off, unless a person has it run. */
const runOut = (generator: GeneratorProblem, steps: readonly Interval[]): { on: boolean[]; powerW: number[] } => {
  const { initial, minW, maxW } = generator;
  let { on, powerW } = initial;
  let sinceMs = initial.sinceMs ?? -Infinity;
  let warming = false;
  const ons: boolean[] = [];
  const powers: number[] = [];
  steps.forEach((step, index) => {
    const toldW = generatorToldW(generator, index);
    const bound = step.startMs < sinceMs + (on ? generator.minUpS : generator.minDownS) * SECOND_MS;
    const before = { ran: on, warming, powerW };
    const wanted = toldW === undefined ? on && atStep(generator.mustRun, index) : toldW > 0;
    const runs = on ? bound || wanted || powerW > toRestW(generator, steps, index) : wanted && !bound;
    on = runs && atStep(generator.available, index);
    if (on !== before.ran) sinceMs = step.startMs;
    const warm = on ? 1 - warmUpShare(generator, sinceMs, step) : 0;
    const lowerW = Math.max(minW * warm, powerW - rampDownW(generator, steps, index));
    const risenW = powerW + riseW(generator, before, steps, index);
    powerW = on ? Math.min(maxW * warm, Math.max(lowerW, Math.min(toldW ?? 0, risenW))) : 0;
    warming = on && warm < 1;
    ons.push(on);
    powers.push(powerW);
  });
  return { on: ons, powerW: powers };
};
