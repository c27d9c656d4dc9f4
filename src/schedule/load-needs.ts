import { loadIdOf, needWindows } from '../fleet/daily-need.js';
import { type Device, type DeviceId, isPlannedApart, mostDrawW, type Site } from '../fleet/plant.js';
import { contains, durationOf, type Interval } from '../kernel/interval.js';
import { energyWh, type EpochMs, type Watt, type WattHour } from '../kernel/units.js';
import type { FlexibleLoad } from './flexible-load.js';
import { loadOverrideOf, type PlannedOverride } from './overrides-of.js';

/** How a flexible load stands in the window of its need that runs. */
export interface NeedNow {
  readonly drawnWh: WattHour;
  /** It draws, or would if it were let: a car is there, and not full. */
  readonly wants: boolean;
}

/** What was learnt of a flexible load: the most that it takes, W, and the part of what it is told that it can draw. */
export interface LoadTakes {
  readonly takesW?: Watt;
  readonly share: number;
}

/** What is known of flexible loads when a plan is made. */
export interface LoadFacts {
  readonly nowMs: EpochMs;
  readonly needs?: ReadonlyMap<DeviceId, NeedNow>;
  readonly overrides?: readonly PlannedOverride[];
  readonly takings?: ReadonlyMap<DeviceId, LoadTakes>;
  /** Locked out or offline: they are not planned with. */
  readonly unavailable: ReadonlySet<DeviceId>;
}

/**
 * What the flexible loads of a site are still to draw within a plan's horizon, a load for each window of a need. One of which nothing wants any more
 * in the window that runs is left out of it. Of a window that ends beyond the horizon only that is planned which it would be too late for then.
 */
export const loadProblems = (site: Site, facts: LoadFacts, steps: readonly Interval[]): FlexibleLoad[] => {
  const horizon = { startMs: steps[0]!.startMs, endMs: steps.at(-1)!.endMs };
  return site.devices
    .filter((device) => isPlannedApart(device) && !facts.unavailable.has(device.id))
    .flatMap((device) =>
      needWindows(device.flexibleLoad!.need!, site.zone, horizon)
        .flatMap((window) => loadProblem(site, device, window, facts, horizon))
        .map((load) => ({ ...load, ...loadOverrideOf(device, load, facts.overrides ?? [], steps, takesIn(device, load, facts).share) })),
    );
};

/** What was learnt is true of who is there now. */
const takesIn = ({ id }: Device, window: Interval, { nowMs, takings }: LoadFacts): LoadTakes =>
  (contains(window, nowMs) ? takings?.get(id) : undefined) ?? { share: 1 };

const loadProblem = ({ id: siteId, zone }: Site, device: Device, window: Interval, facts: LoadFacts, horizon: Interval): FlexibleLoad[] => {
  const { id, flexibleLoad } = device;
  const now = contains(window, facts.nowMs) ? facts.needs?.get(id) : undefined;
  if (now?.wants === false) return [];
  const { takesW = Infinity, share } = takesIn(device, window, facts);
  const minW = flexibleLoad!.minW * share;
  const maxW = Math.max(minW, Math.min(mostDrawW(device), takesW));
  const afterwards = { startMs: horizon.endMs, endMs: Math.max(horizon.endMs, window.endMs) };
  const wantedWh = flexibleLoad!.need!.energyWh - (now?.drawnWh ?? 0) - energyWh(maxW, durationOf(afterwards));
  if (wantedWh <= 0) return [];
  return [
    {
      id: loadIdOf(id, zone, window),
      siteId,
      minW,
      maxW,
      energyWh: wantedWh,
      startMs: Math.max(window.startMs, horizon.startMs),
      endMs: Math.min(window.endMs, horizon.endMs),
    },
  ];
};
