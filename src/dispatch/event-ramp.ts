import { contains, type Interval } from '../kernel/interval.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';

/** A fleet never steps as one (DESIGN §5): it comes up to an event in so long before its start, and goes down in as long after its end. */
export const EVENT_RAMP_MS: DurationMs = 30 * SECOND_MS;
/** It is up so long before the start: by then the last correction has shown at the meters. */
const SETTLED_BEFORE_MS: DurationMs = 5 * SECOND_MS;

/** What of an event's power is asked for at a moment: all of it from its start to its end. Whole watts. */
export const rampedPowerW = ({ startMs, endMs }: Interval, powerW: Watt, atMs: EpochMs): Watt => {
  const up = (atMs - (startMs - EVENT_RAMP_MS)) / (EVENT_RAMP_MS - SETTLED_BEFORE_MS);
  const down = (endMs + EVENT_RAMP_MS - atMs) / EVENT_RAMP_MS;
  return Math.round(powerW * clamp(Math.min(up, down), 0, 1));
};

/** Of events in order of time that are in force or within a ramp of a moment, the one that dispatch is to follow: the running one before its neighbours. */
export const followedEvent = <Event extends Interval>(events: readonly Event[], atMs: EpochMs): Event | undefined => {
  const around = events.filter(({ startMs, endMs }) => atMs > startMs - EVENT_RAMP_MS && atMs < endMs + EVENT_RAMP_MS);
  return around.find((event) => contains(event, atMs)) ?? around.at(-1);
};
