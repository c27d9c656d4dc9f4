import type { Consent, Device, DeviceId, Plant, Site, SiteId } from '../fleet/plant.js';
import type { SiteForecast } from '../forecast/forecast.js';
import { ceilTo, floorTo, type Interval, overlaps, SLOT_MS } from '../kernel/interval.js';
import { clamp, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
import { FLEET_SCOPE, type LimitKind, type OperatorLimit } from '../signals/operator-limit.js';
import type { PriceSlot } from '../signals/price.js';
import {
  type BatteryProblem,
  type EventProblem,
  type GeneratorProblem,
  type PlanningProblem,
  planningProblemSchema,
  stepsOf,
} from './problem.js';

/** Planning looks this far ahead. */
const HORIZON_MS = 36 * HOUR_MS;
/** Far-off detail only costs time: after this it goes by hours. */
const FINE_MS = 2 * HOUR_MS;
/** A step is not cut shorter than this. */
const SHORTEST_MS = 30 * SECOND_MS;
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
}

/** An event with each site's mean net import without it; a site without one takes no part. */
export interface PlannedEvent extends Interval {
  readonly id: string;
  readonly direction: 'up' | 'down';
  readonly powerW: Watt;
  readonly priceMicroPerKwh: number;
  readonly baselineW: ReadonlyMap<SiteId, Watt>;
}

export interface PlanningFacts {
  readonly plant: Plant;
  readonly nowMs: EpochMs;
  readonly forecasts: readonly SiteForecast[];
  /** By zone: the tariff follows the site's clock. */
  readonly prices: ReadonlyMap<string, readonly PriceSlot[]>;
  readonly devices: DevicesAtStart;
  readonly consents: ReadonlyMap<SiteId, Consent>;
  readonly events: readonly PlannedEvent[];
  /** Operators' limits in force or to come, at sites and over the fleet. */
  readonly limits?: readonly PlannedLimit[];
}

export type PlannedLimit = Pick<OperatorLimit, 'scope' | 'kind' | 'valueW' | 'startMs' | 'endMs'>;

/**
 * The plan's steps from now on: what is left of the running quarter-hour, quarter-hours while the plan is likely to be executed
 * before it is made anew, then hours. Events and limits cut steps where they begin and end.
 */
export const planningSteps = (nowMs: EpochMs, cuts: readonly Interval[] = []): { startMs: EpochMs; stepMinutes: number[] } => {
  const startMs = floorTo(nowMs, SECOND_MS);
  const slotMs = floorTo(startMs, SLOT_MS);
  const endMs = slotMs + HORIZON_MS;
  const fineUntilMs = ceilTo(slotMs + FINE_MS, HOUR_MS);
  const edges = cuts.flatMap(({ startMs: fromMs, endMs: toMs }) => [fromMs, toMs]).filter((edgeMs) => edgeMs > startMs && edgeMs < endMs);
  for (let atMs = slotMs + SLOT_MS; atMs < endMs; atMs += atMs < fineUntilMs ? SLOT_MS : HOUR_MS) edges.push(atMs);
  edges.push(endMs);
  const stepMinutes: number[] = [];
  let fromMs = startMs;
  for (const edgeMs of edges.toSorted((a, b) => a - b)) {
    if (edgeMs - fromMs < SHORTEST_MS && edgeMs < endMs) continue;
    stepMinutes.push((edgeMs - fromMs) / MINUTE_MS);
    fromMs = edgeMs;
  }
  return { startMs, stepMinutes };
};

/** States what is to be planned, from everything that is known. Sites without a forecast are left out. */
export const problemOf = (facts: PlanningFacts): PlanningProblem => {
  const grid = planningSteps(facts.nowMs, [...facts.events, ...(facts.limits ?? [])]);
  const steps = stepsOf(grid);
  const forecasts = new Map(facts.forecasts.map((forecast) => [forecast.siteId, forecast]));
  const sites = facts.plant.sites.filter((site) => forecasts.has(site.id));
  const planned = new Set(sites.map(({ id }) => id));
  return planningProblemSchema.parse({
    version: 1,
    currency: facts.plant.currency,
    ...grid,
    sites: sites.map((site) => siteProblem(site, forecasts.get(site.id)!, facts, steps)),
    batteries: sites.flatMap((site) => site.devices.flatMap((device) => batteryProblem(device, facts))),
    generators: sites.flatMap((site) => site.devices.flatMap((device) => generatorProblem(device, facts))),
    events: facts.events.flatMap((event) => eventProblem(event, planned, facts, steps)),
    fleet: fleetProblem(sites, facts, steps),
    curtailmentMicroPerKwh: CURTAILMENT_MICRO_PER_KWH,
  });
};

