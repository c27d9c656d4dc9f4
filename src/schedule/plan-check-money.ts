import { generatorMicro } from './plan-check-costs.js';
import { PlanCheck } from './plan-check-notes.js';
import { atStep } from './problem.js';

/** Adds up what the plan costs, from its flows, and what it gives to events. */
export const checkMoney = (check: PlanCheck): void => {
  const { problem, plan } = check;
  let micro = 0;
  const pay = (powerW: number, step: number, microPerKwh: number): void => {
    micro += (powerW / 1_000) * check.hours(step) * microPerKwh;
  };
  plan.steps.forEach((interval, step) => {
    problem.sites.forEach((site, index) => {
      const { gridW, curtailedW } = plan.sites[index]!;
      const grid = gridW[step]!;
      if (grid > 0) pay(grid, step, atStep(site.importMicroPerKwh, step) + atStep(site.importCo2KgPerKwh, step) * problem.co2MicroPerKg);
      else pay(-Math.min(-grid, atStep(site.exportLimitW ?? Infinity, step)), step, atStep(site.exportMicroPerKwh, step));
      pay(curtailedW[step]!, step, problem.curtailmentMicroPerKwh);
    });
    problem.batteries.forEach(({ wearMicroPerKwh }, index) =>
      pay(Math.max(0, plan.batteries[index]!.powerW[step]!), step, wearMicroPerKwh),
    );
    problem.events.forEach((event, index) => {
      const share =
        Math.max(0, Math.min(event.endMs, interval.endMs) - Math.max(event.startMs, interval.startMs)) /
        (interval.endMs - interval.startMs);
      const delivered = plan.events[index]!.deliveredW[step]!;
      if (share === 0) {
        check.must(delivered === 0, step, event.id, 'delivers outside its time');
        return;
      }
      const taking = plan.sites.filter(({ siteId }) => !event.siteIds || event.siteIds.includes(siteId));
      const net = taking.reduce((sum, { gridW }) => sum + gridW[step]!, 0);
      const change = (atStep(event.baselineW, step) - net) * (event.direction === 'up' ? 1 : -1);
      const right = Math.min(event.powerW, Math.max(0, change));
      check.must(Math.abs(right - delivered) <= check.slack + 0.1 * taking.length, step, event.id, 'does not deliver what it says');
      check.soft('event-shortfall', event.id, step, event.powerW - delivered);
      pay(share * (event.powerW - delivered), step, event.penaltyMicroPerKwh);
      pay(-share * delivered, step, event.priceMicroPerKwh);
    });
  });
  problem.generators.forEach((generator, index) => {
    micro += generatorMicro(check, generator, plan.generators[index]!);
  });
  problem.batteries.forEach(({ initialEnergyWh, terminalMicroPerKwh }, index) => {
    micro -= ((plan.batteries[index]!.energyWh.at(-1)! - initialEnergyWh) / 1_000) * terminalMicroPerKwh;
  });
  problem.sites.forEach(({ demandCharge }, index) => {
    if (!demandCharge) return;
    let peak = demandCharge.peakW;
    for (const grid of plan.sites[index]!.gridW) peak = Math.max(peak, grid);
    micro += ((peak - demandCharge.peakW) / 1_000) * demandCharge.microPerKw;
  });
  const parts = Object.values(plan.cost).reduce((sum: number, part: number) => sum + part, 0);
  check.must(Math.abs(parts - plan.costMicro) <= 1 + 1e-9 * Math.abs(parts), 0, 'cost', 'its parts do not add up');
  const tolerance = 2_000 + 1e-4 * Math.abs(micro);
  check.must(
    Math.abs(micro - plan.costMicro) <= tolerance,
    0,
    'cost',
    `is ${micro.toFixed(0)}, the plan says ${plan.costMicro.toFixed(0)}`,
  );
};
