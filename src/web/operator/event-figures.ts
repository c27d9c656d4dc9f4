import { ceilTo } from '../../kernel/interval.js';
import { MICRO_PER_UNIT } from '../../kernel/money.js';
import { durationOf } from '../../kernel/interval.js';
import { meanPowerW, MINUTE_MS } from '../../kernel/units.js';
import type { EventRequest, EventShortfall, GridEvent } from '../api/types.js';

/** What the fields of the form hold: as typed, so that a half-typed number is no number yet. */
export interface EventDraft {
  direction: EventRequest['direction'];
  powerKw: string;
  startInMinutes: string;
  durationMinutes: string;
  pricePerKwh: string;
}

/** `0,25` is a number to half of Europe. */
const numberIn = (typed: string): number | undefined => {
  const value = Number(typed.trim().replace(',', '.'));
  return typed.trim() === '' || !Number.isFinite(value) ? undefined : value;
};

export type DraftFault = 'powerKw' | 'startInMinutes' | 'durationMinutes' | 'pricePerKwh';
export type DraftOutcome = { kind: 'request'; request: EventRequest } | { kind: 'fault'; field: DraftFault };

/** The request a draft stands for. It starts on the next whole settlement interval, so that all of it can be paid. */
export const requestOf = (draft: EventDraft, nowMs: number, intervalMinutes: number): DraftOutcome => {
  const powerKw = numberIn(draft.powerKw);
  const startInMinutes = numberIn(draft.startInMinutes);
  const durationMinutes = numberIn(draft.durationMinutes);
  const pricePerKwh = numberIn(draft.pricePerKwh);
  if (powerKw === undefined || powerKw <= 0) return { kind: 'fault', field: 'powerKw' };
  if (startInMinutes === undefined || startInMinutes < 0) return { kind: 'fault', field: 'startInMinutes' };
  if (durationMinutes === undefined || durationMinutes < 1 || !Number.isInteger(durationMinutes))
    return { kind: 'fault', field: 'durationMinutes' };
  if (pricePerKwh === undefined || pricePerKwh < 0) return { kind: 'fault', field: 'pricePerKwh' };
  return {
    kind: 'request',
    request: {
      direction: draft.direction,
      powerW: Math.round(powerKw * 1_000),
      startMs: ceilTo(nowMs + startInMinutes * MINUTE_MS, intervalMinutes * MINUTE_MS),
      durationMinutes,
      priceMicroPerKwh: Math.round(pricePerKwh * MICRO_PER_UNIT),
    },
  };
};

/** Mean power over the whole event, of what is known to be delivered. */
export const meanDeliveredW = (event: GridEvent): number | undefined =>
  event.deliveredWh === undefined ? undefined : meanPowerW(event.deliveredWh, durationOf(event));

/** Delivered over asked, 1 where all of it came; never below 0. */
export const deliveredShare = (event: GridEvent, deliveredW: number | undefined): number | undefined =>
  deliveredW === undefined || event.powerW <= 0 ? undefined : Math.max(0, deliveredW / event.powerW);

/** What is missing of an event, in the order in which it is charged; what rounds to nothing on the page is left out. */
export const missingOf = (shortfall: EventShortfall): { part: keyof EventShortfall; powerW: number }[] =>
  (['offlineW', 'reserveW', 'optedOutW', 'limitedW', 'otherW'] as const)
    .map((part) => ({ part, powerW: shortfall[part] }))
    .filter(({ powerW }) => powerW >= LEAST_SHOWN_W);

const LEAST_SHOWN_W = 50;

export const newestFirst = (events: readonly GridEvent[]): GridEvent[] =>
  [...events].sort((a, b) => b.startMs - a.startMs || b.announcedAtMs - a.announcedAtMs);
