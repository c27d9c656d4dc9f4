import type { Term } from './linear-model.js';
import { type ModelContext, PENALTIES, priceOf } from './mip-context.js';
import { netTerms, type SiteColumns } from './mip-site.js';
import { atStep, feedersOf, shareWithin } from './problem.js';
import type { SiteCharge } from './site-charge.js';

/** Limits on several sites together, softened. */
export const feederRows = ({ problem, model, hours, gravity, unitW }: ModelContext, sites: readonly SiteColumns[]): void => {
  for (const { siteIds, importLimitW, exportLimitW } of feedersOf(problem)) {
    const here = new Set(siteIds);
    const part = sites.filter((_, index) => here.has(problem.sites[index]!.id));
    for (const [limit, sign] of [
      [importLimitW, 1],
      [exportLimitW, -1],
    ] as const) {
      if (limit === undefined) continue;
      hours.forEach((hour, step) => {
        const over = model.column(0, Infinity, PENALTIES.fleet * gravity * hour);
        const net = netTerms(part, step).map(([column, coefficient]): Term => [column, sign * coefficient]);
        model.row(-Infinity, atStep(limit, step) / unitW, [...net, [over, -1]]);
      });
    }
  }
};

/** What a site is charged beside its tariff. */
export const chargeRows = ({ model, hours, unitW }: ModelContext, site: SiteColumns, charges: readonly SiteCharge[]): void => {
  const units = 1_000 / unitW;
  for (const { step, sign, fromKw, base, pieces } of charges) {
    const hour = hours[step]!;
    model.addOffset(base * hour);
    const beyond = pieces.map(({ kw, price }): Term => [model.column(0, kw * units, (price / units) * hour), -1]);
    const net = netTerms([site], step).map(([column, coefficient]): Term => [column, sign * coefficient]);
    model.row(-Infinity, fromKw * units, [...net, ...beyond]);
  }
};

/** Grid events: what falls short of the change asked for loses its price and pays the penalty. */
export const eventRows = (context: ModelContext, sites: readonly SiteColumns[]): void => {
  const { problem, model, steps, hours, unitW } = context;
  for (const event of problem.events) {
    const part = sites.filter((_, index) => event.siteIds?.includes(problem.sites[index]!.id) ?? true);
    const price = priceOf(context, event.priceMicroPerKwh + event.penaltyMicroPerKwh);
    steps.forEach((step, index) => {
      const eventHours = shareWithin(event, step) * hours[index]!;
      if (eventHours === 0) return;
      const short = model.column(0, Infinity, price * eventHours);
      model.addOffset(-priceOf(context, event.priceMicroPerKwh) * eventHours * (event.powerW / unitW));
      const sign = event.direction === 'up' ? -1 : 1;
      const baseline = atStep(event.baselineW, index) / unitW;
      const terms = netTerms(part, index).map(([column, coefficient]): Term => [column, sign * coefficient]);
      model.row(event.powerW / unitW + sign * baseline, Infinity, [...terms, [short, 1]]);
    });
  }
};
