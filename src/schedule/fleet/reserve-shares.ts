import { sum } from '../../kernel/sum.js';
import type { Watt } from '../../kernel/units.js';
import { floorWhOf } from '../battery-problem.js';
import { bySite } from '../by-site.js';
import { atStep, type BatteryProblem, type PlanningProblem, type ReserveProblem, type SiteProblem } from '../problem.js';
import { lastingHours, reserveLimitW, siteRoomsW } from '../reserve-held.js';
import type { Schedule } from '../schedule.js';

/** What each site is to hold of the reserves at each step: by reserve, then by site, then by step. */
export type ReserveShares = readonly (readonly (readonly Watt[])[])[];

type Plan = Parameters<typeof siteRoomsW>[1];

/**
 * Who holds how much, seen from what each would hold by a plan anyway, whichever course comes: everyone in proportion to that where it is
 * enough. What is missing comes from those who could hold more, from batteries before generators.
 */
export const reserveShares = (problem: PlanningProblem, hours: readonly number[], plan: Schedule): ReserveShares => {
  const plans: readonly Plan[] = [plan, ...(plan.scenarios ?? []).map((course) => ({ ...plan, ...course }))];
  return problem.reserves.map((reserve) => {
    const rooms = plans.map((each) => siteRoomsW(problem, each, reserve));
    const mostW = mostOfSites(problem, hours, reserve);
    const shares = problem.sites.map((): Watt[] => []);
    hours.forEach((_, step) => {
      const heldW = problem.sites.map((__, s) => Math.max(0, Math.min(...rooms.map((room) => room[s]![step]!))));
      const wantedW = atStep(reserve.powerW, step);
      const byBattery = heldW.map((held, s) => Math.max(0, mostW.batteries[s]![step]! - held));
      const byGenerator = heldW.map((held, s) => Math.max(0, mostW.generators[s]![step]! - held));
      const missingW = Math.max(0, wantedW - sum(heldW));
      const [first, second] = [portion(missingW, byBattery), portion(missingW - sum(byBattery), byGenerator)];
      const kept = Math.min(1, portion(wantedW, heldW));
      shares.forEach((share, s) => share.push(kept * heldW[s]! + first * byBattery[s]! + second * byGenerator[s]!));
    });
    return shares;
  });
};

/** Which part of all is asked for; all of it at most. */
const portion = (wanted: number, all: readonly number[]): number => {
  const there = sum(all);
  return there > 0 && wanted > 0 ? Math.min(1, wanted / there) : 0;
};

/** The reserves as one site holds its share of them. */
export const sharesOf = (problem: PlanningProblem, shares: ReserveShares, index: number): ReserveProblem[] =>
  problem.reserves.flatMap((reserve, r): ReserveProblem[] => {
    const powerW = [...shares[r]![index]!];
    return powerW.some((share) => share > 0) ? [{ ...reserve, siteIds: [problem.sites[index]!.id], powerW }] : [];
  });

/** The most that each site's batteries could ever hold at each step, and its generators, through its connection. */
const mostOfSites = (problem: PlanningProblem, hours: readonly number[], reserve: ReserveProblem) => {
  const [batteriesAt, generatorsAt] = [bySite(problem.batteries), bySite(problem.generators)];
  const takePart = reserve.siteIds && new Set(reserve.siteIds);
  const most = problem.sites.map((site) => {
    const [batteries, generators] = [batteriesAt.get(site.id) ?? [], generatorsAt.get(site.id) ?? []];
    if ((takePart && !takePart.has(site.id)) || batteries.length + generators.length === 0) return undefined;
    const stored = batteries.map((battery) => mostOfBattery(battery, hours, reserve));
    const generated = sum(generators.map(({ minW, maxW }) => maxW - minW));
    const passes = hours.map((_, step) => mostPassed(site, batteries, step, reserve));
    return {
      batteries: passes.map((passed, step) => Math.min(passed, sum(stored.map((each) => each[step]!)))),
      generators: passes.map((passed) => Math.min(passed, generated)),
    };
  });
  const none = hours.map(() => 0);
  return { batteries: most.map((site) => site?.batteries ?? none), generators: most.map((site) => site?.generators ?? none) };
};

/** Its power, as long as the fullest (or emptiest) that it can be by then lasts. */
const mostOfBattery = (battery: BatteryProblem, hours: readonly number[], { direction, durationS }: ReserveProblem): Watt[] => {
  const { chargeEfficiency, dischargeEfficiency, initialEnergyWh, maxEnergyWh } = battery;
  const lasts = lastingHours(durationS);
  let [fullestWh, emptiestWh] = [initialEnergyWh, initialEnergyWh];
  return hours.map((hour, step) => {
    const [chargeW, dischargeW] = [atStep(battery.maxChargeW, step), atStep(battery.maxDischargeW, step)];
    const keptWh = floorWhOf(battery, step);
    const mostW =
      direction === 'up'
        ? Math.min(dischargeW, ((fullestWh - keptWh) * dischargeEfficiency) / lasts)
        : Math.min(chargeW, (maxEnergyWh - emptiestWh) / chargeEfficiency / lasts);
    fullestWh = Math.min(maxEnergyWh, fullestWh + chargeW * hour * chargeEfficiency);
    emptiestWh = Math.max(keptWh, emptiestWh - (dischargeW * hour) / dischargeEfficiency);
    return Math.max(0, mostW);
  });
};

/** What passes the connection at most: beside all the load, or all the sun. */
const mostPassed = (site: SiteProblem, batteries: readonly BatteryProblem[], step: number, reserve: ReserveProblem): Watt =>
  reserveLimitW(batteries, site, step, reserve) + atStep(reserve.direction === 'up' ? site.loadW : site.pvW, step);
