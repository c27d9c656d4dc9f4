import { cheapestDraws, type Draws, type StepDraws } from './draws.js';
import type { Home, HomeLoad } from './home.js';
import { type HomeCourse, type HomePlan, planAt, type Powers, powersAt } from './home-plan.js';
import { type Beside, drawCost, placeDraws, type Sink, withSinks } from './load-costs.js';
import { NARROW, Points } from './pieces.js';
import { bestNet, type Charge, isCharged, netCost, type NetCurve } from './step-cost.js';
import { CostRooms, StepCosts } from './step-costs.js';

/** What a home with loads that can be moved does; its net powers are with what they draw. */
export interface LoadedPlan extends HomePlan {
  /** By load, then by step, the same in all courses; kW. */
  readonly draws: ReadonlyMap<string, readonly number[]>;
  /** Whether they may draw less than their least. */
  readonly isRelaxed: boolean;
}

/** How a plan is asked for: as if loads could draw less than their least, and never worse than with what they draw now. */
export interface LoadedAsking {
  readonly isRelaxed?: boolean;
  readonly now?: LoadedPlan;
}

/** A plan while a better one is sought. */
interface Trial {
  readonly plan: LoadedPlan;
  readonly powers: Powers;
  /** With what is charged. */
  readonly total: number;
}

/** So often what energy is worth to loads is asked of what the battery then does, and so often both are planned in turn after that. */
const ROUNDS = 3;
const TURNS = 3;

/** A gap of so large a share is none. */
const HARDLY = 1e-4;

/**
 * A home whose battery is planned by its cost to go, and its loads by their cheapest steps. What a kWh is worth to a load is a price at which
 * the battery's plan may leave it energy in any step: so both are planned together (the Lagrangian dual of the energy that is wanted,
 * which proves what no plan undercuts). What loads then draw is settled in turn with what the battery does beside that.
 */
export class LoadedHome {
  private readonly courses: readonly HomeCourse[];
  private readonly alone: readonly StepCosts[];
  /** Those who can wait least first. */
  private readonly loads: readonly HomeLoad[];
  private readonly shareSteps: boolean;
  /** What a kWh was worth to each load when it was last asked. */
  private worths: readonly number[] | undefined;

  constructor(
    bare: readonly HomeCourse[],
    loads: readonly HomeLoad[],
    private readonly sharedSteps: number,
  ) {
    const { hours } = bare[0]!.home;
    this.loads = loads.toSorted((one, other) => urgency(other, hours) - urgency(one, hours));
    this.shareSteps = hours.some((_, step) => loads.filter(({ mostKw }) => mostKw[step]! > 0).length > 1);
    const besideKw = hours.map((_, step) => loads.reduce((sum, { mostKw }) => sum + mostKw[step]!, 0));
    this.courses = bare.map(({ home, weight }) => ({ home: { ...home, besideKw }, weight }));
    this.alone = bare.map(({ home }) => StepCosts.of(home));
  }

  /** `chargeOf`: see `HomePlanner`. */
  plan(chargeOf: (course: number) => Charge | undefined, { isRelaxed = false, now }: LoadedAsking = {}): LoadedPlan {
    this.price(chargeOf);
    let best = now && this.asNow(now, isRelaxed);
    let worths = this.worths ?? this.draws(resting(this.courses), isRelaxed).map(({ worth }) => worth);
    let bound = -Infinity;
    const isNear = (): boolean => best !== undefined && best.total - bound <= HARDLY * Math.abs(best.total);
    // In several courses it tells little: what is drawn is the same in all of them.
    const rounds = best && this.courses.length > 1 ? 0 : ROUNDS;
    for (let round = 0; round < rounds && !isNear(); round += 1) {
      const powers = this.atWorths(worths);
      bound = Math.max(bound, powers.bound);
      const draws = this.draws(powers.powersKw, isRelaxed);
      this.worths = worths = draws.map(({ worth }) => worth);
      best = better(best, this.withDraws(kwOf(draws), isRelaxed));
    }
    for (let turn = 0; turn < TURNS && !isNear(); turn += 1) {
      const next = this.withDraws(kwOf(this.draws(best!.powers.powersKw, isRelaxed)), isRelaxed);
      if (next.total > best!.total - HARDLY * Math.abs(best!.total)) break;
      best = next;
    }
    return { ...best!.plan, bound };
  }

