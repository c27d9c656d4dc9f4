import { floorWhOf } from '../battery-problem.js';
import { clamp } from '../../kernel/units.js';
import { CALM, OWN_FIRST, PENALTIES } from '../mip-context.js';
import { overridePenalty } from '../mip-override.js';
import {
  atStep,
  type BatteryProblem,
  type PlanningProblem,
  type ReserveProblem,
  shareWithin,
  type SiteProblem,
  stepsOf,
} from '../problem.js';
import { lastingHours, reserveLimitW } from '../reserve-held.js';
import { takenLimitW } from '../site-limits.js';
import { batteryCourse, leavesBattery } from '../told-by-hand.js';
import { type Convex, hullOf, type Point } from './convex.js';
import type { Held, Home, HomeBattery, HomeLoad } from './home.js';
import type { HomeCourse } from './home-plan.js';

interface Setting {
  readonly problem: PlanningProblem;
  readonly hours: readonly number[];
  /** The dearest price of the problem, money per kWh: what penalties are multiples of. */
  readonly scale: number;
  /** So many steps have what was promised of them to keep; absent: all. In a scenario those that are decided now. */
  readonly promisedSteps?: number;
  /** The site's share of the reserves. */
  readonly reserves?: readonly ReserveProblem[];
  /** What it costs to hold energy, where that is known: it is the same in all courses. */
  readonly holding?: HomeBattery['holding'];
}

/** A site as a home in each course, the expected one first, its loads that can be moved aside; absent where it has more: see `isHome`. */
export const homeCoursesOf = (courses: readonly (Setting & { readonly weight: number })[], index: number): HomeCourse[] | undefined => {
  let holding: HomeBattery['holding'] | undefined;
  const homes = courses.flatMap(({ weight, ...setting }): HomeCourse[] => {
    const home = homeOf({ ...setting, ...(holding && { holding }) }, setting.problem.sites[index]!);
    holding ??= home?.battery?.holding;
    return home ? [{ home, weight }] : [];
  });
  return homes.length === courses.length ? homes : undefined;
};

/**
 * The loads of a site that can be moved, if it is a home in all courses; absent where a person holds one. What they draw is the same in
 * all courses, and is to be within its site's limit in each.
 */
export const homeLoadsOf = (
  { problem, scale }: Pick<Setting, 'problem' | 'scale'>,
  site: SiteProblem,
  courses: readonly HomeCourse[],
): HomeLoad[] | undefined => {
  const steps = stepsOf(problem);
  const loads = problem.flexibleLoads.filter(({ siteId }) => siteId === site.id);
  if (loads.some(({ override }) => override !== undefined)) return undefined;
  return loads.map(({ id, minW, maxW, energyWh, ...window }): HomeLoad => {
    const leastKw = steps.map((step) => (minW * shareWithin(window, step)) / 1_000);
    const mostKw = steps.map((step, index) =>
      Math.min((maxW * shareWithin(window, step)) / 1_000, ...courses.map(({ home }) => home.takenLimitKw[index]!)),
    );
    return {
      id,
      leastKw,
      mostKw: mostKw.map((kw, index) => (kw < leastKw[index]! ? 0 : kw)),
      wantedKwh: energyWh / 1_000,
      missing: PENALTIES.target * scale,
    };
  });
};

