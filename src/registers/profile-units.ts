/** How many of the house's units one unit of the wire is. The house counts in W, Wh, V, A, Hz, % and s. */
const FACTORS: Readonly<Record<string, number>> = { kW: 1_000, MW: 1e6, kWh: 1_000, MWh: 1e6, mV: 0.001, mA: 0.001, mHz: 0.001, min: 60 };
const PLAIN = new Set(['W', 'Wh', 'V', 'A', 'Hz', '%', 's', 'none']);

export const isKnownUnit = (unit: string): boolean => PLAIN.has(unit) || unit in FACTORS;

/** The factor from a unit of the wire to the house's own. */
export const perHouseUnit = (unit: string): number => FACTORS[unit] ?? 1;
