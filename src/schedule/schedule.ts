import type { DeviceId, SiteId } from '../fleet/plant.js';
import { type Interval, SLOT_MS, slotsOf } from '../kernel/interval.js';
import type { EpochMs, Watt, WattHour } from '../kernel/units.js';

export type PlanSolverName = 'highs' | 'merit-order';

/** `optimal` within the gap asked for; `feasible`: the best found when time was up; `fallback`: by merit order, and why. */
export type PlanStatus = 'optimal' | 'feasible' | 'fallback';

/** What the plan had to bend, by step and size, in the fixed order of softening (see `BREACH_KINDS`). */
export interface Breach {
  readonly kind: BreachKind;
  /** Site, battery, generator or event; `fleet` for limits over all sites. */
  readonly subject: string;
  readonly step: number;
  readonly startMs: EpochMs;
  /** How far beyond, in the unit of `BREACH_UNITS`. A budget's breach stands at the last step of its time. */
  readonly size: number;
}

/**
 * What is bent last stands first: a connection's limit is a fuse, the feeder's is the operator's, then comes the battery's own
 * range, its household's reserve, a generator's ramp, what a person has set, its having to run, budgets and throughput, reserve, a target. An event's shortfall
 * has its own price and bends first.
 */
export const BREACH_UNITS = {
  'import-limit': 'W',
  'export-limit': 'W',
  'fleet-import-limit': 'W',
  'fleet-export-limit': 'W',
  'energy-range': 'Wh',
  'reserve-floor': 'Wh',
  'generator-ramp': 'W',
  override: 'W',
  'must-run': 'W',
  'energy-budget': 'Wh',
  'run-time-budget': 's',
  'fuel-budget': 'of fuel',
  'start-budget': 'starts',
  throughput: 'Wh',
  'reserve-shortfall': 'W',
  'energy-target': 'Wh',
  'charge-demand': 'Wh',
  'load-energy': 'Wh',
  'event-shortfall': 'W',
} as const;
export type BreachKind = keyof typeof BREACH_UNITS;
export const BREACH_KINDS = Object.keys(BREACH_UNITS) as BreachKind[];

/** Mean powers over each step; W into the site's bus. */
export interface SitePlan {
  readonly siteId: SiteId;
  readonly loadW: readonly Watt[];
  readonly gridW: readonly Watt[];
  /** Sun taken, and sun left on the roof. */
  readonly pvW: readonly Watt[];
  readonly curtailedW: readonly Watt[];
}

export interface BatteryPlan {
  readonly batteryId: DeviceId;
  readonly siteId: SiteId;
  /** Discharge positive. */
  readonly powerW: readonly Watt[];
  /** Stored at the end of each step. */
  readonly energyWh: readonly WattHour[];
}

export interface GeneratorPlan {
  readonly generatorId: DeviceId;
  readonly siteId: SiteId;
  readonly on: readonly boolean[];
  readonly powerW: readonly Watt[];
}

export interface LoadPlan {
  readonly loadId: string;
  readonly siteId: SiteId;
  /** On top of its site's `loadW`; positive. */
  readonly drawW: readonly Watt[];
}

export interface EventPlan {
  readonly eventId: string;
  /** What is given towards the event; 0 outside it. */
  readonly deliveredW: readonly Watt[];
}

export interface ReservePlan {
  readonly reserveId: string;
  /** What the devices could give on top, up to what is asked for. */
  readonly heldW: readonly Watt[];
}

/** Millionths of the currency over the whole plan; earnings are negative costs. The parts add up to `costMicro`. */
export interface CostParts {
  readonly importMicro: number;
  readonly exportMicro: number;
  /** For the highest import. */
  readonly demandMicro: number;
  readonly curtailmentMicro: number;
  readonly wearMicro: number;
  readonly startMicro: number;
  readonly noLoadMicro: number;
  readonly runningMicro: number;
  readonly co2Micro: number;
  readonly eventMicro: number;
  /** Energy stored at the end less energy at the start, at its worth. */
  readonly storedMicro: number;
}

/** What is done if a scenario comes: the plan's own in the shared steps, the best for it after them. */
export interface ScenarioPlan {
  readonly scenarioId: string;
  readonly probability: number;
  readonly costMicro: number;
  readonly cost: CostParts;
  readonly sites: readonly SitePlan[];
  readonly batteries: readonly BatteryPlan[];
  readonly events: readonly EventPlan[];
  readonly reserves: readonly ReservePlan[];
  readonly breaches: readonly Breach[];
}

