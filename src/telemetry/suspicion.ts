import type { Sample } from '../field/sample.js';
import type { DeviceRole } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { energyWh, type EpochMs, MINUTE_MS, type WattHour } from '../kernel/units.js';
import { resolutionWh } from './counter-step.js';
import { flowsOfRole, QUANTITIES_OF_FLOW } from './metering.js';

/**
 * What looks wrong but may be right, so it is reported and nothing is refused: a meter that repeats itself to the last
 * digit under load, or a power that its own counter contradicts (a scale factor off by ten shows so).
 */
export const SUSPICIONS = ['frozen', 'power-contradicts-counter'] as const;
export type Suspicion = (typeof SUSPICIONS)[number];

interface FlowWindow {
  readonly sinceMs: EpochMs;
  readonly counterWh: WattHour;
  readonly powerW: number;
  readonly poweredWh: WattHour;
}

export interface SuspicionState {
  readonly atMs: EpochMs;
  readonly words: string;
  readonly sameSinceMs: EpochMs;
  readonly windows: Readonly<Partial<Record<Flow, FlowWindow>>>;
  readonly suspected: ReadonlySet<Suspicion>;
}

const FROZEN_MS = 15 * MINUTE_MS;
const WINDOW_MS = 15 * MINUTE_MS;
/** Power between samples further apart than this is not known well enough to accuse anybody. */
const GAP_MS = MINUTE_MS;
/** A meter that reads less than this may well stand still. */
const LOADED_W = 50;
const CONTRADICTION = 3;
const CONTRADICTION_WH = 100;

/** Looks at one accepted sample. `suspected` of the answer holds what stands against the device now. */
export const suspect = (sample: Sample, role: DeviceRole, previous: SuspicionState | undefined): SuspicionState => {
  const words = JSON.stringify(sample.values);
  const continues = previous && sample.atMs - previous.atMs <= GAP_MS;
  const sameSinceMs = continues && previous.words === words ? previous.sameSinceMs : sample.atMs;
  const suspected = new Set<Suspicion>();
  if (role === 'grid-meter' && Math.abs(sample.values['grid.powerW'] ?? 0) >= LOADED_W && sample.atMs - sameSinceMs >= FROZEN_MS) {
    suspected.add('frozen');
  }
  const windows: Partial<Record<Flow, FlowWindow>> = {};
  for (const flow of flowsOfRole(role)) {
    const { window, contradicts } = follow(sample, flow, continues ? previous : undefined);
    windows[flow] = window;
    if (contradicts ?? previous?.suspected.has('power-contradicts-counter')) suspected.add('power-contradicts-counter');
  }
  return { atMs: sample.atMs, words, sameSinceMs, windows, suspected };
};

/** `contradicts` is absent until a window is over: the last verdict stands until then. */
const follow = (
  sample: Sample,
  flow: Flow,
  previous: SuspicionState | undefined,
): { window: FlowWindow | undefined; contradicts?: boolean } => {
  const { power, toBusCounter, fromBusCounter } = QUANTITIES_OF_FLOW[flow];
  const powerW = sample.values[power];
  const toBusWh = sample.values[toBusCounter];
  const fromBusWh = fromBusCounter ? sample.values[fromBusCounter] : 0;
  if (powerW === undefined || toBusWh === undefined || fromBusWh === undefined) return { window: undefined };
  const counterWh = toBusWh - fromBusWh;
  const fresh: FlowWindow = { sinceMs: sample.atMs, counterWh, powerW, poweredWh: 0 };
  const open = previous?.windows[flow];
  if (!previous || !open) return { window: fresh };
  const poweredWh = open.poweredWh + energyWh((open.powerW + powerW) / 2, sample.atMs - previous.atMs);
  if (sample.atMs - open.sinceMs < WINDOW_MS) return { window: { ...open, powerW, poweredWh } };
  const slackWh = CONTRADICTION_WH + 2 * resolutionWh(toBusWh, fromBusWh);
  return { window: fresh, contradicts: disagree(poweredWh, counterWh - open.counterWh, slackWh) };
};

const disagree = (aWh: WattHour, bWh: WattHour, slackWh: WattHour): boolean => {
  const [small, large] = Math.abs(aWh) < Math.abs(bWh) ? [aWh, bWh] : [bWh, aWh];
  if (Math.abs(large - small) < slackWh) return false;
  return Math.sign(small) !== Math.sign(large) || Math.abs(large) > CONTRADICTION * Math.abs(small);
};