  /** The best plan with the draws of another; where they are not allowed any more, with the cheapest beside what the battery then does. */
  private asNow(now: LoadedPlan, isRelaxed: boolean): Trial {
    const drawKw = this.loads.map(({ id }) => now.draws.get(id)!);
    const asDrawn = this.withDraws(drawKw, isRelaxed);
    return now.isRelaxed && !isRelaxed ? this.withDraws(kwOf(this.draws(asDrawn.powers.powersKw, false)), false) : asDrawn;
  }

  /** Notes what net powers cost, and what those steps cost at which no load may draw. */
  private price(chargeOf: (course: number) => Charge | undefined): void {
    this.courses.forEach(({ home }, course) => {
      const charge = chargeOf(course);
      const { hours, besideKw } = home;
      const base = bases.room(course, hours.length).clear();
      const curves = curvesOf(course);
      for (let step = 0; step < hours.length; step += 1) {
        const charged = charge && isCharged(home, step, charge);
        const isLoaded = besideKw![step]! > 0;
        if (!isLoaded && !charged) {
          base.copy(this.alone[course]!, step);
          continue;
        }
        const net = netCost(home, step, charged ? charge : undefined);
        if (!isLoaded) base.bend(home, step, net);
        else {
          base.skip();
          const curve = (curves[step] ??= { net: new Points(), bestNetKw: 0 });
          curve.net.take(net);
          curve.bestNetKw = bestNet(home, net);
        }
      }
    });
  }

  /** What the battery does where each kWh drawn by a load is worth so much, and what no plan undercuts. */
  private atWorths(worths: readonly number[]): Powers {
    const { loads } = this;
    const costs = this.costsOf(
      this.courses.map(({ home }) => home),
      ({ net }, step) => {
        const sinks = loads
          .map(({ mostKw }, load): Sink => ({ mostKw: mostKw[step]!, worth: worths[load]! }))
          .toSorted((one, other) => one.worth - other.worth);
        return withSinks(net, sinks, sunk);
      },
    );
    const powers = powersAt(this.courses, this.sharedSteps, costs);
    return {
      ...powers,
      bound: loads.reduce((sum, { wantedKwh }, load) => sum + Math.max(0, worths[load]!) * wantedKwh, powers.bound),
    };
  }

  /** The best plan with given draws. */
  private withDraws(drawKw: readonly (readonly number[])[], isRelaxed: boolean): Trial {
    const courses = this.courses.map(({ home, weight }) => ({ home: drawing(home, drawKw), weight }));
    const costs = this.costsOf(
      courses.map(({ home }) => home),
      ({ net }) => net,
    );
    const powers = powersAt(courses, this.sharedSteps, costs);
    const { hours } = courses[0]!.home;
    const missing = this.loads.reduce((sum, load, index) => {
      const lacksKwh = drawKw[index]!.reduce((left, kw, step) => left - kw * hours[step]!, load.wantedKwh);
      return sum + Math.max(0, lacksKwh) * load.missing;
    }, 0);
    const plan = planAt(courses, costs, powers);
    return {
      plan: {
        ...plan,
        cost: plan.cost + missing,
        draws: new Map(this.loads.map(({ id }, index) => [id, drawKw[index]!])),
        isRelaxed: isRelaxed && this.loads.some(({ leastKw }) => leastKw.some((kw) => kw > 0)),
      },
      powers,
      total: powers.bound + missing,
    };
  }

  /** What the steps of homes cost, by course; where loads may draw by what net powers cost. */
  private costsOf(homes: readonly Home[], netOf: (curve: NetCurve, step: number) => Points): StepCosts[] {
    return homes.map((home, course) => {
      const steps = home.hours.length;
      const base = bases.room(course, steps);
      const costs = rooms.room(course, steps).clear();
      const curves = curvesOf(course);
      const { besideKw } = this.courses[course]!.home;
      for (let step = 0; step < steps; step += 1)
        if (besideKw![step]! > 0) costs.bend(home, step, netOf(curves[step]!, step));
        else costs.copy(base, step);
      return costs;
    });
  }

