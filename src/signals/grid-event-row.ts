import type { EpochMs } from '../kernel/units.js';
import { askedAt, type EventCourse } from './event-ramp.js';
import { type EventRequest, stateAt } from './event-rules.js';
import type { GridEventEntity } from './grid-event.entity.js';
import type { GridEvent } from './grid-event.js';

export const newRow = ({ direction, powerW, priceMicroPerKwh }: EventRequest, number: number) => ({
  id: `EV-${String(number).padStart(4, '0')}`,
  number,
  direction,
  powerW,
  priceMicroPerKwh,
  amendedAtMs: null,
  amendedBy: null,
  amendedFromW: null,
  stoppedAtMs: null,
  cancelledAtMs: null,
  settledAtMs: null,
});

export const eventOf = (row: GridEventEntity, nowMs: EpochMs): GridEvent => {
  const { id, direction, powerW, priceMicroPerKwh, startMs, endMs, announcedAtMs, announcedBy } = row;
  const stored = row.cancelledAtMs !== null ? 'cancelled' : row.settledAtMs !== null ? 'settled' : 'announced';
  const askedUntilMs = Math.min(endMs, row.stoppedAtMs ?? endMs);
  const state = stateAt({ startMs, endMs: askedUntilMs, state: stored }, nowMs);
  return {
    id,
    direction,
    powerW,
    priceMicroPerKwh,
    startMs,
    endMs,
    state,
    announcedAtMs,
    announcedBy,
    ...(row.promise ? { promise: row.promise } : {}),
  };
};

export const courseOf = (row: GridEventEntity, nowMs: EpochMs): GridEvent & EventCourse => ({
  ...eventOf(row, nowMs),
  endMs: Math.min(row.endMs, row.stoppedAtMs ?? row.endMs),
  ...(row.amendedAtMs === null || row.amendedFromW === null ? {} : { changed: { atMs: row.amendedAtMs, fromW: row.amendedFromW } }),
});

/** Who changes an event, and what the fleet is to go down from, also where the plant starts anew meanwhile. */
export const changedNow = (row: GridEventEntity, byUser: string, nowMs: EpochMs) => ({
  amendedAtMs: nowMs,
  amendedBy: byUser,
  amendedFromW: askedAt(courseOf(row, nowMs), nowMs) || null,
});
