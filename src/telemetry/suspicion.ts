import type { Quantity, Sample } from '../field/sample.js';
import type { Device } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { type DurationMs, energyWh, type EpochMs, MINUTE_MS, type WattHour } from '../kernel/units.js';
import { resolutionWh } from './counter-step.js';
import { flowsOfRole, QUANTITIES_OF_FLOW, staleAfterMs } from './metering.js';

/**
 * What a device's own words show to be wrong when they are held against each other for a while. `frozen`: it repeats itself to
 * the last digit under load; `power-contradicts-counter`: they tell different energies (a scale factor off by ten) or different
 * directions (import and export exchanged); `same-register`: both directions are counted by one register.
 */
export const SUSPICIONS = ['frozen', 'power-contradicts-counter', 'same-register'] as const;
export type Suspicion = (typeof SUSPICIONS)[number];

/** One stretch over which a flow's power is held against its counters. */
interface FlowWindow {
  readonly sinceMs: EpochMs;
  readonly toBusWh: WattHour;
  readonly fromBusWh: WattHour;
  readonly powerW: number;
  readonly poweredWh: WattHour;
}

type Contradiction = 'counter-more' | 'counter-less' | 'opposite' | 'same-register';

/** How a flow's windows came out: `running` counts those in a row that contradict themselves in the same way. */
interface FlowVerdict {
  readonly contradiction: Contradiction;
  readonly running: number;
  /** Whether it is sure enough for the flow's values to be kept aside; short of that it is only reported. */
  readonly sure: boolean;
}

interface FlowWatch {
  readonly window?: FlowWindow;
  readonly verdict?: FlowVerdict;
}

export interface SuspicionState {
  readonly atMs: EpochMs;
  readonly words: string;
  readonly sameSinceMs: EpochMs;
  readonly flows: Readonly<Partial<Record<Flow, FlowWatch>>>;
  /** What stands against the device now. */
  readonly suspected: ReadonlySet<Suspicion>;
  /** Whether nothing it says is to be believed, because it says the same for too long. */
  readonly frozen: boolean;
  /** Quantities of flows whose power and counters cannot both be right. */
  readonly distrusted: readonly Quantity[];
}

/** A meter without counters is reported after this long; one whose counter stands still while it tells of power, sooner. */
const FROZEN_MS: DurationMs = 15 * MINUTE_MS;
const FROZEN_COUNTER_MS: DurationMs = 5 * MINUTE_MS;
/** So much energy, and so many of its counter's steps, should a standing counter have seen. */
const FROZEN_WH = 10;
const FROZEN_STEPS = 3;
const FROZEN_POLLS = 3;
/** A meter that reads less than this may well stand still. */
const LOADED_W = 50;
/** Counters need not count what a device draws for itself. */
const COUNTED_W = 100;

const WINDOW_MS: DurationMs = 15 * MINUTE_MS;
/** Power between samples further apart than this is not known well enough to accuse anybody. */
const GAP_MS: DurationMs = MINUTE_MS;
const CONTRADICTION = 3;
const CONTRADICTION_WH = 100;
/** A counter may be refreshed now and then and catch up in one window, so one alone does not prove it wrong by a factor. */
const SURE_WINDOWS = 2;

/** Looks at one sample that passed the gate. */
export const suspect = (
  sample: Sample,
  { role, pollPeriodMs }: Pick<Device, 'role' | 'pollPeriodMs'>,
  previous: SuspicionState | undefined,
): SuspicionState => {
  const words = JSON.stringify(sample.values);
  const sinceLastMs = previous ? sample.atMs - previous.atMs : Infinity;
  const repeats = previous?.words === words && sinceLastMs <= Math.max(GAP_MS, staleAfterMs({ pollPeriodMs }));
  const sameSinceMs = repeats ? previous.sameSinceMs : sample.atMs;
  const suspected = new Set<Suspicion>();
  // One repetition says little, so a device that is seldom asked has to be asked a few times.
  const sameMs = sample.atMs - sameSinceMs >= FROZEN_POLLS * pollPeriodMs ? sample.atMs - sameSinceMs : 0;
  const frozen = flowsOfRole(role).some((flow) => counterStands(sample, flow, sameMs));
  const loaded = role === 'grid-meter' && Math.abs(sample.values['grid.powerW'] ?? 0) >= LOADED_W;
  if (frozen || (loaded && sameMs >= FROZEN_MS)) suspected.add('frozen');
  const flows: Partial<Record<Flow, FlowWatch>> = {};
  const distrusted: Quantity[] = [];
  for (const flow of flowsOfRole(role)) {
    const watch = follow(sample, flow, previous?.flows[flow], sinceLastMs <= GAP_MS ? sinceLastMs : undefined);
    flows[flow] = watch;
    if (!watch.verdict) continue;
    suspected.add(watch.verdict.contradiction === 'same-register' ? 'same-register' : 'power-contradicts-counter');
    if (watch.verdict.sure) distrusted.push(...(Object.values(QUANTITIES_OF_FLOW[flow]) as Quantity[]));
  }
  return { atMs: sample.atMs, words, sameSinceMs, flows, suspected, frozen, distrusted };
};

