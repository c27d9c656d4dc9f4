import { clamp, HOUR_MS } from '../kernel/units.js';
import { breachesOf } from './breaches.js';
import { type GeneratorBill, generatorBill } from './generator-cost.js';
import { atStep, type BatteryProblem, type EventProblem, shareWithin, type PlanningProblem, stepsOf } from './problem.js';
import { heldW } from './reserve-held.js';
import type { BatteryPlan, CostParts, EventPlan, GeneratorPlan, LoadPlan, Schedule, SitePlan } from './schedule.js';

/** What a solver decides; everything else follows. Indexed by the problem's sites, batteries, loads and generators, then by step. */
export interface Decisions {
  readonly pvW: readonly (readonly number[])[];
  readonly batteryW: readonly (readonly number[])[];
  /** Drawn by each flexible load. */
  readonly loadW: readonly (readonly number[])[];
  readonly generatorOn: readonly (readonly boolean[])[];
  readonly generatorW: readonly (readonly number[])[];
}

export type Verdict = Pick<Schedule, 'solver' | 'status' | 'reason' | 'gap' | 'seconds'>;

/** A full plan from a solver's decisions: grid powers, stored energies, costs, and what had to be bent. */
export const scheduleOf = (problem: PlanningProblem, decisions: Decisions, verdict: Verdict): Schedule => {
  const steps = stepsOf(problem);
  const hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const batteries = problem.batteries.map((battery, index) => batteryPlan(battery, decisions.batteryW[index]!, hours));
  const generators = problem.generators.map(({ id, siteId }, index): GeneratorPlan => {
    const on = decisions.generatorOn[index]!;
    return {
      generatorId: id,
      siteId,
      on,
      powerW: decisions.generatorW[index]!.map((powerW, step) => (on[step] ? Math.max(0, powerW) : 0)),
    };
  });
  const loads = problem.flexibleLoads.map((load, index): LoadPlan => ({
    loadId: load.id,
    siteId: load.siteId,
    drawW: steps.map((step, at) => clamp(decisions.loadW[index]![at]!, 0, load.maxW * shareWithin(load, step))),
  }));
  const sites = problem.sites.map((site, index): SitePlan => {
    const loadW = steps.map((_, step) => atStep(site.loadW, step));
    const pvW = steps.map((_, step) => clamp(decisions.pvW[index]![step]!, atStep(site.pvMinW, step), atStep(site.pvW, step)));
    const here = [...batteries, ...generators].filter(({ siteId }) => siteId === site.id);
    const flexible = loads.filter(({ siteId }) => siteId === site.id);
    const needW = (step: number): number => flexible.reduce((sum, { drawW }) => sum + drawW[step]!, loadW[step]! - pvW[step]!);
    return {
      siteId: site.id,
      loadW,
      pvW,
      curtailedW: steps.map((_, step) => atStep(site.pvW, step) - pvW[step]!),
      gridW: steps.map((_, step) => here.reduce((sum, { powerW }) => sum - powerW[step]!, needW(step))),
    };
  });
  const events = problem.events.map((event) => eventPlan(event, sites, steps));
  const reserves = problem.reserves.map((reserve) => ({
    reserveId: reserve.id,
    heldW: heldW(problem, { steps, sites, batteries, generators }, reserve),
  }));
  const cost = costOf(problem, { sites, batteries, generators, events }, hours);
  const plan = {
    ...verdict,
    issuedAtMs: problem.startMs,
    currency: problem.currency,
    cost,
    costMicro: Object.values(cost).reduce((sum: number, part: number) => sum + part, 0),
    steps,
    sites,
    batteries,
    generators,
    loads,
    events,
    reserves,
  };
  return { ...plan, breaches: breachesOf(problem, plan) };
};

/** Follows the stored energy and trims what the cells could not give or take, so that rounding never leaves [0, capacity]. */
const batteryPlan = (battery: BatteryProblem, wantedW: readonly number[], hours: readonly number[]): BatteryPlan => {
  const powerW: number[] = [];
  const energyWh: number[] = [];
  let storedWh = battery.initialEnergyWh;
  wantedW.forEach((wanted, step) => {
    const emptyW = (storedWh * battery.dischargeEfficiency) / hours[step]!;
    const fullW = (battery.capacityWh - storedWh) / battery.chargeEfficiency / hours[step]!;
    const power = clamp(wanted, -Math.max(0, fullW), emptyW);
    storedWh += power < 0 ? -power * battery.chargeEfficiency * hours[step]! : (-power / battery.dischargeEfficiency) * hours[step]!;
    storedWh = clamp(storedWh, 0, battery.capacityWh);
    powerW.push(power);
    energyWh.push(storedWh);
  });
  return { batteryId: battery.id, siteId: battery.siteId, powerW, energyWh };
};