  /** The cheapest draws of the loads, one after another, beside what the battery does in each course; each again where they share steps. */
  private draws(powersKw: readonly (readonly number[])[], isRelaxed: boolean): Draws[] {
    const found: Draws[] = [];
    for (let pass = 0; pass < (this.shareSteps ? 2 : 1); pass += 1)
      this.loads.forEach((load, index) => {
        const others = found.filter((_, other) => other !== index);
        found[index] = cheapestDraws(
          load.mostKw.map((_, step) => {
            const othersKw = others.reduce((sum, { kw }) => sum + kw[step]!, 0);
            const besideKw = powersKw.map((kw) => ({ powerKw: kw[step]!, drawKw: othersKw }));
            return this.stepDraws(load, step, besideKw, isRelaxed);
          }),
          load,
        );
      });
    return found;
  }

  /** What a load may draw in a step, and what that costs beside what battery and other loads do in each course. */
  private stepDraws({ mostKw, ...load }: HomeLoad, step: number, beside: readonly Beside[], isRelaxed: boolean): StepDraws {
    const { courses } = this;
    const hour = courses[0]!.home.hours[step]!;
    const leastKw = isRelaxed ? 0 : load.leastKw[step]!;
    const leftKw = Math.min(mostKw[step]!, ...courses.map(({ home }, course) => home.takenLimitKw[step]! - beside[course]!.drawKw));
    if (leftKw <= 0 || leftKw < leastKw) return { hour, leastKw, kw: [0], cost: [0] };
    places.within(leastKw, leftKw);
    courses.forEach(({ home }, course) => placeDraws(home, step, { places, ...beside[course]! }, curvesOf(course)[step]!));
    const kw = [...(leastKw > 0 ? [0] : []), ...places.xs.subarray(0, places.count)];
    const cost = kw.map((each) =>
      courses.reduce((sum, { home, weight }, course) => {
        const { powerKw, drawKw } = beside[course]!;
        return sum + weight * drawCost(home, step, { powerKw, drawKw: drawKw + each }, curvesOf(course)[step]!);
      }, 0),
    );
    return { hour, leastKw, kw, cost };
  }
}

/** Which part of all that it could draw a load wants. */
const urgency = ({ mostKw, wantedKwh }: HomeLoad, hours: readonly number[]): number =>
  wantedKwh /
  Math.max(
    NARROW,
    mostKw.reduce((sum, kw, step) => sum + kw * hours[step]!, 0),
  );

const resting = (courses: readonly HomeCourse[]): number[][] => courses.map(({ home }) => home.hours.map(() => 0));

const better = (one: Trial | undefined, other: Trial): Trial => (one && one.total <= other.total ? one : other);

const kwOf = (draws: readonly Draws[]): (readonly number[])[] => draws.map(({ kw }) => kw);

/** A home as it is with what its loads draw. */
const drawing = (home: Home, drawKw: readonly (readonly number[])[]): Home => {
  const allKw = home.hours.map((_, step) => drawKw.reduce((sum, kw) => sum + kw[step]!, 0));
  const { battery } = home;
  return {
    ...home,
    besideKw: undefined,
    loadKw: home.loadKw.map((kw, step) => kw + allKw[step]!),
    ...(battery && {
      battery: {
        ...battery,
        chargeKw: battery.chargeKw.map((kw, step) => Math.max(0, Math.min(kw, home.takenLimitKw[step]! - allKw[step]!))),
      },
    }),
  };
};

/** The same for all homes of a thread, which are planned one after another. */
const curves: NetCurve[][] = [];
const curvesOf = (course: number): NetCurve[] => (curves[course] ??= []);
const [bases, rooms] = [new CostRooms(), new CostRooms()];
const [sunk, places] = [new Points(), new Points()];
