import type { Interval } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';

/** `up`: the grid wants more from us (less import); `down`: it wants us to take more. */
export type EventDirection = 'up' | 'down';
export const EVENT_STATES = ['announced', 'active', 'ended', 'settled', 'cancelled'] as const;
export type EventState = (typeof EVENT_STATES)[number];

/** What of an event's power is missing, and for which reason; the parts and what is delivered add up to what is asked for. */
export interface EventShortfall {
  readonly offlineW: Watt;
  readonly reserveW: Watt;
  readonly optedOutW: Watt;
  /** What operators' limits, and what connections and inverters bear, leave no room for. */
  readonly limitedW: Watt;
  /** Engines on their way up, homes that draw more than their baseline, and more asked for than there is. */
  readonly otherW: Watt;
}

/** What a plant has said it will deliver of an event, and why not the rest, when it was announced or last amended. */
export interface EventPromise {
  readonly acceptedW: Watt;
  readonly shortfall: EventShortfall;
}

/** A grid operator's wish: change the fleet's net import by `powerW` against its baseline, for a while, at a price. */
export interface GridEvent extends Interval {
  readonly id: string;
  readonly direction: EventDirection;
  readonly powerW: Watt;
  /** Paid to households per kWh delivered. */
  readonly priceMicroPerKwh: number;
  readonly state: EventState;
  readonly announcedAtMs: EpochMs;
  readonly announcedBy: string;
  readonly promise?: EventPromise;
}
