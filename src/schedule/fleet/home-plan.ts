import { type Convex, sumOf, valueAt } from './convex.js';
import { CostToGo } from './cost-to-go.js';
import type { Home } from './home.js';
import { type Charge, ownCost, powerOf, sunTaken } from './step-cost.js';
import { CostRooms, StepCosts } from './step-costs.js';

/** What one home does by step in one course of load and sun, kW: its battery's power (out of it: positive), the sun taken, and what it takes from the grid. */
export interface HomeFlows {
  readonly batteryKw: readonly number[];
  readonly sunKw: readonly number[];
  readonly netKw: readonly number[];
}

export interface HomePlan {
  /** The expected course first, then each scenario's. */
  readonly courses: readonly HomeFlows[];
  /** What it costs by the home's own tariff, with what it bends: the mean over its courses; money. */
  readonly cost: number;
  /** No plan costs less, with what is charged beside the tariff; money. */
  readonly bound: number;
}

/** A course that load and sun of a home may take, and how much it counts; all together count 1. */
export interface HomeCourse {
  readonly home: Home;
  readonly weight: number;
}

/**
 * The best plan of a home alone, exactly, by dynamic programming over its stored energy: the cost to go is a convex function whose
 * pieces are carried from step to step, so that no grid of energies is needed. Where energy is paid to be taken, a step's cost
 * is not convex and its lower hull is planned with. With several courses what is decided now is decided for the mean of them, and each
 * goes on from there by its own cost to go.
 */
export class HomePlanner {
  /** By course, by its own tariff. */
  private readonly alone: readonly StepCosts[];

  /** `sharedSteps`: so many leading steps are decided before it is known which course comes. */
  constructor(
    private readonly courses: readonly HomeCourse[],
    private readonly sharedSteps: number,
  ) {
    this.alone = courses.map(({ home }) => StepCosts.of(home));
  }

  /** `chargeOf`: what is charged in a course beside the tariff; absent: nothing. It is done with when that of the next course is asked for. */
  plan(chargeOf: (course: number) => Charge | undefined): HomePlan {
    const { courses } = this;
    const costs = this.alone.map((alone, course) => {
      const charge = chargeOf(course);
      const { home } = courses[course]!;
      return charge ? rooms.room(course + 1, home.hours.length).charged(home, alone, charge) : alone;
    });
    return planAt(courses, costs, powersAt(courses, this.sharedSteps, costs));
  }
}

/** What a home does where its battery does this; `costs`: by course, of its steps. */
export const planAt = (courses: readonly HomeCourse[], costs: readonly StepCosts[], { powersKw, holding, bound }: Powers): HomePlan => {
  let cost = holding;
  const flows = courses.map(({ home, weight }, course): HomeFlows => {
    const batteryKw = powersKw[course]!;
    const { bestNetKw } = costs[course]!;
    const sunKw = batteryKw.map((kw, step) => sunTaken(home, step, kw, bestNetKw[step]!));
    batteryKw.forEach((kw, step) => (cost += weight * ownCost(home, step, kw, sunKw[step]!)));
    return { batteryKw, sunKw, netKw: batteryKw.map((kw, step) => home.loadKw[step]! - sunKw[step]! - kw) };
  });
  return { courses: flows, cost, bound };
};

/** The best that the battery of a home does where its steps cost so much, by course. */
export const powersAt = (courses: readonly HomeCourse[], sharedSteps: number, costs: readonly StepCosts[]): Powers =>
  courses[0]!.home.battery ? withBattery(courses, sharedSteps, costs) : withoutBattery(courses, costs);

const withBattery = (courses: readonly HomeCourse[], sharedSteps: number, costs: readonly StepCosts[]): Powers => {
  const [{ home: first }] = courses as readonly [HomeCourse];
  const { initialKwh, capacityKwh } = first.battery!;
  const lastStep = first.hours.length - 1;
  const parts = courses.map(({ home, weight }) => ({ battery: home.battery!, weight }));
  const meanOf = (functionOf: (course: number) => Convex): Convex =>
    sumOf(courses.map(({ weight }, course) => [functionOf(course), weight]));
  const lastShared = courses.length === 1 ? lastStep : Math.min(sharedSteps, first.hours.length) - 1;

  if (courses.length > 1)
    parts.forEach(({ battery }, course) => {
      const toGo = toGoOf(course + 1);
      toGo.begin(lastStep, battery.holding[lastStep]!);
      for (let step = lastStep - 1; step >= lastShared; step -= 1) toGo.back(step, costs[course]!, battery.holding[step]!, capacityKwh);
    });
  const together = toGoOf(0);
  const shared = courses.length > 1 ? rooms.room(0, lastStep + 1).clear() : costs[0]!;
  if (courses.length > 1) for (let step = 0; step <= lastShared; step += 1) shared.push(meanOf((course) => costs[course]!.whole(step)));
  together.begin(
    lastShared,
    courses.length > 1 ? meanOf((course) => toGoOf(course + 1).whole(lastShared)) : parts[0]!.battery.holding[lastStep]!,
  );
  for (let step = lastShared - 1; step >= 0; step -= 1)
    together.back(
      step,
      shared,
      meanOf((course) => parts[course]!.battery.holding[step]!),
      capacityKwh,
    );

  const storedKwh: number[] = [];
  let bound = 0;
  for (let step = 0; step <= lastShared; step += 1) {
    const before = storedKwh[step - 1] ?? initialKwh;
    const next = together.bestKwh(step, shared, before);
    if (step === 0) bound = together.at(0, next) + valueAt(shared.whole(0), next - before);
    storedKwh.push(next);
  }
  let holding = 0;
  const powersKw = parts.map(({ battery, weight }, course) => {
    const path = [...storedKwh];
    for (let step = lastShared + 1; step <= lastStep; step += 1)
      path.push(toGoOf(course + 1).bestKwh(step, costs[course]!, path[step - 1]!));
    path.forEach((kwh, step) => (holding += weight * valueAt(battery.holding[step]!, kwh)));
    return path.map((kwh, step) => powerOf(battery, (kwh - (path[step - 1] ?? initialKwh)) / first.hours[step]!));
  });
  return { powersKw, holding, bound };
};

/** What the battery of a home does, kW. */
export interface Powers {
  /** By course. */
  readonly powersKw: readonly (readonly number[])[];
  /** What it costs to hold what is held. */
  readonly holding: number;
  readonly bound: number;
}

const withoutBattery = (courses: readonly HomeCourse[], costs: readonly StepCosts[]): Powers => ({
  powersKw: courses.map(({ home }) => home.hours.map(() => 0)),
  holding: 0,
  bound: courses.reduce((total, { weight }, course) => costs[course]!.at.reduce((sum, at) => sum + weight * at, total), 0),
});

/** The same for all homes of a thread, which are planned one after another: one for what is decided now, and one for each course. */
const toGoes: CostToGo[] = [];
const toGoOf = (index: number): CostToGo => (toGoes[index] ??= new CostToGo());

/** Likewise for what their steps cost: what is decided now in the mean of all courses, and each course with what is charged there. */
const rooms = new CostRooms();