/** A site as a home that can be planned alone in no time; absent where it has more than that: see `isHome`. */
export const homeOf = (setting: Setting, site: SiteProblem): Home | undefined => {
  const { problem, hours, scale } = setting;
  const batteries = problem.batteries.filter(({ siteId }) => siteId === site.id);
  if (!isHome(problem, site, batteries)) return undefined;
  const series = (values: number | readonly number[], factor: number): number[] => hours.map((_, step) => atStep(values, step) * factor);
  const money = (step: number): number => (step < problem.sharedSteps ? OWN_FIRST * scale : 0);
  const [battery] = batteries;
  const [heldUp, heldDown] = (['up', 'down'] as const).map((direction) => heldOf(setting, site, batteries, direction));
  const inverter = (held: Held | undefined): number[] =>
    hours.map((_, step) => (site.inverterLimitW ?? Infinity) / 1_000 - (held?.kw[step] ?? 0));
  return {
    hours,
    loadKw: series(site.loadW, 1e-3),
    sunKw: series(site.pvW, 1e-3),
    sunMinKw: series(site.pvMinW, 1e-3),
    importLimitKw: series(site.importLimitW ?? Infinity, 1e-3),
    exportLimitKw: series(site.exportLimitW ?? Infinity, 1e-3),
    takenLimitKw: hours.map((_, step) => takenLimitW(site, step) / 1_000),
    inverterOutKw: inverter(heldUp),
    inverterInKw: inverter(heldDown),
    ...(heldUp && { heldUp }),
    ...(heldDown && { heldDown }),
    shortfall: PENALTIES.reserve * scale,
    buy: hours.map((_, step) => importMoney(problem, site, step) + money(step)),
    sell: hours.map((_, step) => atStep(site.exportMicroPerKwh, step) / 1e6 - money(step)),
    curtailment: problem.curtailmentMicroPerKwh / 1e6 + CALM * scale,
    beyondLimit: PENALTIES.site * scale,
    ...(battery && { battery: batteryOf(setting, site, battery, { heldUp, heldDown }) }),
  };
};

const heldOf = (
  { hours, reserves = [] }: Setting,
  site: SiteProblem,
  batteries: readonly BatteryProblem[],
  direction: ReserveProblem['direction'],
): Held | undefined => {
  const share = reserves.find((reserve) => reserve.direction === direction);
  return (
    share && {
      kw: hours.map((_, step) => atStep(share.powerW, step) / 1_000),
      passesKw: hours.map((_, step) => reserveLimitW(batteries, site, step, share) / 1_000),
    }
  );
};

const importMoney = ({ co2MicroPerKg }: PlanningProblem, site: SiteProblem, step: number): number =>
  (atStep(site.importMicroPerKwh, step) + atStep(site.importCo2KgPerKwh, step) * co2MicroPerKg) / 1e6;

/**
 * At most one battery without least power, wished charges or a year's throughput, no generator, no hand on its sun, no limit that may be
 * passed now and then, and nothing that tempts to trade with itself.
 */
const isHome = (problem: PlanningProblem, site: SiteProblem, batteries: readonly BatteryProblem[]): boolean => {
  const { inverterLimitW = Infinity } = site;
  return (
    batteries.length <= 1 &&
    batteries.every(({ minChargeW, chargeDemands, throughput }) => minChargeW === 0 && chargeDemands.length === 0 && !throughput) &&
    site.demandCharge === undefined &&
    site.limitConfidence === 1 &&
    site.pvOverride === undefined &&
    problem.generators.every(({ siteId }) => siteId !== site.id) &&
    problem.stepMinutes.every(
      (_, step) =>
        atStep(site.exportMicroPerKwh, step) / 1e6 <= importMoney(problem, site, step) && atStep(site.pvMinW, step) <= inverterLimitW,
    )
  );
};