/** What the taking-part sites give towards an event: their change of net import in its direction, up to what is asked. */
const eventPlan = (event: EventProblem, sites: readonly SitePlan[], steps: Schedule['steps']): EventPlan => {
  const part = sites.filter(({ siteId }) => event.siteIds?.includes(siteId) ?? true);
  const sign = event.direction === 'up' ? 1 : -1;
  const deliveredW = steps.map((step, index) => {
    if (shareWithin(event, step) === 0) return 0;
    const netW = part.reduce((sum, { gridW }) => sum + gridW[index]!, 0);
    return clamp(sign * (atStep(event.baselineW, index) - netW), 0, event.powerW);
  });
  return { eventId: event.id, deliveredW };
};

type Flows = Pick<Schedule, 'sites' | 'batteries' | 'generators' | 'events'>;

const sumOver = (hours: readonly number[], costMicroPerH: (step: number) => number): number =>
  hours.reduce((sum, hour, step) => sum + hour * costMicroPerH(step), 0);

/** Export beyond a site's limit earns nothing. */
const costOf = (problem: PlanningProblem, flows: Flows, hours: readonly number[]): CostParts => {
  const perSite = (micro: (site: number, step: number) => number): number =>
    problem.sites.reduce((sum, _, site) => sum + sumOver(hours, (step) => micro(site, step)), 0);
  const kilowatts = (powerW: number): number => powerW / 1_000;
  const steps = stepsOf(problem);
  const bills = problem.generators.map((generator, g) => generatorBill(generator, flows.generators[g]!, steps));
  const billed = (part: keyof GeneratorBill): number => bills.reduce((sum, bill) => sum + bill[part], 0);
  const imported = (s: number, t: number): number => kilowatts(Math.max(0, flows.sites[s]!.gridW[t]!));
  return {
    importMicro: perSite((s, t) => imported(s, t) * atStep(problem.sites[s]!.importMicroPerKwh, t)),
    exportMicro: perSite((s, t) => {
      const limitW = atStep(problem.sites[s]!.exportLimitW ?? Infinity, t);
      return -kilowatts(clamp(-flows.sites[s]!.gridW[t]!, 0, limitW)) * atStep(problem.sites[s]!.exportMicroPerKwh, t);
    }),
    demandMicro: problem.sites.reduce((sum, { demandCharge }, s) => {
      const peakW = Math.max(...flows.sites[s]!.gridW);
      return sum + (demandCharge ? kilowatts(Math.max(0, peakW - demandCharge.peakW)) * demandCharge.microPerKw : 0);
    }, 0),
    curtailmentMicro: perSite((s, t) => kilowatts(flows.sites[s]!.curtailedW[t]!) * problem.curtailmentMicroPerKwh),
    wearMicro: problem.batteries.reduce(
      (sum, { wearMicroPerKwh }, b) =>
        sum + sumOver(hours, (t) => kilowatts(Math.max(0, flows.batteries[b]!.powerW[t]!)) * wearMicroPerKwh),
      0,
    ),
    startMicro: billed('startMicro'),
    noLoadMicro: billed('noLoadMicro'),
    runningMicro: billed('runningMicro'),
    co2Micro:
      problem.co2MicroPerKg * (billed('co2Kg') + perSite((s, t) => imported(s, t) * atStep(problem.sites[s]!.importCo2KgPerKwh, t))),
    eventMicro: problem.events.reduce((sum, event, index) => {
      const { deliveredW } = flows.events[index]!;
      const micro = (t: number): number =>
        kilowatts(event.powerW - deliveredW[t]!) * event.penaltyMicroPerKwh - kilowatts(deliveredW[t]!) * event.priceMicroPerKwh;
      return sum + sumOver(hours, (t) => shareWithin(event, steps[t]!) * micro(t));
    }, 0),
    storedMicro: problem.batteries.reduce((sum, { initialEnergyWh, terminalMicroPerKwh }, b) => {
      const endWh = flows.batteries[b]!.energyWh.at(-1)!;
      return sum - (kilowatts(endWh - initialEnergyWh) * terminalMicroPerKwh || 0);
    }, 0),
  };
};
