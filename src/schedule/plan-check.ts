import { checkGenerator } from './plan-check-generator.js';
import { checkMoney } from './plan-check-money.js';
import { checkLoad, checkWork } from './plan-check-energy.js';
import { PlanCheck } from './plan-check-notes.js';
import { checkReserves } from './plan-check-reserve.js';
import { checkScenarios, scenarioCases } from './plan-check-scenarios.js';
import { atStep, type BatteryProblem, type PlanningProblem } from './problem.js';
import type { Schedule } from './schedule.js';

/**
 * Holds a plan against every rule of its problem, from the plan's own numbers and with arithmetic of its own: it shares no
 * code with what makes plans. Answers each fault in a sentence; none means that the plan can be carried out, that its
 * costs are right, and that every limit it bends is named with its size. So is each scenario's course.
 */
export const planFaults = (problem: PlanningProblem, plan: Schedule): string[] => {
  const astray = checkScenarios(problem, plan);
  if (astray.length > 0) return astray;
  const scenarios = scenarioCases(problem, plan).flatMap((one) =>
    courseFaults(one.problem, one.plan).map((fault) => `scenario ${one.id}: ${fault}`),
  );
  return [...courseFaults(problem, plan), ...scenarios];
};

const courseFaults = (problem: PlanningProblem, plan: Schedule): string[] => {
  const shape = shapeFaults(problem, plan);
  if (shape.length > 0) return shape;
  const check = new PlanCheck(problem, plan);
  plan.steps.forEach((_, step) => {
    problem.sites.forEach((_site, index) => checkSite(check, index, step));
    problem.batteries.forEach((battery, index) => checkBattery(check, battery, index, step));
    checkFeeders(check, step);
  });
  const rooms = problem.generators.map((generator, index) => checkGenerator(check, generator, plan.generators[index]!));
  problem.batteries.forEach((battery, index) => checkWork(check, battery, index));
  problem.flexibleLoads.forEach((load, index) => checkLoad(check, load, index));
  checkReserves(check, rooms);
  checkMoney(check);
  check.unexplained();
  return check.faults;
};

const shapeFaults = (problem: PlanningProblem, plan: Schedule): string[] => {
  const faults: string[] = [];
  let atMs = problem.startMs;
  const sameSteps =
    plan.steps.length === problem.stepMinutes.length &&
    problem.stepMinutes.every((minutes, step) => {
      const { startMs, endMs } = plan.steps[step]!;
      const fits = startMs === atMs && Math.abs(endMs - atMs - minutes * 60_000) < 1;
      atMs = endMs;
      return fits;
    });
  if (!sameSteps) faults.push('the steps are not those of the problem');
  const pairs: [string, readonly { id: string }[], readonly string[]][] = [
    ['sites', problem.sites, plan.sites.map(({ siteId }) => siteId)],
    ['batteries', problem.batteries, plan.batteries.map(({ batteryId }) => batteryId)],
    ['generators', problem.generators, plan.generators.map(({ generatorId }) => generatorId)],
    ['flexible loads', problem.flexibleLoads, plan.loads.map(({ loadId }) => loadId)],
    ['events', problem.events, plan.events.map(({ eventId }) => eventId)],
    ['reserves', problem.reserves, plan.reserves.map(({ reserveId }) => reserveId)],
  ];
  for (const [kind, wanted, given] of pairs)
    if (wanted.map(({ id }) => id).join('\n') !== given.join('\n')) faults.push(`the ${kind} are not those of the problem`);
  const series = [
    ...plan.sites.flatMap(({ loadW, gridW, pvW, curtailedW }) => [loadW, gridW, pvW, curtailedW]),
    ...plan.batteries.flatMap(({ powerW, energyWh }) => [powerW, energyWh]),
    ...plan.generators.map(({ powerW }) => powerW),
    ...plan.loads.map(({ drawW }) => drawW),
    ...plan.events.map(({ deliveredW }) => deliveredW),
    ...plan.reserves.map(({ heldW }) => heldW),
  ];
  if (series.some((values) => values.length !== problem.stepMinutes.length)) faults.push('a series has the wrong length');
  if (series.some((values) => values.some((value) => !Number.isFinite(value)))) faults.push('a series holds something that is no number');
  return faults;
};

