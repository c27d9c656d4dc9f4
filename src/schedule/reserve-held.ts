import { HOUR_MS, type Watt } from '../kernel/units.js';
import { floorWhOf } from './battery-problem.js';
import { bySite } from './by-site.js';
import type { GeneratorProblem } from './generator-problem.js';
import { beforeStep, rampDownW, riseW, toRestW, warmShares } from './generator-rules.js';
import { atStep, type BatteryProblem, type PlanningProblem, type ReserveProblem, type SiteProblem } from './problem.js';
import type { BatteryPlan, GeneratorPlan, Schedule } from './schedule.js';

type Plan = Pick<Schedule, 'steps' | 'sites' | 'batteries' | 'generators'>;

/** What the devices could give on top of their plan, or less, at each step; up to what the reserve asks for. */
export const heldW = (problem: PlanningProblem, plan: Plan, reserve: ReserveProblem): number[] => {
  const rooms = siteRoomsW(problem, plan, reserve);
  return plan.steps.map((_, step) =>
    Math.min(
      atStep(reserve.powerW, step),
      Math.max(
        0,
        rooms.reduce((sum, room) => sum + room[step]!, 0),
      ),
    ),
  );
};

/** The same of each site, by site and step, whatever is asked for; none where nothing is, or where it has no part. */
export const siteRoomsW = (problem: PlanningProblem, plan: Plan, reserve: ReserveProblem): number[][] => {
  const takePart = reserve.siteIds && new Set(reserve.siteIds);
  const unitsAt = bySite(
    problem.generators.map((generator, g): Unit => {
      const planned = plan.generators[g]!;
      return { ...planned, generator, warm: warmShares(generator, planned.on, plan.steps) };
    }),
  );
  const storesAt = bySite(problem.batteries.map((battery, b): Store => ({ ...plan.batteries[b]!, battery })));
  return problem.sites.map((site, s) => {
    if (takePart && !takePart.has(site.id)) return plan.steps.map(() => 0);
    const units = unitsAt.get(site.id) ?? [];
    const stores = storesAt.get(site.id) ?? [];
    const batteries = stores.map(({ battery }) => battery);
    return plan.steps.map((_, step) => {
      if (atStep(reserve.powerW, step) === 0) return 0;
      const unitsW = units.reduce((sum, unit) => sum + unitRoomW(unit, plan, step, reserve), 0);
      const storesW = storesRoomW(site, stores, { step, pvW: plan.sites[s]!.pvW[step]!, reserve });
      const gridW = plan.sites[s]!.gridW[step]!;
      const passesW = reserveLimitW(batteries, site, step, reserve) + (reserve.direction === 'up' ? gridW : -gridW);
      return Math.min(unitsW + storesW, Math.max(0, passesW));
    });
  });
};

interface Unit extends GeneratorPlan {
  readonly generator: GeneratorProblem;
  readonly warm: readonly number[];
}

interface Store extends BatteryPlan {
  readonly battery: BatteryProblem;
}

const unitRoomW = (unit: Unit, { steps }: Plan, step: number, { direction }: ReserveProblem): number => {
  const { generator, warm } = unit;
  if (!unit.on[step]) return 0;
  const powerW = unit.powerW[step]!;
  const before = beforeStep(generator, unit, warm, step);
  if (direction === 'down') {
    const lowestW = Math.max(generator.minW * warm[step]!, before.powerW - rampDownW(generator, steps, step));
    return Math.max(0, powerW - lowestW);
  }
  const highestW = Math.min(
    generator.maxW * warm[step]!,
    before.powerW + riseW(generator, before, steps, step),
    unit.on[step + 1] === false ? toRestW(generator, steps, step + 1) : Infinity,
  );
  return Math.max(0, highestW - powerW);
};

/** All batteries of a site: their own room, within the inverter they share with its sun. */
const storesRoomW = (
  { inverterLimitW }: SiteProblem,
  stores: readonly Store[],
  { step, pvW, reserve }: { step: number; pvW: Watt; reserve: ReserveProblem },
): number => {
  const roomW = stores.reduce((sum, store) => sum + storeRoomW(store, step, reserve), 0);
  if (inverterLimitW === undefined) return roomW;
  const inverterW = stores.reduce((sum, { powerW }) => sum + powerW[step]!, pvW);
  return Math.min(roomW, Math.max(0, inverterLimitW + (reserve.direction === 'up' ? -inverterW : inverterW)));
};

/** Power that is left, for as long as what is stored (or free) lasts both at the start and at the end of the step. */
const storeRoomW = ({ battery, ...plan }: Store, step: number, { direction, durationS }: ReserveProblem): number => {
  const powerW = plan.powerW[step]!;
  const hours = lastingHours(durationS);
  const storedWh = [step === 0 ? battery.initialEnergyWh : plan.energyWh[step - 1]!, plan.energyWh[step]!];
  if (direction === 'up') {
    const lastsW = ((Math.min(...storedWh) - floorWhOf(battery, step)) * battery.dischargeEfficiency) / hours;
    return Math.max(0, Math.min(atStep(battery.maxDischargeW, step) - powerW, lastsW));
  }
  const fitsW = (battery.maxEnergyWh - Math.max(...storedWh)) / battery.chargeEfficiency / hours;
  return Math.max(0, Math.min(atStep(battery.maxChargeW, step) + powerW, fitsW));
};

/** For how long a reserve must last. */
export const lastingHours = (durationS: number): number => Math.max(durationS, 1) / (HOUR_MS / 1_000);

/** What the connection lets through on top. Where a battery of the site must not touch the grid, its reserve must not either. */
export const reserveLimitW = (batteries: readonly BatteryProblem[], site: SiteProblem, step: number, reserve: ReserveProblem): number => {
  if (!reserve.throughConnection) return Infinity;
  if (reserve.direction === 'up')
    return batteries.every(({ dischargeToGrid }) => dischargeToGrid) ? atStep(site.exportLimitW ?? Infinity, step) : 0;
  return batteries.every(({ chargeFromGrid }) => chargeFromGrid) ? atStep(site.importLimitW ?? Infinity, step) : 0;
};
