import type { Term } from './linear-model.js';
import { CALM, type ModelContext, PENALTIES, priceOf } from './mip-context.js';
import { floorWhOf, throughputWh } from './battery-problem.js';
import { batteryOverride } from './mip-override.js';
import { takenLimitW } from './site-limits.js';
import { batteryCourse, leavesBattery } from './told-by-hand.js';
import { atStep, type BatteryProblem, feedersOf, type SiteProblem } from './problem.js';

/** Columns of one battery by step: power AC both ways, energy at the end of the step. */
export interface BatteryColumns {
  readonly charge: readonly number[];
  readonly discharge: readonly number[];
  readonly energy: readonly number[];
}

/** energy = energy before + chargeEfficiency · charge − discharge / dischargeEfficiency. */
export const batteryColumns = (context: ModelContext, battery: BatteryProblem): BatteryColumns => {
  const { model, hours, scale, gravity, unitW } = context;
  const site = context.problem.sites.find(({ id }) => id === battery.siteId)!;
  const wear = priceOf(context, battery.wearMicroPerKwh);
  const soft = mayLeaveRange(context, battery, site);
  const told = battery.override ? batteryCourse(battery, hours, leavesBattery(context.problem, site)) : [];
  const charge: number[] = [];
  const discharge: number[] = [];
  const energy: number[] = [];
  hours.forEach((hour, step) => {
    charge.push(model.column(0, chargeLimitW(context, battery, site, step) / unitW, CALM * scale * hour));
    discharge.push(model.column(0, dischargeLimitW(context, battery, site, step) / unitW, (wear + CALM * scale) * hour));
    // What it keeps back and how full it may be is in what it is told already.
    energy.push(energyColumn(context, battery, step, { soft, free: told[step]?.known === true }));
    const before: Term[] = step > 0 ? [[energy[step - 1]!, -1]] : [];
    const initial = step > 0 ? 0 : battery.initialEnergyWh / unitW;
    model.row(initial, initial, [
      [energy[step]!, 1],
      ...before,
      [charge[step]!, -battery.chargeEfficiency * hour],
      [discharge[step]!, hour / battery.dischargeEfficiency],
    ]);
  });
  for (const { step, energyWh } of battery.targets) {
    const missing = model.column(0, Infinity, PENALTIES.target * gravity);
    model.row(energyWh / unitW, Infinity, [
      [energy[step]!, 1],
      [missing, 1],
    ]);
  }
  const full = new Map(
    battery.chargeDemands.map((demand) => [demand.step, demandRows(context, battery, demand, { charge, discharge, energy })]),
  );
  if (battery.minChargeW > 0) charge.forEach((column, step) => leastCharge(context, battery, column, full.get(step)));
  if (battery.throughput) throughputRow(context, battery, discharge);
  batteryOverride(context, told, { charge, discharge });
  const worth = priceOf(context, battery.terminalMicroPerKwh);
  model.addCost(energy.at(-1)!, -worth);
  model.addOffset((worth * battery.initialEnergyWh) / unitW);
  return { charge, discharge, energy };
};

/**
 * Charges at least what is asked for in a step, or is full at its end. Among plans that cost the same the one is taken that charges
 * in more of these steps. Answers the column that is 1 where it is full.
 */
const demandRows = (
  { model, hours, scale, gravity, unitW }: ModelContext,
  battery: BatteryProblem,
  { step, energyWh }: BatteryProblem['chargeDemands'][number],
  { charge, energy }: BatteryColumns,
): number => {
  const wanted = energyWh / unitW;
  const full = model.binary();
  const missing = model.column(0, Infinity, PENALTIES.target * gravity);
  const less = model.column(0, Infinity, CALM * scale);
  const charged: Term = [charge[step]!, hours[step]!];
  model.row(wanted, Infinity, [charged, [missing, 1], [full, wanted]]);
  model.row(wanted, Infinity, [charged, [less, 1]]);
  model.row(0, Infinity, [
    [energy[step]!, 1],
    [full, -battery.maxEnergyWh / unitW],
  ]);
  return full;
};