/** The answer to a `PlanningProblem`: what to do if loads and sun take their expected course. */
export interface Schedule {
  readonly issuedAtMs: EpochMs;
  readonly solver: PlanSolverName;
  readonly status: PlanStatus;
  /** Why it is a fallback, or looks at no scenarios. */
  readonly reason?: string;
  readonly currency: string;
  readonly costMicro: number;
  readonly cost: CostParts;
  /** Proven distance from the best cost, as a share; absent for a fallback. */
  readonly gap?: number;
  readonly seconds: number;
  readonly steps: readonly Interval[];
  readonly sites: readonly SitePlan[];
  readonly batteries: readonly BatteryPlan[];
  readonly generators: readonly GeneratorPlan[];
  readonly loads: readonly LoadPlan[];
  readonly events: readonly EventPlan[];
  readonly reserves: readonly ReservePlan[];
  readonly breaches: readonly Breach[];
  /** Courses of the problem's scenarios, in its order. Absent where there are none, and in a fallback, which does not look at them. */
  readonly scenarios?: readonly ScenarioPlan[];
  /** The mean over scenarios and expected course by their probabilities. There with `scenarios`. */
  readonly expectedCostMicro?: number;
}

const toTenths = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 10) / 10 || 0);

const roundedFlows = <T extends Pick<Schedule, 'sites' | 'batteries' | 'events' | 'reserves'>>(flows: T): T => ({
  ...flows,
  sites: flows.sites.map((site) => ({
    ...site,
    loadW: toTenths(site.loadW),
    gridW: toTenths(site.gridW),
    pvW: toTenths(site.pvW),
    curtailedW: toTenths(site.curtailedW),
  })),
  batteries: flows.batteries.map((battery) => ({ ...battery, powerW: toTenths(battery.powerW), energyWh: toTenths(battery.energyWh) })),
  events: flows.events.map((event) => ({ ...event, deliveredW: toTenths(event.deliveredW) })),
  reserves: flows.reserves.map((reserve) => ({ ...reserve, heldW: toTenths(reserve.heldW) })),
});

/** The same plan with powers and energies to a tenth of a watt and watt-hour, so that it is small where it is stored. */
export const rounded = (schedule: Schedule): Schedule => ({
  ...roundedFlows(schedule),
  generators: schedule.generators.map((generator) => ({ ...generator, powerW: toTenths(generator.powerW) })),
  loads: schedule.loads.map((load) => ({ ...load, drawW: toTenths(load.drawW) })),
  ...(schedule.scenarios ? { scenarios: schedule.scenarios.map((scenario) => roundedFlows(scenario)) } : {}),
});

/** The plan without the courses of its scenarios: what is carried out and kept. */
export const withoutScenarios = ({ scenarios: _scenarios, ...schedule }: Schedule): Schedule => schedule;

/** The step that holds a moment, or -1 outside the plan. */
export const stepAt = (schedule: Pick<Schedule, 'steps'>, atMs: EpochMs): number =>
  schedule.steps.findIndex(({ startMs, endMs }) => atMs >= startMs && atMs < endMs);

const spread = <T>(values: readonly T[], steps: readonly number[]): T[] => steps.map((step) => values[step]!);

/**
 * The same plan on even slots: powers hold within a step, stored energy moves evenly through it. Slots are aligned to the
 * epoch; what lies before the first whole slot or after the last is left out, and so are scenarios.
 */
export const onSlots = (schedule: Schedule, slotMs: number = SLOT_MS): Schedule => {
  const first = schedule.steps[0]!;
  const slots = slotsOf({ startMs: first.startMs, endMs: schedule.steps.at(-1)!.endMs }, slotMs);
  const stepOf = slots.map(({ startMs }) => stepAt(schedule, startMs));
  return {
    ...withoutScenarios(schedule),
    steps: slots,
    sites: schedule.sites.map((site) => ({
      ...site,
      loadW: spread(site.loadW, stepOf),
      gridW: spread(site.gridW, stepOf),
      pvW: spread(site.pvW, stepOf),
      curtailedW: spread(site.curtailedW, stepOf),
    })),
    batteries: schedule.batteries.map((battery) => ({
      ...battery,
      powerW: spread(battery.powerW, stepOf),
      energyWh: slots.map(({ endMs }, slot) => energyWithin(schedule, battery, stepOf[slot]!, endMs)),
    })),
    generators: schedule.generators.map((generator) => ({
      ...generator,
      on: spread(generator.on, stepOf),
      powerW: spread(generator.powerW, stepOf),
    })),
    loads: schedule.loads.map((load) => ({ ...load, drawW: spread(load.drawW, stepOf) })),
    events: schedule.events.map((event) => ({ ...event, deliveredW: spread(event.deliveredW, stepOf) })),
    reserves: schedule.reserves.map((reserve) => ({ ...reserve, heldW: spread(reserve.heldW, stepOf) })),
  };
};

const energyWithin = (schedule: Schedule, battery: BatteryPlan, step: number, atMs: EpochMs): WattHour => {
  const after = battery.energyWh[step]!;
  const before = battery.energyWh[step - 1];
  const { startMs, endMs } = schedule.steps[step]!;
  return before === undefined ? after : before + ((after - before) * (atMs - startMs)) / (endMs - startMs);
};
