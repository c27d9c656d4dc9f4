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
 * Who holds how much, seen from what each would hold by the last plan, whichever course comes: everyone in proportion to that where it is
 * enough. What is missing comes from those who could hold more, from batteries before generators, and last from those who were told to
 * before and did not: they cannot.
 */
export class ReserveSharing {
  private readonly mostW: readonly ReturnType<typeof mostOfSites>[];
  private readonly failed: readonly (readonly boolean[][])[];
  private told: ReserveShares | undefined;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly hours: readonly number[],
  ) {
    this.mostW = problem.reserves.map((reserve) => mostOfSites(problem, hours, reserve));
    this.failed = problem.reserves.map(() => problem.sites.map(() => hours.map(() => false)));
  }

  after(plan: Schedule): ReserveShares {
    const plans: readonly Plan[] = [plan, ...(plan.scenarios ?? []).map((course) => ({ ...plan, ...course }))];
    return (this.told = this.problem.reserves.map((reserve, r) => {
      const rooms = plans.map((each) => siteRoomsW(this.problem, each, reserve));
      const shares = this.problem.sites.map((): Watt[] => []);
      this.hours.forEach((_, step) => {
        const heldW = this.problem.sites.map((__, s) => Math.max(0, Math.min(...rooms.map((room) => room[s]![step]!))));
        this.stepShares(r, step, heldW).forEach((share, s) => shares[s]!.push(share));
      });
      return shares;
    }));
  }

  private stepShares(reserve: number, step: number, heldW: readonly Watt[]): Watt[] {
    const [most, failed, told] = [this.mostW[reserve]!, this.failed[reserve]!, this.told?.[reserve]];
    if (told) heldW.forEach((held, s) => held < told[s]![step]! - HARDLY_W && (failed[s]![step] = true));
    const couldW = (mostW: readonly (readonly Watt[])[], hasFailed: boolean): Watt[] =>
      heldW.map((held, s) => (failed[s]![step] === hasFailed ? Math.max(0, mostW[s]![step]! - held) : 0));
    const wantedW = atStep(this.problem.reserves[reserve]!.powerW, step);
    const kept = portion(wantedW, heldW);
    const shares = heldW.map((held) => kept * held);
    let missingW = Math.max(0, wantedW - sum(heldW));
    for (const moreW of [couldW(most.batteries, false), couldW(most.generators, false), couldW(most.batteries, true)]) {
      const part = portion(missingW, moreW);
      moreW.forEach((more, s) => (shares[s]! += part * more));
      missingW -= part * sum(moreW);
    }
    return shares;
  }
}

/** Who holds less than its share by no more than this holds it. */
const HARDLY_W = 1;

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
