import type { Watt } from './units.js';

/**
 * The places at which power crosses into or out of a site's bus. Power is positive *into* the bus everywhere: import,
 * sun, discharge and generation are positive; export and charging are negative.
 */
export const BUS_FLOWS = ['grid', 'pv', 'battery', 'generator'] as const;

/** `flexible` is what flexible loads draw: negative, and a part of the site's load, not beside it. */
export const FLOWS = [...BUS_FLOWS, 'flexible'] as const;
export type Flow = (typeof FLOWS)[number];
export type BusFlow = (typeof BUS_FLOWS)[number];

export type FlowPowers = Readonly<Record<BusFlow, Watt>>;

/** What the site's loads draw, flexible ones among them: everything that flows into the bus and not out of it again. */
export const loadOf = (powers: Partial<FlowPowers>): Watt => BUS_FLOWS.reduce((sum, flow) => sum + (powers[flow] ?? 0), 0);
