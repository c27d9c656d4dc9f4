import type { Term } from './linear-model.js';
import type { SiteColumns } from './mip-site.js';
import { type ModelContext, PENALTIES } from './mip-context.js';
import { atStep, eventShare } from './problem.js';

const netTerms = (sites: readonly SiteColumns[], step: number): Term[] =>
  sites.flatMap(({ imported, exported, importedOver, exportedOver }) => [
    ...[imported[step]!, ...importedOver[step]!].map((column): Term => [column, 1]),
    ...[exported[step]!, ...exportedOver[step]!].map((column): Term => [column, -1]),
  ]);

/** Limits on all sites together, softened. */
export const fleetRows = ({ problem, model, hours, scale }: ModelContext, sites: readonly SiteColumns[]): void => {
  const { importLimitW, exportLimitW } = problem.fleet;
  hours.forEach((hour, step) => {
    for (const [limit, sign] of [
      [importLimitW, 1],
      [exportLimitW, -1],
    ] as const) {
      if (limit === undefined) continue;
      const over = model.column(0, Infinity, PENALTIES.fleet * scale * hour);
      const net = netTerms(sites, step).map(([column, coefficient]): Term => [column, sign * coefficient]);
      model.row(-Infinity, atStep(limit, step) / 1_000, [...net, [over, -1]]);
    }
  });
};

/** Grid events: what falls short of the change asked for loses its price and pays the penalty. */
export const eventRows = ({ problem, model, steps, hours }: ModelContext, sites: readonly SiteColumns[]): void => {
  for (const event of problem.events) {
    const part = sites.filter((_, index) => event.siteIds?.includes(problem.sites[index]!.id) ?? true);
    const price = (event.priceMicroPerKwh + event.penaltyMicroPerKwh) / 1e6;
    steps.forEach((step, index) => {
      const eventHours = eventShare(event, step) * hours[index]!;
      if (eventHours === 0) return;
      const short = model.column(0, Infinity, price * eventHours);
      model.addOffset((-event.priceMicroPerKwh / 1e6) * eventHours * (event.powerW / 1_000));
      const sign = event.direction === 'up' ? -1 : 1;
      const baselineKw = atStep(event.baselineW, index) / 1_000;
      const terms = netTerms(part, index).map(([column, coefficient]): Term => [column, sign * coefficient]);
      model.row(event.powerW / 1_000 + sign * baselineKw, Infinity, [...terms, [short, 1]]);
    });
  }
};
