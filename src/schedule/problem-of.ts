import { type Consent, type Device, type DeviceId, isPlannedApart, type Plant, type Site, type SiteId } from '../fleet/plant.js';
import type { Course } from '../forecast/courses.js';
import type { ForecastSlot, SiteForecast } from '../forecast/forecast.js';
import type { Interval } from '../kernel/interval.js';
import { clamp, type EpochMs, type Watt } from '../kernel/units.js';
import type { LimitKind } from '../signals/operator-limit.js';
import type { PriceSlot } from '../signals/price.js';
import { loadProblems, type LoadTakes, type NeedNow } from './load-needs.js';
import { besideSun, fleetLimits, leastUpTo, limitOver, partOf, type PlannedLimit, takenLimits } from './operator-limits-of.js';
import { batteryOverrideOf, generatorOverrideOf, type PlannedOverride, sunOverrideOf } from './overrides-of.js';
import { planningSteps } from './planning-steps.js';
import {
  type BatteryProblem,
  type EventProblem,
  type GeneratorProblem,
  type PlanningProblem,
  planningProblemSchema,
  type Scenario,
  stepsOf,
} from './problem.js';

/** Energy left at the end counts for a little less than it would cost to buy again, or a flat tariff would never let it be used. */
const LEFT_OVER_WORTH = 0.8;
/** What a kWh through a battery wears off, and what sun left on the roof costs beyond its price; micro-units. */
const WEAR_MICRO_PER_KWH = 20_000;
const CURTAILMENT_MICRO_PER_KWH = 1_000;
/** A missed event costs this many times its price on top. */
const SHORTFALL_FACTOR = 2;

/** What is known of the devices when a plan is made. */
export interface DevicesAtStart {
  readonly socPct: ReadonlyMap<DeviceId, number>;
  readonly generators: ReadonlyMap<DeviceId, { readonly on: boolean; readonly sinceMs?: EpochMs; readonly powerW: Watt }>;
  /** Locked out, offline or failed: they are not planned with. */
  readonly unavailable: ReadonlySet<DeviceId>;
  readonly takings?: ReadonlyMap<DeviceId, LoadTakes>;
}

/** An event with each site's mean net import without it; a site without one takes no part. */
export interface PlannedEvent extends Interval {
  readonly id: string;
  readonly direction: 'up' | 'down';
  readonly powerW: Watt;
  readonly priceMicroPerKwh: number;
  readonly baselineW: ReadonlyMap<SiteId, Watt>;
}

/** Courses a site with a battery is planned for, and how many of all sites together: more would take more time than they are worth. */
const COURSES = 10;
const COURSES_AT_MOST = 4_000;
/** The same where loads that are off or draw their least stand at so many sites: only a solver plans those. */
const LOADED_AT_MOST = 80;
const LOADED_SITES = 3;
/** With fewer it is better to plan for what is expected. */
const COURSES_AT_LEAST = 3;

export interface PlanningFacts {
  readonly plant: Plant;
  readonly nowMs: EpochMs;
  readonly forecasts: readonly SiteForecast[];
  /** By zone: the tariff follows the site's clock. */
  readonly prices: ReadonlyMap<string, readonly PriceSlot[]>;
  readonly devices: DevicesAtStart;
  readonly consents: ReadonlyMap<SiteId, Consent>;
  readonly events: readonly PlannedEvent[];
  /** By site with a battery: what may come instead of its forecast, each as likely as the others. */
  readonly courses?: ReadonlyMap<SiteId, readonly Course[]>;
  /** Operators' limits in force or to come, at sites and over the fleet. */
  readonly limits?: readonly PlannedLimit[];
  /** How flexible loads stand in the windows of their needs that run. */
  readonly needs?: ReadonlyMap<DeviceId, NeedNow>;
  /** What persons have set by hand. */
  readonly overrides?: readonly PlannedOverride[];
}

/** States what is to be planned, from everything that is known. Sites without a forecast are left out. */
export const problemOf = (facts: PlanningFacts): PlanningProblem => {
  const grid = planningSteps(facts.nowMs, [
    ...facts.events,
    ...(facts.limits ?? []),
    ...(facts.overrides ?? []).map(({ endMs }) => ({ startMs: facts.nowMs, endMs })),
  ]);
  const steps = stepsOf(grid);
  const forecasts = new Map(facts.forecasts.map((forecast) => [forecast.siteId, forecast]));
  const sites = facts.plant.sites.filter((site) => forecasts.has(site.id));
  const planned = new Set(sites.map(({ id }) => id));
  const heres = sites.map((site) => hereOf(site, forecasts.get(site.id)!, facts, steps));
  return planningProblemSchema.parse({
    version: 1,
    currency: facts.plant.currency,
    ...grid,
    sites: sites.map((site) => siteProblem(site, forecasts.get(site.id)!, facts, steps)),
    batteries: heres.flatMap((here) => here.site.devices.flatMap((device) => batteryProblem(device, here, facts, steps))),
    flexibleLoads: sites.flatMap((site) => loadProblems(site, { ...facts, ...facts.devices }, steps)),
    generators: heres.flatMap((here) => here.site.devices.flatMap((device) => generatorProblem(device, here, facts, steps))),
    events: facts.events.flatMap((event) => eventProblem(event, planned, facts, steps)),
    scenarios: scenariosOf(sites, forecasts, facts, steps),
    fleet: fleetLimits(sites, facts.limits ?? [], steps),
    curtailmentMicroPerKwh: CURTAILMENT_MICRO_PER_KWH,
  });
};

