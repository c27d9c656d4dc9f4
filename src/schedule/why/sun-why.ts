import type { SiteProblem } from '../problem.js';
import type { SitePlan } from '../schedule.js';
import type { ExplainedPlan } from './plan-view.js';
import { sunToldW } from '../site-limits.js';
import type { Reason } from './reason.js';

/** Why a site's sun is taken or left at each step. */
export const sunReasons = (
  seen: ExplainedPlan,
  { id, inverterLimitW = Infinity, pvOverride, pvMinW }: SiteProblem,
  { pvW, curtailedW, gridW }: SitePlan,
): Reason[] => {
  const batteries = seen.plan.batteries.filter(({ siteId }) => siteId === id);
  return pvW.map((sunW, step): Reason => {
    const leftW = curtailedW[step]!;
    if (leftW <= seen.slackW) {
      if (sunW <= seen.slackW) return { does: 'gives', code: 'no-sun' };
      if (gridW[step]! >= -seen.slackW) return { does: 'gives', code: 'self-consumption', microPerKwh: seen.importMicro(id, step) };
      return { does: 'gives', code: 'sold', microPerKwh: seen.exportMicro(id, step) };
    }
    const does = 'is-held-back';
    const throughW = batteries.reduce((sum, { powerW }) => sum + powerW[step]!, sunW);
    const toldW = sunToldW({ pvOverride, pvMinW }, step);
    if ((inverterLimitW === Infinity ? sunW : throughW) >= toldW - seen.slackW)
      return { does, code: 'override', ...(pvOverride?.by === undefined ? {} : { subject: pvOverride.by }) };
    if (throughW + leftW > inverterLimitW && throughW >= inverterLimitW - seen.slackW)
      return { does, code: 'inverter-limit', beyondW: throughW + leftW - inverterLimitW };
    const passed = seen.passedBy(id, step, -leftW);
    if (passed) return { does, ...passed };
    const event = seen.event(id, step, 'down');
    if (event) return { does, code: 'event', subject: event.subject };
    const exportMicro = seen.exportMicro(id, step);
    if (exportMicro + seen.problem.curtailmentMicroPerKwh < 0) return { does, code: 'negative-price', microPerKwh: exportMicro };
    if (seen.importMicro(id, step) < 0) return { does, code: 'negative-price', microPerKwh: seen.importMicro(id, step) };
    return { does, code: seen.otherwise() };
  });
};
