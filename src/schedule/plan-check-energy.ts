import { PlanCheck } from './plan-check-notes.js';
import { atStep, type BatteryProblem, type FlexibleLoad } from './problem.js';

/** What a battery charges where it is asked to, what it makes of an override, and what it discharges in all. */
export const checkWork = (check: PlanCheck, battery: BatteryProblem, index: number): void => {
  const { powerW, energyWh } = check.plan.batteries[index]!;
  let discharged = 0;
  powerW.forEach((power, step) => {
    const energy = power * check.hours(step);
    discharged += Math.max(0, energy);
    for (const demand of battery.chargeDemands)
      if (demand.step === step && energyWh[step]! < battery.maxEnergyWh - 1)
        check.soft('charge-demand', battery.id, step, demand.energyWh + Math.min(0, energy));
  });
  if (battery.override) checkHand(check, battery, index);
  if (!battery.throughput) return;
  const { limitWh, usedWh, endMs } = battery.throughput;
  const [begins, ends] = [check.problem.startMs, check.plan.steps.at(-1)!.endMs];
  const part = endMs <= ends ? 1 : (ends - begins) / (endMs - begins);
  check.soft('throughput', battery.id, powerW.length - 1, discharged - Math.max(0, limitWh - usedWh) * part);
};

/** Set by hand, it gives what it is told while it is above its floor and takes it while it is not full, or the plan names what is amiss. */
const checkHand = (check: PlanCheck, battery: BatteryProblem, index: number): void => {
  const { powerW, energyWh } = check.plan.batteries[index]!;
  battery.override!.powerW.forEach((asked, step) => {
    if (asked === null) return;
    const begins = step === 0 ? battery.initialEnergyWh : energyWh[step - 1]!;
    const hours = check.hours(step);
    let due = 0;
    if (asked > 0) {
      const spare = begins - Math.max(battery.minEnergyWh, Math.min(battery.maxEnergyWh, atStep(battery.reserveFloorWh, step)));
      due = Math.max(0, Math.min(asked, atStep(battery.maxDischargeW, step), (spare / hours) * battery.dischargeEfficiency));
    } else if (asked < 0) {
      const gap = battery.maxEnergyWh - begins;
      due = -Math.max(0, Math.min(-asked, atStep(battery.maxChargeW, step), gap / (hours * battery.chargeEfficiency)));
      if (-due < battery.minChargeW) due = 0;
    }
    check.soft('override', battery.id, step, Math.abs(powerW[step]! - due));
  });
};

/** A flexible load draws only in its time, within its powers, and no more than it wants. */
export const checkLoad = (check: PlanCheck, load: FlexibleLoad, index: number): void => {
  const { drawW } = check.plan.loads[index]!;
  let [drawn, last, longest] = [0, -1, 0];
  check.plan.steps.forEach(({ startMs, endMs }, step) => {
    const power = drawW[step]!;
    const inside = Math.max(0, Math.min(endMs, load.endMs) - Math.max(startMs, load.startMs));
    const share = inside / (endMs - startMs);
    const must = (holds: boolean, what: string): void => check.must(holds, step, load.id, what);
    if (share > 0) last = step;
    longest = Math.max(longest, inside / 3_600_000);
    const most = Math.min(load.maxW, load.override?.maxW[step] ?? Infinity);
    must(power >= 0 && power <= most * share + check.slack, 'draws what it can’t');
    must(power < check.slack || power >= load.minW * share - check.slack, 'draws less than it can');
    drawn += power * check.hours(step);
  });
  if (last < 0) return;
  check.must(drawn <= load.energyWh + load.minW * longest + check.slack, last, load.id, 'draws more than it wants');
  check.soft('load-energy', load.id, last, load.energyWh - drawn);
  if (load.override) checkLet(check, load, load.override.maxW, drawW);
};

/** Held by a person from the start on, it draws what it is let as long as it lacks something, or the plan names what is amiss. */
const checkLet = (check: PlanCheck, load: FlexibleLoad, letW: readonly (number | null)[], drawW: readonly number[]): void => {
  let lacks = load.energyWh;
  for (const [step, { startMs, endMs }] of check.plan.steps.entries()) {
    const inside = Math.max(0, Math.min(endMs, load.endMs) - Math.max(startMs, load.startMs)) / (endMs - startMs);
    if (inside === 0) continue;
    const most = letW[step] ?? null;
    if (most === null) return;
    const due =
      most < load.minW || lacks <= 1
        ? 0
        : Math.min(Math.min(most, load.maxW) * inside, Math.max(load.minW * inside, lacks / check.hours(step)));
    check.soft('override', load.id, step, due - drawW[step]!);
    lacks -= drawW[step]! * check.hours(step);
  }
};
