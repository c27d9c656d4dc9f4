import type { Watt } from './units.js';

/**
 * The places at which power crosses into or out of a site's bus. Power is positive *into* the bus everywhere: import,
 * sun, discharge and generation are positive; export and charging are negative.
 */
export const FLOWS = ['grid', 'pv', 'battery', 'generator'] as const;
export type Flow = (typeof FLOWS)[number];

export type FlowPowers = Readonly<Record<Flow, Watt>>;

/** What the site's loads draw: everything that flows into the bus and not out of it again. */
export const loadOf = (powers: Partial<FlowPowers>): Watt => FLOWS.reduce((sum, flow) => sum + (powers[flow] ?? 0), 0);
