import type { Room } from './plan-check-generator.js';
import { PlanCheck } from './plan-check-notes.js';
import { atStep, type ReserveProblem } from './problem.js';

/** Counts what is held back for reserve, from the room that the check of each generator found and what each battery has left. */
export const checkReserves = (check: PlanCheck, generatorRooms: readonly (readonly Room[])[]): void => {
  check.problem.reserves.forEach((reserve, r) =>
    check.plan.steps.forEach((_, step) => {
      const wanted = atStep(reserve.powerW, step);
      let sum = 0;
      check.problem.sites.forEach((site, s) => {
        if (!reserve.siteIds || reserve.siteIds.includes(site.id)) sum += siteRoom(check, reserve, s, step, generatorRooms);
      });
      const right = wanted === 0 ? 0 : Math.min(wanted, sum);
      const said = check.plan.reserves[r]!.heldW[step]!;
      const slack = check.slack + 0.2 * (check.problem.batteries.length + check.problem.generators.length);
      check.must(Math.abs(right - said) <= slack, step, reserve.id, `holds ${right.toFixed(1)} W of reserve, the plan says ${said}`);
      check.soft('reserve-shortfall', reserve.id, step, wanted - said);
    }),
  );
};

const siteRoom = (
  { problem, plan }: PlanCheck,
  { direction, durationS, throughConnection }: ReserveProblem,
  s: number,
  step: number,
  generatorRooms: readonly (readonly Room[])[],
): number => {
  const site = problem.sites[s]!;
  const up = direction === 'up';
  let [generated, stored, atInverter, touchesGrid] = [0, 0, plan.sites[s]!.pvW[step]!, true];
  problem.generators.forEach(({ siteId }, g) => {
    if (siteId !== site.id) return;
    const { highestW, lowestW } = generatorRooms[g]![step]!;
    const powerW = plan.generators[g]!.powerW[step]!;
    generated += Math.max(0, up ? highestW - powerW : plan.generators[g]!.on[step] ? powerW - lowestW : 0);
  });
  problem.batteries.forEach((battery, b) => {
    if (battery.siteId !== site.id) return;
    const { powerW, energyWh } = plan.batteries[b]!;
    const [from, to] = [step === 0 ? battery.initialEnergyWh : energyWh[step - 1]!, energyWh[step]!];
    const lasts = Math.max(1, durationS) / 3_600;
    const kept = Math.max(battery.minEnergyWh, Math.min(atStep(battery.reserveFloorWh, step), battery.maxEnergyWh));
    const energyRoom = up
      ? (Math.min(from, to) - kept) * battery.dischargeEfficiency
      : (battery.maxEnergyWh - Math.max(from, to)) / battery.chargeEfficiency;
    const powerRoom = up ? atStep(battery.maxDischargeW, step) - powerW[step]! : atStep(battery.maxChargeW, step) + powerW[step]!;
    stored += Math.max(0, Math.min(energyRoom / lasts, powerRoom));
    atInverter += powerW[step]!;
    touchesGrid &&= up ? battery.dischargeToGrid : battery.chargeFromGrid;
  });
  if (site.inverterLimitW !== undefined) stored = Math.min(stored, Math.max(0, site.inverterLimitW - (up ? atInverter : -atInverter)));
  if (!throughConnection) return generated + stored;
  const limit = touchesGrid ? atStep((up ? site.exportLimitW : site.importLimitW) ?? Infinity, step) : 0;
  const grid = plan.sites[s]!.gridW[step]!;
  return Math.min(generated + stored, Math.max(0, limit + (up ? grid : -grid)));
};
