import { contains } from '../kernel/interval.js';
import { type EpochMs, meanPowerW, type Watt } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import type { SiteNow } from '../telemetry/image.js';
import type { Baseline } from './baseline.js';

/**
 * Power by which a site answers a running event at this moment: its distance from the baseline of the slot it is in, the
 * way the event asks; never negative. Undefined where the event does not run, there is no baseline, or the meter is silent.
 */
export const liveDelivery = (
  event: Pick<GridEvent, 'direction' | 'startMs' | 'endMs'>,
  baseline: Baseline | undefined,
  site: Pick<SiteNow, 'powersW'> | undefined,
  nowMs: EpochMs,
): Watt | undefined => {
  const gridW = site?.powersW.grid;
  const slot = baseline?.slots.find((one) => contains(one, nowMs));
  if (!contains(event, nowMs) || gridW === undefined || slot === undefined) return undefined;
  const baselineW = meanPowerW(slot.baselineWh, slot.endMs - slot.startMs);
  return Math.max(0, event.direction === 'up' ? baselineW - gridW : gridW - baselineW);
};

/** The sum of `liveDelivery` over the sites that answer, and how many do. */
export const fleetLiveDelivery = (
  event: Pick<GridEvent, 'direction' | 'startMs' | 'endMs'>,
  baselines: Iterable<Baseline>,
  siteNow: (siteId: string) => Pick<SiteNow, 'powersW'> | undefined,
  nowMs: EpochMs,
): { deliveredW: Watt; sites: number } => {
  let [deliveredW, sites] = [0, 0];
  for (const baseline of baselines) {
    const siteW = liveDelivery(event, baseline, siteNow(baseline.siteId), nowMs);
    if (siteW === undefined) continue;
    deliveredW += siteW;
    sites += 1;
  }
  return { deliveredW, sites };
};
