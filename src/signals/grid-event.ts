import type { Interval } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';

/** `up`: the grid wants more from us (less import); `down`: it wants us to take more. */
export type EventDirection = 'up' | 'down';
export const EVENT_STATES = ['announced', 'active', 'ended', 'settled', 'cancelled'] as const;
export type EventState = (typeof EVENT_STATES)[number];

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
}
