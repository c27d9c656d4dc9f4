import { type Device, type DeviceId, givesSun, type Site, type SiteId } from '../fleet/plant.js';
import { type DurationMs, energyWh, meanPowerW, type Watt, type WattHour } from '../kernel/units.js';
import { batteryBand, besideSunW, keepReserve } from './battery-rules.js';
import type { RunningEvent } from './decision.js';
import { type EventFacts, takesPart } from './event-delivery.js';
import { type EventLimits, type SiteMeans, withinFleetLimits, withinSiteLimits } from './event-limits.js';
import { GENERATOR_STATE } from './generator-watch.js';
import { mostTakenW, type Taking } from './load-taking.js';
import { drawOf, wouldDraw } from './load-limits.js';

/** What the devices of an event's sites are rated for, by what becomes of it: at hand, or held back and why. Powers in the event's direction, ≥ 0. */
export interface EventCapacity {
  readonly availableW: Watt;
  /** Devices that do not answer, are locked out, have failed to start, or whose site runs on its own. */
  readonly offlineW: Watt;
  /** What households keep back, and what batteries do not hold or have no room for. */
  readonly reserveW: Watt;
  readonly optedOutW: Watt;
  /** What operators' limits leave no room for, and what connections, and hybrids' inverters beside their sun, do not bear. */
  readonly limitedW: Watt;
}

export interface CapacityFacts extends EventFacts, EventLimits {
  readonly lockedOut: ReadonlySet<DeviceId>;
  readonly takings?: ReadonlyMap<DeviceId, Taking>;
  readonly event: Pick<RunningEvent, 'direction' | 'optedOut'>;
  /** What sun gives, by site: it can be left on the roof where the grid wants less. */
  readonly sunW: ReadonlyMap<SiteId, Watt>;
  /** Of an event to come: how long batteries can be made ready for it, and how long their energy has to last. Absent: what they can do now. */
  readonly ahead?: { readonly leadMs: DurationMs; readonly lengthMs: DurationMs };
}

const HELD_BY = ['offlineW', 'reserveW', 'optedOutW', 'limitedW'] as const;
type HeldBy = (typeof HELD_BY)[number];

export const eventCapacity = (facts: CapacityFacts): EventCapacity => {
  const capacity = { offlineW: 0 as Watt, reserveW: 0 as Watt, optedOutW: 0 as Watt, limitedW: 0 as Watt };
  let [atHandW, withinW] = [0, 0] as [Watt, Watt];
  for (const site of facts.plant.sites) {
    const { heldW, means } = siteCapacity(facts, site);
    for (const heldBy of HELD_BY) capacity[heldBy] += heldW[heldBy];
    atHandW += means.batteriesW + means.loadsW + means.othersW;
    if (takesPart(facts.event, site, facts.consents)) withinW += withinSiteLimits(facts, site, means);
  }
  const leftW = withinFleetLimits(facts, Math.max(0, withinW));
  return { ...capacity, availableW: leftW, limitedW: capacity.limitedW + atHandW - leftW };
};

/** What the devices of a site can give to an event but for limits, and what is held back of them. */
export const siteCapacity = (
  facts: CapacityFacts,
  site: Site,
): { readonly heldW: Readonly<Record<HeldBy, Watt>>; readonly means: SiteMeans } => {
  const heldW = { offlineW: 0 as Watt, reserveW: 0 as Watt, optedOutW: 0 as Watt, limitedW: 0 as Watt };
  const means = { drawnW: drawnBy(facts, site), batteriesW: 0 as Watt, loadsW: 0 as Watt, othersW: 0 as Watt, generatorsGiveW: 0 as Watt };
  for (const device of site.devices) {
    const ratedW = ratedFor(facts, site, device);
    means.generatorsGiveW += plannedOf(facts, device);
    if (ratedW <= 0) continue;
    const held = heldBack(facts, site, device, ratedW);
    heldW[held.heldBy] += held.heldW;
    const canW = ratedW - held.heldW;
    const mayW = Math.min(canW, terminalW(facts, site, device));
    heldW.limitedW += canW - mayW;
    means[device.battery ? 'batteriesW' : device.flexibleLoad ? 'loadsW' : 'othersW'] += mayW;
  }
  return { heldW, means };
};

/** What flexible loads of a site draw; of an hour to come, what the plan has them draw. */
const drawnBy = ({ image, planned, ahead }: CapacityFacts, { devices }: Site): Watt =>
  devices.reduce((sum, device) => {
    if (!device.flexibleLoad) return sum;
    const step = planned?.get(device.id);
    return (
      sum +
      (!ahead
        ? drawOf({ device, flexibleW: image.devices.get(device.id)?.values['flexible.powerW'] })
        : step?.kind === 'flexible-load'
          ? step.drawW
          : 0)
    );
  }, 0 as Watt);

