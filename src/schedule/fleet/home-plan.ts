import { valueAt } from './convex.js';
import { CostToGo } from './cost-to-go.js';
import type { Home, HomeBattery } from './home.js';
import { ownCost, powerOf, type SharedCost, stepCost, type StepCost, sunTaken } from './step-cost.js';

/** What one home does by step, kW: its battery's power (out of it: positive), the sun taken, and what it takes from the grid. */
export interface HomePlan {
  readonly batteryKw: readonly number[];
  readonly sunKw: readonly number[];
  readonly netKw: readonly number[];
  /** What it costs by the home's own tariff, with what it bends; money. */
  readonly cost: number;
  /** No plan costs less, with what is charged beside the tariff; money. */
  readonly bound: number;
}

/** What a home is charged for its net power between two bounds at a step; absent where that is nothing. */
export type Sharing = (step: number, lowKw: number, highKw: number) => SharedCost | undefined;

/**
 * The best plan of a home alone, exactly, by dynamic programming over its stored energy: the cost to go is a convex function whose
 * pieces are carried from step to step, so that no grid of energies is needed. Where energy is paid to be taken, a step's cost
 * is not convex and its lower hull is planned with.
 */
export class HomePlanner {
  private readonly unshared: readonly StepCost[];

  constructor(private readonly home: Home) {
    this.unshared = home.hours.map((_, step) => stepCost(home, step));
  }

  plan(sharing: Sharing): HomePlan {
    const { home } = this;
    const steps = this.unshared.map((alone, step): StepCost => {
      const shared = sharing(step, alone.netKw.low, alone.netKw.high);
      return shared ? stepCost(home, step, shared) : alone;
    });
    const { powersKw, holding, bound } = home.battery ? batteryCourse(steps, home.battery, home.hours) : withoutBattery(steps);
    const sunKw = powersKw.map((kw, step) => sunTaken(home, step, kw, steps[step]!.bestNetKw));
    return {
      batteryKw: powersKw,
      sunKw,
      netKw: powersKw.map((kw, step) => home.loadKw[step]! - sunKw[step]! - kw),
      cost: powersKw.reduce((sum, kw, step) => sum + ownCost(home, step, kw, sunKw[step]!), holding),
      bound,
    };
  }
}

interface Course {
  readonly powersKw: readonly number[];
  /** What it costs to hold what is held. */
  readonly holding: number;
  readonly bound: number;
}

const withoutBattery = (steps: readonly StepCost[]): Course => ({
  powersKw: steps.map(() => 0),
  holding: 0,
  bound: steps.reduce((sum, { byChange }) => sum + byChange.at, 0),
});

/** One for all homes of a thread: they are planned one after another. */
const toGo = new CostToGo();

const batteryCourse = (steps: readonly StepCost[], battery: HomeBattery, hours: readonly number[]): Course => {
  const { holding, initialKwh, capacityKwh } = battery;
  const last = steps.length - 1;
  toGo.begin(last, holding[last]!);
  for (let step = last - 1; step >= 0; step -= 1) toGo.back(step, steps[step + 1]!.byGiven, holding[step]!, capacityKwh);
  let storedKwh = initialKwh;
  let held = 0;
  let bound = 0;
  const powersKw = steps.map(({ byChange }, step) => {
    const nextKwh = toGo.bestKwh(step, byChange, storedKwh);
    const changeKwh = nextKwh - storedKwh;
    if (step === 0) bound = toGo.at(0, nextKwh) + valueAt(byChange, changeKwh);
    storedKwh = nextKwh;
    held += valueAt(holding[step]!, nextKwh);
    return powerOf(battery, changeKwh / hours[step]!);
  });
  return { powersKw, holding: held, bound };
};
