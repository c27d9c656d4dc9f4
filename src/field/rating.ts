import type { Device } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';

/** Ratings are rounded, and of AC here and DC there: by this share they may differ. */
const WITHIN = 0.15;

/**
 * What a device says it is made for, held against the fleet file, by which it is commanded and its readings are judged: one line where
 * they contradict each other.
 */
export const ratingFault = ({ name, ratedW }: Device, toldW: Watt): string | undefined =>
  Math.abs(toldW / ratedW - 1) <= WITHIN
    ? undefined
    : `${name} says it is made for ${Math.round(toldW)} W, and \`ratedW\` of the fleet file is ${ratedW}`;