/** The tightest limit that touches a step; what a site owes while none does; `undefined` where it owes nothing. */
const limitOver = (limits: readonly PlannedLimit[], scope: Site | 'fleet', kind: LimitKind, step: Interval): Watt | undefined => {
  const id = scope === 'fleet' ? FLEET_SCOPE : scope.id;
  const values = limits.filter((limit) => limit.scope === id && limit.kind === kind && overlaps(limit, step)).map(({ valueW }) => valueW);
  if (values.length > 0) return Math.min(...values);
  return scope === 'fleet' ? undefined : scope.safeLimits?.[`${kind}W`];
};

/** Limits on the sum of all sites, step by step; while there is none, the sum of their connections bounds it. */
const fleetProblem = (sites: readonly Site[], { limits = [] }: PlanningFacts, steps: readonly Interval[]) => {
  const bounds = (kind: 'import' | 'export'): Watt[] | undefined => {
    const values = steps.map((step) => limitOver(limits, 'fleet', kind, step));
    const connectionsW = sites.reduce((sum, site) => sum + (kind === 'import' ? site.importLimitW : site.exportLimitW), 0);
    return values.every((valueW) => valueW === undefined) ? undefined : values.map((valueW) => valueW ?? connectionsW);
  };
  return { importLimitW: bounds('import'), exportLimitW: bounds('export') };
};

const siteProblem = (site: Site, forecast: SiteForecast, { prices, limits = [] }: PlanningFacts, steps: readonly Interval[]) => {
  const limited = (kind: LimitKind, otherwiseW: Watt, step: Interval): Watt =>
    Math.min(otherwiseW, limitOver(limits, site, kind, step) ?? Infinity);
  // A roof with another inverter beside the hybrid one is not split here, so the hybrid's limit cannot be stated.
  const hybrid = site.devices.some(({ role }) => role === 'pv' || role === 'battery')
    ? undefined
    : site.devices.find(({ role }) => role === 'hybrid');
  const slots = prices.get(site.zone) ?? [];
  return {
    id: site.id,
    loadW: steps.map((step) => meanOver(forecast.slots, step, ({ loadW }) => loadW)),
    pvW: steps.map((step) =>
      limited(
        'generation',
        meanOver(forecast.slots, step, ({ pvW }) => pvW),
        step,
      ),
    ),
    importLimitW: steps.map((step) => limited('import', site.importLimitW, step)),
    exportLimitW: steps.map((step) => limited('export', site.exportLimitW, step)),
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

const batteryProblem = (device: Device, { devices, consents, prices, plant }: PlanningFacts): Draft<BatteryProblem>[] => {
  const rating = device.battery;
  const socPct = devices.socPct.get(device.id);
  if (!rating || socPct === undefined || device.reversion === 'none' || devices.unavailable.has(device.id)) return [];
  const ofPct = (pct: number): number => (rating.capacityWh * pct) / 100;
  const zone = plant.sites.find(({ id }) => id === device.siteId)!.zone;
  return [
    {
      id: device.id,
      siteId: device.siteId,
      capacityWh: rating.capacityWh,
      minEnergyWh: ofPct(rating.minSocPct),
      maxEnergyWh: ofPct(rating.maxSocPct),
      reserveFloorWh: ofPct(clamp(consents.get(device.siteId)?.reserveFloorPct ?? 0, 0, 100)),
      initialEnergyWh: ofPct(clamp(socPct, 0, 100)),
      maxChargeW: Math.min(rating.maxChargeW, device.ratedW),
      maxDischargeW: Math.min(rating.maxDischargeW, device.ratedW),
      chargeEfficiency: rating.chargeEfficiency,
      dischargeEfficiency: rating.dischargeEfficiency,
      terminalMicroPerKwh: LEFT_OVER_WORTH * Math.max(0, cheapestImport(prices.get(zone) ?? [])) * rating.dischargeEfficiency,
      wearMicroPerKwh: WEAR_MICRO_PER_KWH,
    },
  ];
};

/** Energy left at the end saves buying it at the cheapest hour to come. */
const cheapestImport = (slots: readonly PriceSlot[]): number =>
  slots.length === 0 ? 0 : Math.min(...slots.map(({ importMicroPerKwh }) => importMicroPerKwh));

const generatorProblem = (device: Device, { devices }: PlanningFacts): Draft<GeneratorProblem>[] => {
  const rating = device.generator;
  if (!rating || device.reversion === 'none') return [];
  const now = devices.generators.get(device.id);
  return [
    {
      id: device.id,
      siteId: device.siteId,
      minW: rating.minW,
      maxW: rating.maxW,
      rampWPerS: rating.rampWPerS,
      warmUpS: rating.warmUpS,
      minUpS: rating.minUpS,
      minDownS: rating.minDownS,
      startMicro: rating.startMicro,
      noLoadMicroPerH: rating.noLoadLitresPerH * rating.fuelMicroPerLitre,
      runningMicroPerKwh: rating.litresPerKwh * rating.fuelMicroPerLitre,
      available: !devices.unavailable.has(device.id),
      initial: { on: now?.on ?? false, powerW: now?.powerW ?? 0, ...(now?.sinceMs === undefined ? {} : { sinceMs: now.sinceMs }) },
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
