import { HOUR_MS } from '../../kernel/units.js';
import { type FlexibleLoad, shareWithin } from '../problem.js';
import { loadToldW, mayDrawW, stepsHeld } from '../told-by-hand.js';
import type { LoadPlan } from '../schedule.js';
import type { ExplainedPlan } from './plan-view.js';
import type { Reason } from './reason.js';

type Why = Omit<Reason, 'does'>;

/** Prices nearer than this are the same; micro-units per kWh. */
const SLACK_MICRO = 10;
const SLACK_WH = 2;

/** Why a load that may wait draws or waits at each step. */
export const loadReasons = (seen: ExplainedPlan, load: FlexibleLoad, { drawW }: LoadPlan): Reason[] => {
  const { steps } = seen.plan;
  const hours = steps.map(({ startMs, endMs }) => (endMs - startMs) / HOUR_MS);
  const mostWh = steps.map((_, at) => mayDrawW(load, steps, at) * hours[at]!);
  let leftWh = load.energyWh;
  return drawW.map((powerW, step) => {
    const draws = powerW > seen.slackW;
    const why = whyOf(seen, load, { step, powerW, leftWh, drawW, mostWh });
    leftWh -= powerW * hours[step]!;
    return { does: draws ? 'draws' : 'waits', ...why };
  });
};

interface Now {
  readonly step: number;
  readonly powerW: number;
  readonly leftWh: number;
  readonly drawW: readonly number[];
  readonly mostWh: readonly number[];
}

const whyOf = (seen: ExplainedPlan, load: FlexibleLoad, now: Now): Why => {
  const { step, powerW, leftWh, drawW, mostWh } = now;
  const { siteId } = load;
  if (shareWithin(load, seen.plan.steps[step]!) === 0) return { code: 'out-of-time' };
  const hand = byHand(seen, load, now);
  if (hand) return hand;
  if (powerW <= seen.slackW) {
    if (leftWh <= SLACK_WH) return { code: 'satisfied' };
    const event = seen.event(siteId, step, 'up');
    if (event) return { code: 'event', subject: event.subject };
    if (seen.mayNotTake(siteId, step, Math.max(load.minW, 2 * seen.slackW))) return { code: 'load-limit' };
    const passed = seen.passedBy(siteId, step, Math.max(load.minW, 2 * seen.slackW));
    if (passed) return { ...passed };
  } else {
    const event = seen.event(siteId, step, 'down');
    if (event) return { code: 'event', subject: event.subject };
    const ahead = mostWh.slice(step).reduce((sum, energyWh) => sum + energyWh, 0);
    if (leftWh >= ahead - SLACK_WH) return { code: 'load-energy' };
    const passed = seen.passedBy(siteId, step, -powerW);
    if (passed) return { ...passed };
    const { gridW, curtailedW } = seen.site(siteId).plan;
    if (gridW[step]! - powerW - curtailedW[step]! <= -powerW / 2)
      return { code: 'self-consumption', microPerKwh: seen.exportMicro(siteId, step), otherMicroPerKwh: seen.importMicro(siteId, step) };
  }
  return comparison(seen, siteId, { step, draws: powerW > seen.slackW, drawW, mostWh }) ?? { code: seen.otherwise() };
};

/** It does what a person lets it do. */
const byHand = ({ plan: { steps }, slackW }: ExplainedPlan, load: FlexibleLoad, { step, powerW, leftWh }: Now): Why | undefined => {
  const { override } = load;
  if (!override || (override.maxW[step] ?? null) === null) return undefined;
  const toldW = step < stepsHeld(load, steps) ? loadToldW(load, steps, step, load.energyWh - leftWh) : mayDrawW(load, steps, step);
  const isHis = mayDrawW(load, steps, step) <= slackW || (powerW > slackW && powerW >= toldW - slackW);
  return isHis ? { code: 'override', ...(override.by === undefined ? {} : { subject: override.by }) } : undefined;
};

/** The nearest in price of the steps where it does the other thing, where that speaks for what it does. */
const comparison = (
  seen: ExplainedPlan,
  siteId: string,
  { step, draws, drawW, mostWh }: { step: number; draws: boolean; drawW: readonly number[]; mostWh: readonly number[] },
): Why | undefined => {
  const micro = (at: number): number => seen.worth(siteId, at).outMicro;
  const others = drawW.flatMap((powerW, at) => (mostWh[at]! > 0 && powerW > seen.slackW !== draws ? [at] : []));
  const cheapest = others.toSorted((a, b) => micro(a) - micro(b))[0];
  if (cheapest === undefined) return draws ? { code: 'load-energy' } : undefined;
  if (draws ? micro(step) > micro(cheapest) + SLACK_MICRO : micro(cheapest) > micro(step) + SLACK_MICRO) return undefined;
  return { code: 'price-spread', microPerKwh: micro(step), otherMicroPerKwh: micro(cheapest), otherMs: seen.plan.steps[cheapest]!.startMs };
};
