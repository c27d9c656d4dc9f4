import { contains } from '../kernel/interval.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import type { GridEvent } from './grid-event.js';

/** A fleet never steps as one (DESIGN §5): it comes up to an event in so long before its start, and goes down in as long after its end. */
export const EVENT_RAMP_MS: DurationMs = 30 * SECOND_MS;
/** It is up so long before the start: by then the last correction has shown at the meters. */
const SETTLED_BEFORE_MS: DurationMs = 5 * SECOND_MS;

/** An event as it is followed over time. */
export interface EventCourse extends Pick<GridEvent, 'id' | 'direction' | 'powerW' | 'startMs' | 'endMs' | 'state'> {
  /** When it was last changed or cancelled, and what was asked for at that moment: that is not let go at one blow. In the house's sign. */
  readonly changed?: { readonly atMs: EpochMs; readonly fromW: Watt };
}

/** What is asked for at a moment, in the house's sign and whole watts: the event's power with its ramps, and what a change has left to go down from. */
export const askedAt = (course: EventCourse, atMs: EpochMs): Watt => {
  const targetW = rampedW(course, atMs);
  const { changed } = course;
  if (!changed || atMs < changed.atMs) return targetW;
  const left = clamp(1 - (atMs - changed.atMs) / EVENT_RAMP_MS, 0, 1);
  const tailW = changed.fromW * left;
  if (targetW * changed.fromW < 0) return Math.round(targetW * (1 - left) + tailW);
  return Math.abs(tailW) > Math.abs(targetW) ? Math.round(tailW) : targetW;
};

/** All of its power from its start to its end, and a part of it before and after. */
const rampedW = ({ direction, powerW, startMs, endMs, state }: EventCourse, atMs: EpochMs): Watt => {
  if (state === 'cancelled') return 0;
  const up = (atMs - (startMs - EVENT_RAMP_MS)) / (EVENT_RAMP_MS - SETTLED_BEFORE_MS);
  const down = (endMs + EVENT_RAMP_MS - atMs) / EVENT_RAMP_MS;
  const asked = Math.round(powerW * clamp(Math.min(up, down), 0, 1));
  return direction === 'up' ? asked : 0 - asked;
};

/** From when on nothing is asked for any more. */
export const quietFromMs = ({ endMs, state, changed }: EventCourse): EpochMs =>
  Math.max(state === 'cancelled' ? 0 : endMs, changed?.atMs ?? 0) + EVENT_RAMP_MS;

/**
 * Of events that are in force, or within a ramp of a moment, the one to follow and what is asked for in all (> 0 W, in `direction`). One that
 * runs comes before its neighbours, and they add nothing to it: the fleet gives the largest of what they ask for in the same
 * direction, so that it does not step from one to the next. Between events what they ask for in opposite directions is set off.
 */
export const followedAt = <Course extends EventCourse>(
  courses: readonly Course[],
  atMs: EpochMs,
): { readonly event: Course; readonly direction: GridEvent['direction']; readonly powerW: Watt } | undefined => {
  const asked = courses.map((event) => ({ event, askedW: askedAt(event, atMs) }));
  const running = asked.find(({ event, askedW }) => event.state !== 'cancelled' && contains(event, atMs) && askedW !== 0);
  const mostW = Math.max(0, ...asked.map(({ askedW }) => askedW));
  const leastW = Math.min(0, ...asked.map(({ askedW }) => askedW));
  const totalW = running ? (running.askedW > 0 ? mostW : leastW) : mostW + leastW;
  if (totalW === 0) return undefined;
  const largest = asked.findLast(({ askedW }) => askedW === (totalW > 0 ? mostW : leastW))!;
  return { event: (running ?? largest).event, direction: totalW > 0 ? 'up' : 'down', powerW: Math.abs(totalW) };
};