const throughputRow = (
  { model, steps, hours, gravity, unitW }: ModelContext,
  battery: BatteryProblem,
  discharge: readonly number[],
): void => {
  const over = model.column(0, Infinity, PENALTIES.budget * gravity);
  model.row(-Infinity, throughputWh(battery, steps[0]!.startMs, steps.at(-1)!.endMs) / unitW, [
    ...discharge.map((column, step): Term => [column, hours[step]!]),
    [over, -1],
  ]);
};

const alone = ({ problem }: ModelContext, site: SiteProblem): boolean =>
  problem.batteries.filter(({ siteId }) => siteId === site.id).length === 1 &&
  [...problem.generators, ...problem.flexibleLoads].every(({ siteId }) => siteId !== site.id);

/** No more than its site may take. Alone there, a battery that must not take from the grid can take no more than the sun leaves over. */
const chargeLimitW = (context: ModelContext, battery: BatteryProblem, site: SiteProblem, step: number): number => {
  const limitW = Math.min(atStep(battery.maxChargeW, step), takenLimitW(site, step));
  if (battery.chargeFromGrid || !alone(context, site)) return limitW;
  return Math.min(limitW, Math.max(0, atStep(site.pvW, step) - atStep(site.loadW, step)));
};

/** Alone at its site, a battery that must not give to the grid can give no more than the loads draw. */
const dischargeLimitW = (context: ModelContext, battery: BatteryProblem, site: SiteProblem, step: number): number => {
  const limitW = atStep(battery.maxDischargeW, step);
  return battery.dischargeToGrid || !alone(context, site) ? limitW : Math.min(limitW, atStep(site.loadW, step));
};

/**
 * Whether the stored energy may have to leave its range: it starts outside, its floor rises on the way, a person has set it by hand, or a
 * connection's limit, which counts for more than a reserve, may need what is kept back. Otherwise standing still is always allowed, and
 * plain bounds do.
 */
export const mayLeaveRange = ({ problem, hours }: ModelContext, battery: BatteryProblem, site: SiteProblem): boolean => {
  const { initialEnergyWh, maxEnergyWh } = battery;
  if (
    battery.override !== undefined ||
    initialEnergyWh > maxEnergyWh ||
    feedersOf(problem).some(({ importLimitW, exportLimitW }) => importLimitW !== undefined || exportLimitW !== undefined)
  )
    return true;
  return hours.some(
    (_, step) =>
      initialEnergyWh < floorWhOf(battery, step) ||
      atStep(site.loadW, step) > atStep(site.importLimitW ?? Infinity, step) ||
      atStep(site.pvMinW, step) - atStep(site.loadW, step) > atStep(site.exportLimitW ?? Infinity, step) ||
      [...problem.generators, ...problem.flexibleLoads].some(({ siteId }) => siteId === site.id),
  );
};

const energyColumn = (
  { model, hours, gravity, unitW }: ModelContext,
  battery: BatteryProblem,
  step: number,
  { soft, free }: { soft: boolean; free: boolean },
): number => {
  const [min, floor, max] = [battery.minEnergyWh, floorWhOf(battery, step), battery.maxEnergyWh].map((energyWh) => energyWh / unitW);
  if (!soft) return model.column(floor!, max!);
  const energy = model.column(0, battery.capacityWh / unitW);
  const price = free ? 0 : gravity * hours[step]!;
  const beneath = model.column(0, min!, PENALTIES.energyRange * price);
  const reserve = model.column(0, floor! - min!, PENALTIES.reserveFloor * price);
  const above = model.column(0, battery.capacityWh / unitW - max!, PENALTIES.energyRange * price);
  model.row(floor!, Infinity, [
    [energy, 1],
    [beneath, 1],
    [reserve, 1],
  ]);
  model.row(-Infinity, max!, [
    [energy, 1],
    [above, -1],
  ]);
  return energy;
};

/** Charging is off, or at least its least power, or ends because the battery is full. */
const leastCharge = ({ model, unitW }: ModelContext, battery: BatteryProblem, charge: number, full: number | undefined): void => {
  const charging = model.binary(0, battery.minChargeW / unitW <= model.upperOf(charge) ? 1 : 0);
  model.row(-Infinity, 0, [
    [charge, 1],
    [charging, -model.upperOf(charge)],
  ]);
  model.row(0, Infinity, [
    [charge, 1],
    [charging, -battery.minChargeW / unitW],
    ...(full === undefined ? [] : [[full, battery.minChargeW / unitW] as Term]),
  ]);
};