const batteryOf = (
  { problem, hours, scale, promisedSteps = Infinity, holding, reserves = [] }: Setting,
  site: SiteProblem,
  battery: BatteryProblem,
  { heldUp, heldDown }: Pick<Home, 'heldUp' | 'heldDown'>,
): HomeBattery => {
  const promised = problem.promises?.batteries.find(({ id }) => id === battery.id)?.powerW ?? [];
  const told = batteryCourse(battery, hours, leavesBattery(problem, site));
  const kept = (mostW: number, held: Held | undefined, step: number): number => mostW / 1_000 - (held?.kw[step] ?? 0);
  return {
    chargeKw: hours.map((_, step) =>
      Math.max(0, Math.min(kept(atStep(battery.maxChargeW, step), heldDown, step), takenLimitW(site, step) / 1_000)),
    ),
    dischargeKw: hours.map((_, step) => Math.max(0, kept(atStep(battery.maxDischargeW, step), heldUp, step))),
    capacityKwh: battery.capacityWh / 1_000,
    initialKwh: battery.initialEnergyWh / 1_000,
    chargeEfficiency: battery.chargeEfficiency,
    dischargeEfficiency: battery.dischargeEfficiency,
    fromGrid: battery.chargeFromGrid,
    toGrid: battery.dischargeToGrid,
    calm: CALM * scale,
    wear: battery.wearMicroPerKwh / 1e6,
    holding:
      holding ??
      hours.map((hour, step) =>
        holdingCost(battery, step, { hour: told[step]?.known ? 0 : hour, scale, last: step === hours.length - 1, reserves }),
      ),
    promisedKw: hours.map((_, step) => {
      const powerW = step < promisedSteps ? (promised[step] ?? null) : null;
      return powerW === null ? null : powerW / 1_000;
    }),
    change: (problem.promises?.changeMicroPerKwh ?? 0) / 1e6,
    told: told.map((one) => one && { kw: one.powerW / 1_000, price: overridePenalty(one.known) * scale }),
  };
};

/** What it costs to hold so much at the end of a step. Where a person has set the battery, what it keeps back is in what it is told: `hour` is 0. */
const holdingCost = (
  battery: BatteryProblem,
  step: number,
  { hour, scale, last, reserves }: { hour: number; scale: number; last: boolean; reserves: readonly ReserveProblem[] },
): Convex => {
  const { minEnergyWh, maxEnergyWh, capacityWh, initialEnergyWh, terminalMicroPerKwh } = battery;
  const floorWh = floorWhOf(battery, step);
  const lasting = reserves.map((reserve) => lastingOf(battery, step, reserve));
  const targets = battery.targets.filter((target) => target.step === step);
  const range = PENALTIES.energyRange * scale * hour;
  const cost = (energyWh: number): number =>
    (Math.max(0, minEnergyWh - energyWh) * range +
      Math.max(0, floorWh - Math.max(minEnergyWh, energyWh)) * PENALTIES.reserveFloor * scale * hour +
      Math.max(0, energyWh - maxEnergyWh) * range +
      lasting.reduce((sum, { shortWh, perWh }) => sum + shortWh(energyWh) * perWh, 0) * PENALTIES.reserve * scale * hour +
      targets.reduce((sum, target) => sum + Math.max(0, target.energyWh - energyWh), 0) * PENALTIES.target * scale) /
      1_000 -
    (last ? ((energyWh - initialEnergyWh) / 1e9) * terminalMicroPerKwh : 0);
  const turnsWh = [...targets.map(({ energyWh }) => energyWh), ...lasting.map(({ levelWh }) => levelWh)];
  const kinksWh = [0, minEnergyWh, floorWh, maxEnergyWh, capacityWh, ...turnsWh.map((energyWh) => clamp(energyWh, 0, capacityWh))];
  return hullOf(kinksWh.map((energyWh): Point => [energyWh / 1_000, cost(energyWh)]));
};

/**
 * What must be stored, or be free, at the end of a step for a share of a reserve to last from this step on and from the next: the level, how
 * far from it a stored energy is, and what power each Wh of that is missing.
 */
const lastingOf = (battery: BatteryProblem, step: number, { direction, durationS, powerW }: ReserveProblem) => {
  const shareW = Math.max(atStep(powerW, step), Array.isArray(powerW) ? (powerW[step + 1] ?? 0) : 0);
  const lasts = lastingHours(durationS);
  if (direction === 'up') {
    const perWh = battery.dischargeEfficiency / lasts;
    const levelWh = floorWhOf(battery, step) + shareW / perWh;
    return { levelWh, perWh, shortWh: (energyWh: number) => Math.max(0, levelWh - energyWh) };
  }
  const perWh = 1 / battery.chargeEfficiency / lasts;
  const levelWh = battery.maxEnergyWh - shareW / perWh;
  return { levelWh, perWh, shortWh: (energyWh: number) => Math.max(0, energyWh - levelWh) };
};
