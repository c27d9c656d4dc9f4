import type { DurationMs, Watt } from '../kernel/units.js';

/** The arithmetic of a pulse: a device is told one power and then another, and powers are watched before and after. */

/** Where a power stood for a while: its median, which one kettle does not move, and its scatter (standard deviation). */
export interface PowerLevel {
  readonly typicalW: Watt;
  readonly noiseW: Watt;
}

/** `undefined` where there are too few readings to know the scatter. */
export const levelOf = (powersW: readonly Watt[]): PowerLevel | undefined => {
  if (powersW.length < FEWEST_READINGS) return undefined;
  const meanW = powersW.reduce((sum, powerW) => sum + powerW, 0) / powersW.length;
  const squares = powersW.reduce((sum, powerW) => sum + (powerW - meanW) ** 2, 0);
  return { typicalW: medianOf(powersW), noiseW: Math.sqrt(squares / (powersW.length - 1)) };
};

const FEWEST_READINGS = 3;

const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** One step: what changed, what another power did meanwhile, and how much both scatter without any step. */
export interface PulseStep {
  readonly causeW: Watt;
  readonly effectW: Watt;
  readonly noiseW: Watt;
}

/** How one power followed another over some steps. */
export interface Following {
  /** As much and the same way; as much and the other way; not at all; or nothing that could be told from noise. */
  readonly kind: 'along' | 'against' | 'not' | 'unclear';
  /** Change of the effect for each watt of the cause; absent where there was no step. */
  readonly ratio?: number;
  /** Three standard errors of the ratio. */
  readonly margin?: number;
}

/** A scatter (MAD) as a standard deviation, and the standard error of a median, of normal noise. */
const SIGMA_PER_MAD = 1.4826;
const MEDIAN_ERROR = 1.2533;
const SIGMAS = 3;
/** A ratio nearer to 0 than to ±1 is none; one beyond 2 is of something else. */
const HALF = 0.5;
const MOST = 2;

/**
 * How the effect followed the cause: by the median of the steps' ratios, so that one step that a kettle fell into does not
 * count. Readings within a second or two of each other share their noise, so that many of one step tell no more than one: the
 * noise of a step is the scatter itself and only further steps make it smaller.
 */
export const followingOf = (steps: readonly PulseStep[]): Following => {
  const told = steps.filter(({ causeW }) => causeW !== 0);
  if (told.length === 0) return { kind: 'unclear' };
  const ratios = told.map(({ causeW, effectW }) => effectW / causeW);
  const ratio = medianOf(ratios);
  const spread = SIGMA_PER_MAD * medianOf(ratios.map((each) => Math.abs(each - ratio)));
  const within = medianOf(told.map(({ causeW, noiseW }) => noiseW / Math.abs(causeW)));
  const error = Math.max(MEDIAN_ERROR * spread, within) / Math.sqrt(told.length);
  const margin = SIGMAS * error;
  return { kind: kindOf(ratio, margin), ratio, margin };
};

const kindOf = (ratio: number, margin: number): Following['kind'] => {
  if (ratio - margin > HALF && ratio - margin < MOST) return 'along';
  if (ratio + margin < -HALF && ratio + margin > -MOST) return 'against';
  return Math.abs(ratio) + margin < HALF ? 'not' : 'unclear';
};

export interface PowerSample {
  readonly atMs: DurationMs;
  readonly powerW: Watt;
}

/** Part of a change that is taken for its beginning, where the noise is smaller. */
const BEGUN = 0.3;
const NOISES = 4;

/** The moment at which a power had clearly left its level on the way to another: two readings in a row are beyond its noise. */
export const respondedAtMs = (samples: readonly PowerSample[], from: PowerLevel, towardsW: Watt): DurationMs | undefined => {
  const way = Math.sign(towardsW - from.typicalW);
  const thresholdW = thresholdOf(from, towardsW);
  return firstOfTwo(samples, ({ powerW }) => (powerW - from.typicalW) * way > thresholdW);
};

/** The moment at which a power had clearly left its level, whichever way; `freeW` is where it had been before it was held. */
export const leftAtMs = (samples: readonly PowerSample[], held: PowerLevel, freeW: Watt): DurationMs | undefined => {
  const thresholdW = thresholdOf(held, freeW);
  return firstOfTwo(samples, ({ powerW }) => Math.abs(powerW - held.typicalW) > thresholdW);
};

/** Whether a power that goes from one level to another can be seen to do so. */
export const isApart = (from: PowerLevel, towardsW: Watt, leastW: Watt): boolean =>
  Math.abs(towardsW - from.typicalW) > Math.max(NOISES * from.noiseW, leastW);

const thresholdOf = ({ typicalW, noiseW }: PowerLevel, otherW: Watt): Watt =>
  Math.max(NOISES * noiseW, BEGUN * Math.abs(otherW - typicalW));

const firstOfTwo = (samples: readonly PowerSample[], is: (sample: PowerSample) => boolean): DurationMs | undefined =>
  samples.find((sample, index) => is(sample) && index + 1 < samples.length && is(samples[index + 1]!))?.atMs;
