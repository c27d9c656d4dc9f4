import { type EpochMs, HOUR_MS, MINUTE_MS, type Watt, type WattHour } from '../kernel/units.js';

/**
 * A power over one stretch of time whose energy between any two moments is known exactly, so that a mean over a second and
 * a mean over a quarter of an hour never disagree.
 */
export interface PowerSeries {
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  /** Energy from the start to `atMs`, which lies inside. */
  energyUntilWh(atMs: EpochMs): WattHour;
}

/** A load that is switched on and off again. */
export interface Block {
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly powerW: Watt;
}

/** The sum of `blocks`, cut to `[startMs, endMs)`. */
export const seriesOfBlocks = (blocks: readonly Block[], startMs: EpochMs, endMs: EpochMs): PowerSeries => {
  const edges: { at: EpochMs; stepW: Watt }[] = [];
  for (const block of blocks) {
    const [from, to] = [Math.max(startMs, block.startMs), Math.min(endMs, block.endMs)];
    if (from < to) edges.push({ at: from, stepW: block.powerW }, { at: to, stepW: -block.powerW });
  }
  edges.sort((a, b) => a.at - b.at);
  const at = Float64Array.from([startMs, ...edges.map((edge) => edge.at)]);
  const powerW = new Float64Array(at.length);
  const energyWh = new Float64Array(at.length);
  for (let i = 1; i < at.length; i += 1) {
    energyWh[i] = energyWh[i - 1]! + (powerW[i - 1]! * (at[i]! - at[i - 1]!)) / HOUR_MS;
    powerW[i] = powerW[i - 1]! + edges[i - 1]!.stepW;
  }
  const energyUntilWh = (moment: EpochMs): WattHour => {
    const i = lastNotAfter(at, moment);
    return energyWh[i]! + (powerW[i]! * (moment - at[i]!)) / HOUR_MS;
  };
  return { startMs, endMs, energyUntilWh };
};

/** Index of the last of the ascending `values` that is not after `value`; 0 where all are. */
export const lastNotAfter = (values: ArrayLike<number>, value: number): number => {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (values[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
};

/** A power known at every full minute of `[startMs, endMs]` and straight in between. */
export const seriesOfMinutes = (powerAtW: (atMs: EpochMs) => Watt, startMs: EpochMs, endMs: EpochMs): PowerSeries => {
  const minutes = Math.ceil((endMs - startMs) / MINUTE_MS);
  const powerW = Float64Array.from({ length: minutes + 1 }, (_, i) => powerAtW(startMs + i * MINUTE_MS));
  const energyWh = new Float64Array(minutes + 1);
  for (let i = 1; i <= minutes; i += 1) energyWh[i] = energyWh[i - 1]! + (powerW[i - 1]! + powerW[i]!) / 120;
  const energyUntilWh = (moment: EpochMs): WattHour => {
    const i = Math.min(Math.floor((moment - startMs) / MINUTE_MS), minutes - 1);
    const share = (moment - startMs) / MINUTE_MS - i;
    const risingW = powerW[i + 1]! - powerW[i]!;
    return energyWh[i]! + (powerW[i]! + (risingW * share) / 2) * (share / 60);
  };
  return { startMs, endMs, energyUntilWh };
};

/**
 * Mean power over any stretch of time, from series that follow each other; `seriesAt` makes the one that holds a moment.
 * The last few are kept, since who asks for a moment mostly asks for the next one then.
 */
export const meanOver = (seriesAt: (atMs: EpochMs) => PowerSeries): ((startMs: EpochMs, endMs: EpochMs) => Watt) => {
  let kept: PowerSeries[] = [];
  const find = (atMs: EpochMs): PowerSeries => {
    const known = kept.find((series) => series.startMs <= atMs && atMs < series.endMs);
    if (known) return known;
    const made = seriesAt(atMs);
    kept = [made, ...kept.slice(0, 2)];
    return made;
  };
  return (startMs, endMs) => {
    let energy = 0;
    for (let at = startMs; at < endMs;) {
      const series = find(at);
      const until = Math.min(endMs, series.endMs);
      energy += series.energyUntilWh(until) - series.energyUntilWh(at);
      at = until;
    }
    // Sums of many blocks leave a last bit that is not quite nothing.
    return Math.max(0, (energy * HOUR_MS) / (endMs - startMs));
  };
};