/** Load and sun by step, as far as operators let the sun shine. */
const powersOf = (site: Site, slots: readonly ForecastSlot[], limits: readonly PlannedLimit[], steps: readonly Interval[]) => ({
  loadW: steps.map((step) => meanOver(slots, step, ({ loadW }) => loadW)),
  pvW: steps.map((step) =>
    Math.min(
      meanOver(slots, step, ({ pvW }) => pvW),
      limitOver(limits, site, 'sun', step) ?? Infinity,
      limitOver(limits, site, 'generation', step) ?? Infinity,
    ),
  ),
});

/** Whose courses are planned for, and how many of each: fewer for many sites, and none where that would be too few. */
export const coursesWanted = ({ plant }: Pick<PlanningFacts, 'plant'>): { sites: readonly Site[]; count: number } => {
  const sites = plant.sites.filter(({ devices }) => devices.some(({ battery }) => battery !== undefined));
  const isLoaded = plant.sites.filter(({ devices }) => devices.some(isPlannedApart)).length >= LOADED_SITES;
  const count = Math.min(COURSES, Math.floor((isLoaded ? LOADED_AT_MOST : COURSES_AT_MOST) / Math.max(1, sites.length)));
  return count < COURSES_AT_LEAST ? { sites: [], count: 0 } : { sites, count };
};

/** The courses of all sites by their number: under one sky the first belong together. What runs now is known, and so the same in all. */
const scenariosOf = (
  sites: readonly Site[],
  forecasts: ReadonlyMap<SiteId, SiteForecast>,
  { courses = new Map(), limits = [] }: PlanningFacts,
  steps: readonly Interval[],
): Scenario[] => {
  const uncertain = sites.filter(({ id }) => (courses.get(id)?.length ?? 0) > 0);
  const count = Math.min(...uncertain.map(({ id }) => courses.get(id)!.length));
  if (uncertain.length === 0) return [];
  return Array.from({ length: count }, (_, index) => ({
    id: `course-${index + 1}`,
    probability: 1 / count,
    sites: uncertain.map((site) => {
      const { slots } = forecasts.get(site.id)!;
      const { loadW, pvW } = courses.get(site.id)![index]!;
      const course = slots.map((slot, at) => (at === 0 ? slot : { ...slot, loadW: loadW[at]!, pvW: pvW[at]! }));
      return { siteId: site.id, ...powersOf(site, course, limits, steps) };
    }),
  }));
};

const siteProblem = (
  site: Site,
  forecast: SiteForecast,
  { prices, devices, limits = [], overrides = [] }: PlanningFacts,
  steps: readonly Interval[],
) => {
  const limited = (kind: LimitKind, otherwiseW: Watt, step: Interval): Watt =>
    Math.min(otherwiseW, limitOver(limits, site, kind, step) ?? Infinity);
  // A roof with another inverter beside the hybrid one is not split here, so the hybrid's limit cannot be stated.
  const hybrid = site.devices.some(({ role }) => role === 'pv' || role === 'battery')
    ? undefined
    : site.devices.find(({ role }) => role === 'hybrid');
  const slots = prices.get(site.zone) ?? [];
  const powers = powersOf(site, forecast.slots, limits, steps);
  return {
    id: site.id,
    ...powers,
    ...sunOverrideOf(site, overrides, { steps, pvW: powers.pvW, unavailable: devices.unavailable }),
    importLimitW: steps.map((step) => limited('import', site.importLimitW, step)),
    exportLimitW: steps.map((step) => limited('export', site.exportLimitW, step)),
    ...takenLimits(site, limits, steps),
    ...(hybrid ? { inverterLimitW: hybrid.ratedW } : {}),
    importMicroPerKwh: steps.map((step) => meanOver(slots, step, ({ importMicroPerKwh }) => importMicroPerKwh)),
    exportMicroPerKwh: steps.map((step) => meanOver(slots, step, ({ exportMicroPerKwh }) => exportMicroPerKwh)),
  };
};

/** Mean over a step of what is given by slots; the last slot known holds on beyond the end of what is given. */
const meanOver = <T extends Interval>(slots: readonly T[], step: Interval, pick: (slot: T) => number): number => {
  let [sum, weight] = [0, 0];
  for (const slot of slots) {
    const overlapMs = Math.min(slot.endMs, step.endMs) - Math.max(slot.startMs, step.startMs);
    if (overlapMs <= 0) continue;
    sum += pick(slot) * overlapMs;
    weight += overlapMs;
  }
  if (weight > 0) return sum / weight;
  const last = slots.at(-1);
  return last ? pick(last) : 0;
};

type Draft<T> = Partial<T> & { id: string; siteId: string };