/** What a generator gives without the event. */
const plannedOf = ({ planned }: CapacityFacts, { id }: Device): Watt => {
  const step = planned?.get(id);
  return step?.kind === 'generator' && step.run ? step.powerW : 0;
};

const ratedFor = (facts: CapacityFacts, site: Site, device: Device): Watt => {
  const { ahead } = facts;
  const isUp = facts.event.direction === 'up';
  if (device.battery) return isUp ? device.battery.maxDischargeW : device.battery.maxChargeW;
  if (device.generator) return isUp ? device.generator.maxW - plannedOf(facts, device) : plannedOf(facts, device);
  if (device.flexibleLoad) return ahead ? 0 : flexibleW(facts, device, isUp);
  if (isUp || device.role !== 'pv') return 0;
  return sunOf(facts, site, device);
};

/** What an inverter gives of its site's sun. */
const sunOf = ({ sunW }: CapacityFacts, site: Site, { ratedW }: Device): Watt => {
  const suns = site.devices.filter(givesSun);
  return ((sunW.get(site.id) ?? 0) * ratedW) / suns.reduce((sum, device) => sum + device.ratedW, 0);
};

/** What a flexible load draws may wait, and what it would draw besides it may have. Of an hour to come nobody knows whether it draws then. */
const flexibleW = ({ image, takings }: CapacityFacts, device: Device, isUp: boolean): Watt => {
  const values = image.devices.get(device.id)?.values;
  const drawsW = drawOf({ device, flexibleW: values?.['flexible.powerW'] });
  const state = values?.['flexible.state'];
  if (isUp) return drawsW;
  return state !== undefined && wouldDraw(state) ? Math.max(0, mostTakenW(device, takings?.get(device.id)) - drawsW) : 0;
};

const heldBack = (facts: CapacityFacts, site: Site, device: Device, ratedW: Watt): { heldBy: HeldBy; heldW: Watt } => {
  const now = facts.image.devices.get(device.id);
  const hasFailed = now?.values['generator.state'] === GENERATOR_STATE.failed;
  const socPct = now?.values['battery.socPct'];
  const isOff =
    facts.image.sites.get(site.id)?.islanded ||
    now?.health !== 'online' ||
    hasFailed ||
    (device.battery && socPct === undefined) ||
    facts.lockedOut.has(device.id);
  if (isOff || device.reversion === 'none') return { heldBy: 'offlineW', heldW: ratedW };
  if (!takesPart(facts.event, site, facts.consents)) return { heldBy: 'optedOutW', heldW: ratedW };
  return { heldBy: 'reserveW', heldW: device.battery ? ratedW - Math.min(ratedW, batteryW(facts, site, device, socPct!)) : 0 };
};

/** What an inverter's terminal lets its battery give beside its sun. */
const terminalW = (facts: CapacityFacts, site: Site, device: Device): Watt =>
  device.role === 'hybrid' && facts.event.direction === 'up' ? besideSunW(device.ratedW, sunOf(facts, site, device)) : Infinity;

/** What a battery can do now; for an event to come, what it can keep up if it is made ready for it. */
const batteryW = ({ event, consents, ahead }: CapacityFacts, site: Site, device: Device, socPct: number): Watt => {
  const rating = device.battery!;
  const floorPct = consents.get(site.id)?.reserveFloorPct ?? 0;
  if (!ahead) {
    const band = keepReserve(batteryBand(rating, socPct), rating, socPct, floorPct);
    return event.direction === 'up' ? band.maxW : -band.minW;
  }
  const [leastPct, mostPct] = [Math.max(rating.minSocPct, floorPct), rating.maxSocPct];
  const holdsWh = (pct: number): WattHour => (pct / 100) * rating.capacityWh;
  if (event.direction === 'up') {
    const chargedWh = energyWh(rating.maxChargeW, ahead.leadMs) * rating.chargeEfficiency;
    const leftWh = Math.min(holdsWh(mostPct), holdsWh(socPct) + chargedWh) - holdsWh(leastPct);
    return meanPowerW(Math.max(0, leftWh) * rating.dischargeEfficiency, ahead.lengthMs);
  }
  const givenWh = energyWh(rating.maxDischargeW, ahead.leadMs) / rating.dischargeEfficiency;
  const roomWh = holdsWh(mostPct) - Math.max(Math.min(holdsWh(socPct), holdsWh(leastPct)), holdsWh(socPct) - givenWh);
  return meanPowerW(Math.max(0, roomWh) / rating.chargeEfficiency, ahead.lengthMs);
};