const checkSite = (check: PlanCheck, index: number, step: number): void => {
  const site = check.problem.sites[index]!;
  const { gridW, pvW, curtailedW, loadW } = check.plan.sites[index]!;
  const batteries = check.plan.batteries.filter(({ siteId }) => siteId === site.id);
  const generators = check.plan.generators.filter(({ siteId }) => siteId === site.id);
  const storageW = batteries.reduce((sum, { powerW }) => sum + powerW[step]!, 0);
  const generatedW = generators.reduce((sum, { powerW }) => sum + powerW[step]!, 0);
  const flexibleW = check.plan.loads.filter(({ siteId }) => siteId === site.id).reduce((sum, { drawW }) => sum + drawW[step]!, 0);
  const grid = gridW[step]!;
  const sun = pvW[step]!;
  const must = (holds: boolean, what: string): void => check.must(holds, step, site.id, what);
  must(Math.abs(loadW[step]! - atStep(site.loadW, step)) <= 0.1, 'its load is not the problem’s');
  must(Math.abs(grid + sun + storageW + generatedW - flexibleW - loadW[step]!) <= check.slack, 'what flows in is not what flows out');
  must(sun >= atStep(site.pvMinW, step) - check.slack, 'leaves sun that can’t be left');
  const taken = batteries.reduce((sum, { powerW }) => sum + Math.max(0, -powerW[step]!), flexibleW);
  const over = Math.max(0, atStep(site.pvW, step) - atStep(site.loadW, step));
  const beside =
    site.inverterLimitW === undefined ? Math.max(site.pvOverride?.maxW[step] ?? Infinity, atStep(site.pvMinW, step)) : Infinity;
  const own = Math.min(over, Math.max(0, beside - atStep(site.loadW, step)));
  must(taken <= atStep(site.takenLimitW ?? Infinity, step) + check.slack, 'its batteries and flexible loads take more than they may');
  must(taken <= atStep(site.dimmedW ?? Infinity, step) + own + check.slack, 'they take more from the grid than they are dimmed to');
  const handed = site.pvOverride?.maxW[step] ?? Infinity;
  const terminal = site.inverterLimitW === undefined ? sun : sun + storageW;
  must(terminal <= Math.max(handed, atStep(site.pvMinW, step)) + check.slack, 'gives more sun than it is let give by hand');
  must(sun >= 0 && Math.abs(sun + curtailedW[step]! - atStep(site.pvW, step)) <= 0.2, 'sun taken and left is not the sun there was');
  if (site.inverterLimitW !== undefined)
    must(Math.abs(sun + storageW) <= site.inverterLimitW + check.slack, 'its inverter gives more than it can');
  check.soft('import-limit', site.id, step, grid - atStep(site.importLimitW ?? Infinity, step));
  check.soft('export-limit', site.id, step, -grid - atStep(site.exportLimitW ?? Infinity, step));
};

const checkBattery = (check: PlanCheck, battery: BatteryProblem, index: number, step: number): void => {
  const { powerW, energyWh, siteId } = check.plan.batteries[index]!;
  const power = powerW[step]!;
  const stored = energyWh[step]!;
  const must = (holds: boolean, what: string): void => check.must(holds, step, battery.id, what);
  must(power <= atStep(battery.maxDischargeW, step) + check.slack, 'discharges faster than it can');
  must(-power <= atStep(battery.maxChargeW, step) + check.slack, 'charges faster than it can');
  const fills = stored >= battery.maxEnergyWh - 1 && battery.chargeDemands.some((demand) => demand.step === step);
  must(power > -check.slack || fills || -power >= battery.minChargeW - check.slack, 'charges slower than it can');
  const before = step === 0 ? battery.initialEnergyWh : energyWh[step - 1]!;
  const intoCellsW = power < 0 ? -power * battery.chargeEfficiency : -power / battery.dischargeEfficiency;
  must(Math.abs(before + intoCellsW * check.hours(step) - stored) <= check.slack, 'its stored energy does not follow its power');
  must(stored >= -0.1 && stored <= battery.capacityWh + 0.1, 'stores what it cannot');
  const grid = check.plan.sites.find((site) => site.siteId === siteId)!.gridW[step]!;
  if (!battery.chargeFromGrid) must(power > -check.slack || grid <= check.slack, 'charges from the grid');
  if (!battery.dischargeToGrid) must(power < check.slack || grid >= -check.slack, 'discharges to the grid');
  const lowest = battery.minEnergyWh;
  const kept = Math.min(battery.maxEnergyWh, atStep(battery.reserveFloorWh, step));
  check.soft('energy-range', battery.id, step, Math.max(lowest - stored, stored - battery.maxEnergyWh));
  if (kept > lowest) check.soft('reserve-floor', battery.id, step, kept - Math.max(stored, lowest));
  for (const target of battery.targets) if (target.step === step) check.soft('energy-target', battery.id, step, target.energyWh - stored);
};

const checkFeeders = (check: PlanCheck, step: number): void => {
  const { sites, fleet, feeders } = check.problem;
  const limits = [{ id: 'fleet', siteIds: sites.map(({ id }) => id), ...fleet }, ...feeders];
  for (const { id, siteIds, importLimitW = Infinity, exportLimitW = Infinity } of limits) {
    const net = check.plan.sites.reduce((sum, { siteId, gridW }) => sum + (siteIds.includes(siteId) ? gridW[step]! : 0), 0);
    check.soft('fleet-import-limit', id, step, net - atStep(importLimitW, step));
    check.soft('fleet-export-limit', id, step, -net - atStep(exportLimitW, step));
  }
};
