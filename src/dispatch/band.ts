import { clamp, type Watt } from '../kernel/units.js';

/** Whoever may narrow what a device is allowed, in the order of DESIGN §5.3: each acts within what those before it left. */
export const SOURCES = ['lock-out', 'device', 'connection', 'operator', 'consent', 'event', 'override', 'plan'] as const;
export type Source = (typeof SOURCES)[number];

/** What a source took away, for the log of the decision. */
export interface Cut {
  readonly by: Source;
  readonly why: string;
  readonly minW: Watt;
  readonly maxW: Watt;
}

/** The powers a device may be told, in the house's sign, and who made the band that narrow. Never empty. */
export interface PowerBand {
  readonly minW: Watt;
  readonly maxW: Watt;
  readonly cuts: readonly Cut[];
}

export const NO_CUTS: readonly Cut[] = [];

export const openBand = (minW: Watt, maxW: Watt): PowerBand => ({ minW, maxW, cuts: NO_CUTS });

/**
 * The band as `by` leaves it. A wish that lies wholly outside pulls the band to the end nearest to it: the sources before
 * it are never overruled, and the band is never empty. `why` is put into words only where something was cut.
 */
export const narrow = (band: PowerBand, by: Source, why: () => string, minW: Watt, maxW: Watt): PowerBand => {
  const lowW = clamp(minW, band.minW, band.maxW);
  const highW = clamp(Math.max(maxW, minW), band.minW, band.maxW);
  if (lowW === band.minW && highW === band.maxW) return band;
  // Numbers come first: behind texts, V8 takes them for whole ones each time anew, and compiles this again in every cycle.
  return { minW: lowW, maxW: highW, cuts: [...band.cuts, { minW: lowW, maxW: highW, by, why: why() }] };
};

export const within = (band: PowerBand, powerW: Watt): Watt => clamp(powerW, band.minW, band.maxW);

/** The whole watt nearest to `powerW` that the band allows; a band narrower than that gives its own end. */
export const wholeWithin = (band: PowerBand, powerW: Watt): Watt => {
  const exactW = within(band, powerW);
  const nearestW = Math.round(exactW);
  if (isWithin(band, nearestW)) return 0 + nearestW;
  const belowW = Math.floor(exactW);
  const aboveW = Math.ceil(exactW);
  return 0 + (isWithin(band, belowW) ? belowW : isWithin(band, aboveW) ? aboveW : exactW);
};

const isWithin = ({ minW, maxW }: PowerBand, powerW: Watt): boolean => powerW >= minW && powerW <= maxW;
