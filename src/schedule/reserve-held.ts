import { HOUR_MS } from '../kernel/units.js';
import type { GeneratorProblem } from './generator-problem.js';
import { beforeStep, rampDownW, riseW, toRestW, warmShares } from './generator-rules.js';
import { atStep, type BatteryProblem, type PlanningProblem, type ReserveProblem, type SiteProblem } from './problem.js';
import type { BatteryPlan, GeneratorPlan, Schedule } from './schedule.js';

type Plan = Pick<Schedule, 'steps' | 'sites' | 'batteries' | 'generators'>;

/** What the devices could give on top of their plan, or less, at each step; up to what the reserve asks for. */
export const heldW = (problem: PlanningProblem, plan: Plan, reserve: ReserveProblem): number[] => {
  const warm = problem.generators.map((generator, g) => warmShares(generator, plan.generators[g]!.on, plan.steps));
  return plan.steps.map((_, step) => {
    const wantedW = atStep(reserve.powerW, step);
    if (wantedW === 0) return 0;
    const sum = problem.sites.reduce((total, site, s) => {
      if (reserve.siteIds && !reserve.siteIds.includes(site.id)) return total;
      const generatorsW = problem.generators.map((generator, g) =>
        generator.siteId === site.id ? generatorRoomW(generator, plan.generators[g]!, plan, { step, warm: warm[g]!, reserve }) : 0,
      );
      const givenW = generatorsW.reduce((all, one) => all + one, 0) + batteriesRoomW(problem, plan, { site, s, step, reserve });
      return total + Math.min(givenW, connectionRoomW(problem, site, plan.sites[s]!.gridW[step]!, step, reserve));
    }, 0);
    return Math.min(wantedW, Math.max(0, sum));
  });
};

const generatorRoomW = (
  generator: GeneratorProblem,
  plan: GeneratorPlan,
  { steps }: Plan,
  { step, warm, reserve }: { step: number; warm: readonly number[]; reserve: ReserveProblem },
): number => {
  if (!plan.on[step]) return 0;
  const powerW = plan.powerW[step]!;
  const before = beforeStep(generator, plan, warm, step);
  if (reserve.direction === 'down') {
    const lowestW = Math.max(generator.minW * warm[step]!, before.powerW - rampDownW(generator, steps, step));
    return Math.max(0, powerW - lowestW);
  }
  const highestW = Math.min(
    generator.maxW * warm[step]!,
    before.powerW + riseW(generator, before, steps, step),
    plan.on[step + 1] === false ? toRestW(generator, steps, step + 1) : Infinity,
  );
  return Math.max(0, highestW - powerW);
};

/** All batteries of a site: their own room, within the inverter they share with its sun. */
const batteriesRoomW = (
  problem: PlanningProblem,
  plan: Plan,
  { site, s, step, reserve }: { site: SiteProblem; s: number; step: number; reserve: ReserveProblem },
): number => {
  let [roomW, inverterW] = [0, plan.sites[s]!.pvW[step]!];
  problem.batteries.forEach((battery, b) => {
    if (battery.siteId !== site.id) return;
    roomW += batteryRoomW(battery, plan.batteries[b]!, step, reserve);
    inverterW += plan.batteries[b]!.powerW[step]!;
  });
  if (site.inverterLimitW === undefined) return roomW;
  return Math.min(roomW, Math.max(0, site.inverterLimitW + (reserve.direction === 'up' ? -inverterW : inverterW)));
};

/** Power that is left, for as long as what is stored (or free) lasts both at the start and at the end of the step. */
const batteryRoomW = (battery: BatteryProblem, plan: BatteryPlan, step: number, { direction, durationS }: ReserveProblem): number => {
  const powerW = plan.powerW[step]!;
  const hours = Math.max(durationS, 1) / (HOUR_MS / 1_000);
  const storedWh = [step === 0 ? battery.initialEnergyWh : plan.energyWh[step - 1]!, plan.energyWh[step]!];
  if (direction === 'up') {
    const floorWh = Math.max(battery.minEnergyWh, Math.min(battery.maxEnergyWh, atStep(battery.reserveFloorWh, step)));
    const lastsW = ((Math.min(...storedWh) - floorWh) * battery.dischargeEfficiency) / hours;
    return Math.max(0, Math.min(atStep(battery.maxDischargeW, step) - powerW, lastsW));
  }
  const fitsW = (battery.maxEnergyWh - Math.max(...storedWh)) / battery.chargeEfficiency / hours;
  return Math.max(0, Math.min(atStep(battery.maxChargeW, step) + powerW, fitsW));
};

/** What the connection lets through on top. Where a battery must not touch the grid, its site's reserve must not either. */
export const reserveLimitW = (problem: PlanningProblem, site: SiteProblem, step: number, reserve: ReserveProblem): number => {
  if (!reserve.throughConnection) return Infinity;
  const here = problem.batteries.filter(({ siteId }) => siteId === site.id);
  if (reserve.direction === 'up')
    return here.every(({ dischargeToGrid }) => dischargeToGrid) ? atStep(site.exportLimitW ?? Infinity, step) : 0;
  return here.every(({ chargeFromGrid }) => chargeFromGrid) ? atStep(site.importLimitW ?? Infinity, step) : 0;
};

const connectionRoomW = (problem: PlanningProblem, site: SiteProblem, gridW: number, step: number, reserve: ReserveProblem): number =>
  Math.max(0, reserveLimitW(problem, site, step, reserve) + (reserve.direction === 'up' ? gridW : -gridW));
