import { BadInput } from '../kernel/errors.js';
import { ceilTo, contains } from '../kernel/interval.js';
import { DAY_MS, type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
import type { EventDirection, EventState, GridEvent } from './grid-event.js';

/** What an operator asks for. */
export interface EventRequest {
  readonly direction: EventDirection;
  readonly powerW: Watt;
  readonly startMs: EpochMs;
  readonly durationMs: DurationMs;
  readonly priceMicroPerKwh: number;
}

export interface EventTimes {
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  /** In words, where the times are not those asked for. */
  readonly note?: string;
}

/** Between the announcement and the start: time to fix the baselines and to tell dispatch. */
export const LEAD_MS = 5 * SECOND_MS;
const FURTHEST_AHEAD_MS = 31 * DAY_MS;

/** From where to where an event's figures go, by the names the API has for them, and how that is said. */
export const EVENT_BOUNDS = {
  // Promises are whole watts: of less nothing could be accepted.
  powerW: { least: 1, most: 1e9, words: 'an event asks for 1 W to 1 GW; its direction says which way' },
  durationMinutes: { least: 1, most: DAY_MS / MINUTE_MS, words: 'an event lasts from 1 minute to 24 hours' },
  priceMicroPerKwh: { least: 0, most: 100e6, words: 'a kWh is paid for with 0 to 100 in the plant’s currency, in whole millionths' },
} as const;

const outside = (field: keyof typeof EVENT_BOUNDS, value: number): string[] => {
  const { least, most, words } = EVENT_BOUNDS[field];
  return value >= least && value <= most ? [] : [`${field}: ${words}`];
};

/** Where an event stands at a moment. What is cancelled or settled stays so. */
export const stateAt = (event: Pick<GridEvent, 'startMs' | 'endMs' | 'state'>, nowMs: EpochMs): EventState => {
  if (event.state === 'cancelled' || event.state === 'settled') return event.state;
  if (nowMs < event.startMs) return 'announced';
  return contains(event, nowMs) ? 'active' : 'ended';
};

/**
 * The times an event really gets: it begins and ends on boundaries of the settled intervals, since nothing shorter is
 * metered, and never begins before there was time to prepare it. Throws `BadInput` with every fault of the request.
 */
export const eventTimes = (request: EventRequest, intervalMs: DurationMs, nowMs: EpochMs): EventTimes => {
  const faults = faultsOf(request, intervalMs, nowMs);
  if (faults.length > 0) throw new BadInput(faults);
  const startMs = ceilTo(Math.max(request.startMs, nowMs + LEAD_MS), intervalMs);
  const endMs = startMs + Math.ceil(request.durationMs / intervalMs) * intervalMs;
  return { startMs, endMs, note: noteOf(request, { startMs, endMs }, intervalMs) };
};

/** What becomes of an event that runs when it is changed. */
export interface RunningChange {
  readonly powerW: Watt;
  readonly endMs: EpochMs;
  /** In words, where the end is not the one asked for. */
  readonly note?: string;
}

/**
 * Of an event that runs its power may change, and its end come sooner, at the running interval's end at the soonest. For the rest homes were told a price and
 * a direction, and their baselines are fixed for its times. Throws `BadInput` with every fault of the change.
 */
export const runningChange = (
  event: Pick<GridEvent, 'direction' | 'powerW' | 'priceMicroPerKwh' | 'startMs' | 'endMs'>,
  change: Partial<EventRequest>,
  intervalMs: DurationMs,
  nowMs: EpochMs,
): RunningChange => {
  const { powerW = event.powerW, durationMs = event.endMs - event.startMs } = change;
  const isOther = (field: 'direction' | 'startMs' | 'priceMicroPerKwh'): boolean =>
    change[field] !== undefined && change[field] !== event[field];
  const askedEndMs = event.startMs + Math.ceil(durationMs / intervalMs) * intervalMs;
  const faults = [
    ...(['direction', 'startMs', 'priceMicroPerKwh'] as const).flatMap((field) =>
      isOther(field) ? [`${field}: the event has begun; cancel it and announce another one`] : [],
    ),
    ...outside('powerW', powerW),
    ...(askedEndMs <= event.endMs ? [] : ['durationMinutes: an event that has begun does not get longer; announce one that follows it']),
  ];
  if (faults.length > 0) throw new BadInput(faults);
  const endMs = Math.max(askedEndMs, Math.min(event.endMs, ceilTo(nowMs + 1, intervalMs)));
  return endMs === askedEndMs
    ? { powerW, endMs }
    : { powerW, endMs, note: `The event has begun: it ends at ${isoMinute(endMs)}, with the running interval.` };
};

const faultsOf = (request: EventRequest, intervalMs: DurationMs, nowMs: EpochMs): string[] => {
  const { powerW, startMs, durationMs, priceMicroPerKwh } = request;
  const faults: string[] = [];
  // Someone who says "now" means the next boundary; whatever lies further back is a mistake.
  if (!(startMs >= nowMs - intervalMs)) faults.push('startMs: an event cannot begin in the past');
  if (!(startMs <= nowMs + FURTHEST_AHEAD_MS)) faults.push('startMs: an event begins within 31 days');
  faults.push(...outside('durationMinutes', durationMs / MINUTE_MS), ...outside('powerW', powerW));
  faults.push(...outside('priceMicroPerKwh', Number.isSafeInteger(priceMicroPerKwh) ? priceMicroPerKwh : Number.NaN));
  return faults;
};

const noteOf = (asked: EventRequest, got: EventTimes, intervalMs: DurationMs): string | undefined => {
  const minutes = intervalMs / MINUTE_MS;
  const parts: string[] = [];
  if (got.startMs !== asked.startMs) parts.push(`begins at ${isoMinute(got.startMs)} instead of ${new Date(asked.startMs).toISOString()}`);
  if (got.endMs - got.startMs !== asked.durationMs)
    parts.push(`lasts ${(got.endMs - got.startMs) / MINUTE_MS} min instead of ${asked.durationMs / MINUTE_MS} min`);
  return parts.length === 0 ? undefined : `The event ${parts.join(' and ')}: events keep to metered intervals of ${minutes} min.`;
};

const isoMinute = (atMs: EpochMs): string => new Date(atMs).toISOString().replace(':00.000Z', 'Z');
