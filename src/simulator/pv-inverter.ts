import type { DurationMs, Watt } from '../kernel/units.js';
import { type Ramped, rampTo } from './ramp.js';

/** From nothing to its rating. */
const RAMP_S = 5;

/**
 * What a sun inverter gives: all that its modules could, but never more than its rating and its limit. It moves towards
 * that by a ramp; when the sun goes, so does its power, at once.
 */
export const stepPvInverter = (fromW: Watt, availableW: Watt, ceilingW: Watt, ratedW: Watt, durationMs: DurationMs): Ramped => {
  const possibleW = Math.max(0, Math.min(availableW, ratedW));
  const targetW = Math.max(0, Math.min(possibleW, ceilingW));
  const ramped = rampTo(Math.min(fromW, possibleW), targetW, ratedW / RAMP_S, durationMs);
  return { endW: ramped.endW, meanW: Math.min(ramped.meanW, possibleW) };
};
