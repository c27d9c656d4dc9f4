import { minimumTimes } from '../fleet/load-times.js';
import type { Watt } from '../kernel/units.js';
import type { DecisionInput, DeviceDecision } from './decision.js';
import { type GeneratorHold, mayRun } from './generator-rules.js';
import { type LoadCase, loadCase, wouldDraw } from './load-limits.js';
import { ROUNDING_W, toldFor } from './load-taking.js';
import type { SiteCase } from './site-case.js';

/** The whole watts that a load may draw of what it is to draw at most: nothing where it could not draw so little. */
export const drawnOf = (mostW: Watt, minW: Watt): Watt => (mostW < minW - ROUNDING_W ? 0 : Math.max(Math.floor(mostW), minW));

/** What a flexible load is to draw, as it is told it; W. */
export interface Wish {
  readonly mostW: Watt;
  readonly owner: DeviceDecision['owner'];
  readonly reason: string;
  /** Which of its minimum times it is held to. */
  readonly heldBy?: GeneratorHold;
}

/** What a person wants of it, or the plan within its minimum times; neither: it draws as it likes. */
export const wishOf = (input: DecisionInput, load: LoadCase): Wish | undefined => {
  const { override } = load.own;
  if (override?.setpoint.kind === 'load-limit')
    return { mostW: override.setpoint.maxW, owner: `override:${override.by}`, reason: 'set by an operator' };
  return withinTimes(input, load, plannedWish(load));
};

/** What loads of a site would draw besides if no limit kept them from it. */
export const awaitedDrawW = (input: DecisionInput, site: SiteCase): Watt => {
  let awaitedW: Watt = 0;
  for (const own of site.able) {
    if (!own.device.flexibleLoad || !wouldDraw(own.values['flexible.state'])) continue;
    const load = loadCase(input, { site, own });
    const { share, takesW = Infinity } = load.taking ?? { share: 1 };
    const wantsW = Math.min(takesW, share * Math.min(own.device.ratedW, wishOf(input, load)?.mostW ?? Infinity));
    awaitedW += Math.max(0, wantsW - load.drawsW);
  }
  return awaitedW;
};

const plannedWish = ({ own: { device, planned }, taking }: LoadCase): Wish | undefined => {
  if (planned?.kind !== 'flexible-load') return undefined;
  return {
    mostW: toldFor(device, taking, planned.drawW),
    owner: 'plan',
    reason: planned.drawW > 0 ? `plan has it draw ${Math.round(planned.drawW)} W` : 'plan has it wait',
  };
};

/**
 * The plan's wish, or a load's own, as its minimum times allow. They are about wear, not safety: limits, an event that asks for it and a
 * person come before them. Where nobody knows the least that it draws, it goes on as it likes.
 */
const withinTimes = (input: DecisionInput, { own }: LoadCase, wish: Wish | undefined): Wish | undefined => {
  const { id, ratedW, flexibleLoad } = own.device;
  const run = input.loadRuns?.get(id);
  const { minW } = flexibleLoad!;
  const { heldBy } = run ? mayRun(minimumTimes(flexibleLoad!), run, !wish || drawnOf(wish.mostW, minW) > 0, input.atMs) : {};
  if (heldBy === undefined) return wish;
  const mostW = heldBy === 'min-up' ? minW || ratedW : 0;
  return { owner: 'device', reason: 'draws as it likes', ...wish, mostW, heldBy };
};
