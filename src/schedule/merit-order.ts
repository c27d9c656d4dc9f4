import type { Interval } from '../kernel/interval.js';
import { clamp, HOUR_MS } from '../kernel/units.js';
import { type Decisions, scheduleOf } from './evaluate.js';
import { boundUntilMs, rampDownW, toRestW, warmUpShare } from './generator-rules.js';
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

/**
 * The plan for when there is no better one: sun serves the loads, batteries take the surplus and cover the rest, events are
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
  const loadW = problem.flexibleLoads.map((load) => atOnce(load, steps));
  hours.forEach((hour, step) => {
    problem.sites.forEach((site, s) => {
      const rules = gridRules(problem, site.id);
      const generatorW = problem.generators.reduce((sum, { siteId }, g) => (siteId === site.id ? sum + runs[g]!.powerW[step]! : sum), 0);
      const sunW = Math.min(atStep(site.pvW, step), site.inverterLimitW ?? Infinity);
      const wish = wishOf(problem, site.id, steps[step]!);
      const drawW = problem.flexibleLoads.reduce((sum, { siteId }, l) => (siteId === site.id ? sum + loadW[l]![step]! : sum), 0);
      let needW = atStep(site.loadW, step) + drawW - sunW - generatorW;
      let inverterW = sunW;
      problem.batteries.forEach((battery, b) => {
        if (battery.siteId !== site.id) return;
        const limitW = site.inverterLimitW ?? Infinity;
        const bandW = { min: -limitW - inverterW, max: limitW - inverterW };
        const powerW = serve(battery, { storedWh: storedWh[b]!, needW, wish, bandW, ...rules }, step, hour);
        batteryW[b]!.push(powerW);
        storedWh[b]! += (powerW < 0 ? -powerW * battery.chargeEfficiency : -powerW / battery.dischargeEfficiency) * hour;
        needW -= powerW;
        inverterW += powerW;
      });
      const spillableW = Math.min(sunW - atStep(site.pvMinW, step), inverterW + (site.inverterLimitW ?? Infinity));
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

/** Draws all it can from its time's beginning until it has what it wants. */
const atOnce = (load: FlexibleLoad, steps: readonly Interval[]): number[] => {
  let leftWh = load.energyWh;
  return steps.map((step) => {
    const share = shareWithin(load, step);
    if (share === 0 || leftWh <= 0) return 0;
    const hours = (step.endMs - step.startMs) / HOUR_MS;
    const drawW = clamp(leftWh / hours, load.minW * share, load.maxW * share);
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
  const floorWh = Math.min(Math.max(battery.minEnergyWh, atStep(battery.reserveFloorWh, step)), battery.maxEnergyWh);
  const givableW = Math.max(0, ((storedWh - floorWh) * battery.dischargeEfficiency) / hour);
  const takableW = Math.max(0, (battery.maxEnergyWh - storedWh) / battery.chargeEfficiency / hour);
  const giveW = Math.min(atStep(battery.maxDischargeW, step), givableW, now.toGrid ? Infinity : Math.max(0, needW));
  const takeW = Math.min(atStep(battery.maxChargeW, step), takableW, now.fromGrid ? Infinity : Math.max(0, -needW));
  const overW = ((storedWh - battery.maxEnergyWh) * battery.dischargeEfficiency) / hour;
  const lackW = (floorWh - storedWh) / battery.chargeEfficiency / hour;
  let powerW = clamp(needW, -takeW, giveW);
  if (now.wish === 'give') powerW = giveW;
  if (now.wish === 'take') powerW = -takeW;
  if (overW > 0) powerW = Math.min(giveW, Math.max(powerW, overW));
  if (lackW > 0) powerW = -Math.min(takeW, Math.max(-powerW, lackW));
  powerW = clamp(powerW, bandW.min, bandW.max);
  return powerW < 0 && -powerW < battery.minChargeW ? 0 : powerW;
};

/** Keeps on what must not stop yet, brings it down by its ramp, and stops it. What is off stays off. */
const runOut = (generator: GeneratorProblem, steps: readonly Interval[]): { on: boolean[]; powerW: number[] } => {
  let { on, powerW } = generator.initial;
  const ons: boolean[] = [];
  const powers: number[] = [];
  steps.forEach((step, index) => {
    const bound = step.startMs < boundUntilMs(generator) || powerW > toRestW(generator, steps, index) || atStep(generator.mustRun, index);
    on = on && bound && atStep(generator.available, index);
    const warm = 1 - warmUpShare(generator, generator.initial.sinceMs ?? -Infinity, step);
    const lowerW = Math.max(generator.minW * warm, powerW - rampDownW(generator, steps, index));
    powerW = on ? Math.min(lowerW, generator.maxW * warm) : 0;
    ons.push(on);
    powers.push(powerW);
  });
  return { on: ons, powerW: powers };
};