/** Where a device stands, those there that can be told something, and what a limit on generation leaves beside the sun. */
interface Here {
  readonly site: Site;
  readonly able: readonly Device[];
  readonly besideSunW: readonly Watt[] | undefined;
}

const hereOf = (site: Site, forecast: SiteForecast, { devices, limits = [] }: PlanningFacts, steps: readonly Interval[]): Here => ({
  site,
  able: site.devices.filter(({ id, reversion }) => reversion !== 'none' && !devices.unavailable.has(id)),
  besideSunW: besideSun(site, powersOf(site, forecast.slots, limits, steps).pvW, limits, steps),
});

const batteryProblem = (
  device: Device,
  { site, able, besideSunW }: Here,
  { devices, consents, prices, events, overrides = [] }: PlanningFacts,
  steps: readonly Interval[],
): Draft<BatteryProblem>[] => {
  const rating = device.battery;
  const socPct = devices.socPct.get(device.id);
  if (!rating || socPct === undefined || !able.includes(device)) return [];
  const ofPct = (pct: number): number => (rating.capacityWh * pct) / 100;
  const served = events.filter(({ baselineW }) => baselineW.has(site.id) && !consents.get(site.id)?.optedOut);
  const dischargeW = Math.min(rating.maxDischargeW, device.ratedW);
  const part = partOf(device, able);
  return [
    {
      id: device.id,
      siteId: site.id,
      capacityWh: rating.capacityWh,
      minEnergyWh: ofPct(rating.minSocPct),
      maxEnergyWh: ofPct(rating.maxSocPct),
      reserveFloorWh: ofPct(clamp(consents.get(site.id)?.reserveFloorPct ?? 0, 0, 100)),
      initialEnergyWh: ofPct(clamp(socPct, 0, 100)),
      maxChargeW: Math.min(rating.maxChargeW, device.ratedW),
      maxDischargeW: besideSunW?.map((leftW) => clamp(part * leftW, 0, dischargeW)) ?? dischargeW,
      chargeEfficiency: rating.chargeEfficiency,
      dischargeEfficiency: rating.dischargeEfficiency,
      terminalMicroPerKwh: LEFT_OVER_WORTH * Math.max(0, cheapestImport(prices.get(site.zone) ?? [])) * rating.dischargeEfficiency,
      wearMicroPerKwh: WEAR_MICRO_PER_KWH,
      ...batteryOverrideOf(device, overrides, steps, served),
    },
  ];
};

/** Energy left at the end saves buying it at the cheapest hour to come. */
const cheapestImport = (slots: readonly PriceSlot[]): number =>
  slots.length === 0 ? 0 : Math.min(...slots.map(({ importMicroPerKwh }) => importMicroPerKwh));

const generatorProblem = (
  device: Device,
  { site, able, besideSunW }: Here,
  { devices, overrides = [] }: PlanningFacts,
  steps: readonly Interval[],
): Draft<GeneratorProblem>[] => {
  const rating = device.generator;
  if (!rating || device.reversion === 'none') return [];
  const now = devices.generators.get(device.id);
  const isThere = able.includes(device);
  const neededW = leastUpTo(device, able);
  return [
    {
      id: device.id,
      siteId: site.id,
      minW: rating.minW,
      maxW: rating.maxW,
      rampWPerS: rating.rampWPerS,
      warmUpS: rating.warmUpS,
      minUpS: rating.minUpS,
      minDownS: rating.minDownS,
      startMicro: rating.startMicro,
      noLoadMicroPerH: rating.noLoadLitresPerH * rating.fuelMicroPerLitre,
      runningMicroPerKwh: rating.litresPerKwh * rating.fuelMicroPerLitre,
      available: besideSunW?.map((leftW) => isThere && leftW >= neededW) ?? isThere,
      ...generatorOverrideOf(device, overrides, steps),
      // What it still gives while it comes down is no run that would have to be ended by its ramp.
      initial: { on: now?.on ?? false, powerW: now?.on ? now.powerW : 0, ...(now?.sinceMs === undefined ? {} : { sinceMs: now.sinceMs }) },
    },
  ];
};

const eventProblem = (
  event: PlannedEvent,
  planned: ReadonlySet<SiteId>,
  { consents }: PlanningFacts,
  steps: readonly Interval[],
): EventProblem[] => {
  const siteIds = [...event.baselineW.keys()].filter((siteId) => planned.has(siteId) && !consents.get(siteId)?.optedOut);
  const last = steps.at(-1)!;
  if (siteIds.length === 0 || event.startMs >= last.endMs || event.endMs <= steps[0]!.startMs) return [];
  const { id, startMs, endMs, direction, powerW, priceMicroPerKwh } = event;
  const baselineW = siteIds.reduce((sum, siteId) => sum + event.baselineW.get(siteId)!, 0);
  return [
    {
      id,
      startMs,
      endMs,
      direction,
      powerW,
      baselineW,
      priceMicroPerKwh,
      penaltyMicroPerKwh: SHORTFALL_FACTOR * priceMicroPerKwh,
      siteIds,
    },
  ];
};