/** Whether a flow's counters have stood still, with all else the device says, while it told of power that should have moved them. */
const counterStands = (sample: Sample, flow: Flow, sameMs: DurationMs): boolean => {
  if (sameMs < FROZEN_COUNTER_MS) return false;
  const { powerW, toBusWh, fromBusWh } = flowWords(sample, flow);
  if (powerW === undefined || toBusWh === undefined || fromBusWh === undefined) return false;
  const dueWh = Math.abs(energyWh(powerW, sameMs));
  return Math.abs(powerW) >= COUNTED_W && dueWh >= Math.max(FROZEN_WH, FROZEN_STEPS * resolutionWh(toBusWh, fromBusWh));
};

const flowWords = ({ values }: Sample, flow: Flow): { powerW?: number; toBusWh?: WattHour; fromBusWh?: WattHour } => {
  const { power, toBusCounter, fromBusCounter } = QUANTITIES_OF_FLOW[flow];
  return {
    powerW: values[power],
    toBusWh: toBusCounter ? values[toBusCounter] : 0,
    fromBusWh: fromBusCounter ? values[fromBusCounter] : 0,
  };
};

/** Goes on with a flow's window. The last verdict stands until the next window is over. */
const follow = (sample: Sample, flow: Flow, previous: FlowWatch | undefined, sinceLastMs: DurationMs | undefined): FlowWatch => {
  const verdict = previous?.verdict;
  const { powerW, toBusWh, fromBusWh } = flowWords(sample, flow);
  if (powerW === undefined || toBusWh === undefined || fromBusWh === undefined) return { verdict };
  const fresh: FlowWindow = { sinceMs: sample.atMs, toBusWh, fromBusWh, powerW, poweredWh: 0 };
  const open = previous?.window;
  if (!open || sinceLastMs === undefined) return { window: fresh, verdict };
  const poweredWh = open.poweredWh + energyWh((open.powerW + powerW) / 2, sinceLastMs);
  if (sample.atMs - open.sinceMs < WINDOW_MS) return { window: { ...open, powerW, poweredWh }, verdict };
  return { window: fresh, verdict: verdictOf({ ...open, poweredWh }, fresh, verdict) };
};

const verdictOf = (open: FlowWindow, end: FlowWindow, before: FlowVerdict | undefined): FlowVerdict | undefined => {
  const contradiction = contradictionOf(open, end);
  if (!contradiction) return undefined;
  const moved = end.toBusWh !== open.toBusWh || end.fromBusWh !== open.fromBusWh;
  const running = !moved ? 0 : before?.contradiction === contradiction ? before.running + 1 : 1;
  const needed = contradiction === 'opposite' || contradiction === 'same-register' ? 1 : SURE_WINDOWS;
  return { contradiction, running, sure: running >= needed };
};

const contradictionOf = (open: FlowWindow, end: FlowWindow): Contradiction | undefined => {
  const slackWh = CONTRADICTION_WH + 2 * resolutionWh(open.toBusWh, end.toBusWh, open.fromBusWh, end.fromBusWh);
  const intoWh = end.toBusWh - open.toBusWh;
  const outOfWh = end.fromBusWh - open.fromBusWh;
  if (open.toBusWh === open.fromBusWh && intoWh === outOfWh && intoWh >= slackWh) return 'same-register';
  const countedWh = intoWh - outOfWh;
  const { poweredWh } = open;
  if (Math.abs(countedWh - poweredWh) < slackWh) return undefined;
  if (Math.min(Math.abs(countedWh), Math.abs(poweredWh)) >= slackWh && Math.sign(countedWh) !== Math.sign(poweredWh)) return 'opposite';
  if (Math.abs(countedWh) > CONTRADICTION * Math.abs(poweredWh)) return 'counter-more';
  return Math.abs(poweredWh) > CONTRADICTION * Math.abs(countedWh) ? 'counter-less' : undefined;
};
