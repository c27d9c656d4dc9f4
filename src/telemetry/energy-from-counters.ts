import type { Interval } from '../kernel/interval.js';
import { type DurationMs, energyWh, type EpochMs, type Watt, type WattHour } from '../kernel/units.js';
import { type CounterReading, counterStep } from './counter-step.js';
import type { EnergyQuality } from './interval-energy.js';

export interface PowerReading {
  readonly atMs: EpochMs;
  readonly powerW: Watt;
}

/** What is known of one direction of one flow, each series in order of time and reaching past the interval where it can. */
export interface FlowSeries {
  readonly counters: readonly CounterReading[];
  readonly powers: readonly PowerReading[];
  /** 1 counts power into the bus, -1 power out of it. */
  readonly direction: 1 | -1;
}

export interface EnergyRules {
  /** Counter readings this close on both sides of a boundary pass for a reading at the boundary. */
  readonly closeMs: DurationMs;
  /** Power is taken to go straight from one reading to the next over no longer than this. */
  readonly bridgeMs: DurationMs;
  /** Judges whether a counter's rise can be energy. */
  readonly maxPowerW: Watt;
}

export interface Energy {
  /** Absent where `missing`. */
  readonly energyWh?: WattHour;
  readonly quality: EnergyQuality;
}

const NOTHING: Energy = { energyWh: 0, quality: 'measured' };
const MISSING: Energy = { quality: 'missing' };

/**
 * Energy of one flow in one direction over an interval. It is the rise of one curve, drawn through the counter readings
 * (straight between two of them) and, where a counter is unknown or contradicts itself, by integrated power. The curve does
 * not depend on the interval, so adjacent intervals add up to the long one. Known at both ends by counters: `measured`; a
 * boundary inside a gap between counters, or power: `estimated`; a part of it unknown: `missing`.
 */
export const energyBetween = (series: FlowSeries, { startMs, endMs }: Interval, rules: EnergyRules): Energy => {
  const { counters } = series;
  const first = counters[0];
  const last = counters.at(-1);
  if (!first || !last || first.atMs >= endMs || last.atMs <= startMs) return energyOfPower(series, { startMs, endMs }, rules);
  let sum = energyOfPower(series, { startMs, endMs: Math.max(first.atMs, startMs) }, rules);
  for (let i = lastIndexAt(counters, Math.max(first.atMs, startMs)); i + 1 < counters.length && counters[i]!.atMs < endMs; i += 1) {
    sum = plus(sum, energyOfStep(series, counters[i]!, counters[i + 1]!, { startMs, endMs }, rules));
  }
  return plus(sum, energyOfPower(series, { startMs: Math.min(last.atMs, endMs), endMs }, rules));
};

/** The counter at a moment, where readings stand there or close on both sides of it. */
export const counterAt = (counters: readonly CounterReading[], atMs: EpochMs, rules: EnergyRules): WattHour | undefined => {
  const i = lastIndexAt(counters, atMs);
  const before = counters[i];
  if (!before || before.atMs > atMs) return undefined;
  if (before.atMs === atMs) return before.counterWh;
  const after = counters[i + 1];
  if (!after || after.atMs - before.atMs > rules.closeMs || counterStep(before, after, rules.maxPowerW) !== 'plausible') return undefined;
  return interpolate(before, after, atMs);
};

/** The part of the rise from `a` to `b` that falls into the interval. */
const energyOfStep = (series: FlowSeries, a: CounterReading, b: CounterReading, interval: Interval, rules: EnergyRules): Energy => {
  const part = { startMs: Math.max(a.atMs, interval.startMs), endMs: Math.min(b.atMs, interval.endMs) };
  if (counterStep(a, b, rules.maxPowerW) !== 'plausible') return energyOfPower(series, part, rules);
  const whole = part.startMs === a.atMs && part.endMs === b.atMs;
  if (whole) return { energyWh: b.counterWh - a.counterWh, quality: 'measured' };
  const cutWh = interpolate(a, b, part.endMs) - interpolate(a, b, part.startMs);
  return { energyWh: Math.max(cutWh, 0), quality: b.atMs - a.atMs <= rules.closeMs ? 'measured' : 'estimated' };
};

const interpolate = (a: CounterReading, b: CounterReading, atMs: EpochMs): WattHour =>
  atMs === b.atMs ? b.counterWh : a.counterWh + ((b.counterWh - a.counterWh) * (atMs - a.atMs)) / (b.atMs - a.atMs);

/** Power integrated along straight lines between its readings; `missing` unless they cover the whole interval. */
const energyOfPower = ({ powers, direction }: FlowSeries, { startMs, endMs }: Interval, { bridgeMs }: EnergyRules): Energy => {
  if (endMs <= startMs) return NOTHING;
  let sumWh = 0;
  let coveredToMs = startMs;
  for (let i = lastIndexAt(powers, startMs); i + 1 < powers.length && coveredToMs < endMs; i += 1) {
    const [a, b] = [powers[i]!, powers[i + 1]!];
    if (a.atMs > coveredToMs || b.atMs - a.atMs > bridgeMs) return MISSING;
    const toMs = Math.min(b.atMs, endMs);
    sumWh += positivePartWh(direction * powerOnLine(a, b, coveredToMs), direction * powerOnLine(a, b, toMs), toMs - coveredToMs);
    coveredToMs = toMs;
  }
  return coveredToMs === endMs ? { energyWh: sumWh, quality: 'estimated' } : MISSING;
};

const powerOnLine = (a: PowerReading, b: PowerReading, atMs: EpochMs): Watt =>
  atMs === b.atMs ? b.powerW : a.powerW + ((b.powerW - a.powerW) * (atMs - a.atMs)) / (b.atMs - a.atMs);

/** Energy above zero of a power that goes straight from one value to another. */
const positivePartWh = (fromW: Watt, toW: Watt, durationMs: DurationMs): WattHour => {
  if (fromW >= 0 && toW >= 0) return energyWh((fromW + toW) / 2, durationMs);
  if (fromW <= 0 && toW <= 0) return 0;
  const above = Math.max(fromW, toW);
  return energyWh(above / 2, (durationMs * above) / Math.abs(toW - fromW));
};

/** Index of the last entry at or before a moment; 0 where all are later. Entries are in order of time. */
const lastIndexAt = (entries: readonly { readonly atMs: EpochMs }[], atMs: EpochMs): number => {
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (entries[middle]!.atMs <= atMs) low = middle;
    else high = middle - 1;
  }
  return low;
};

const plus = (a: Energy, b: Energy): Energy => {
  const quality = worseQuality(a.quality, b.quality);
  return quality === 'missing' ? MISSING : { energyWh: (a.energyWh ?? 0) + (b.energyWh ?? 0), quality };
};

const RANK: Readonly<Record<EnergyQuality, number>> = { measured: 0, estimated: 1, missing: 2 };

export const worseQuality = (a: EnergyQuality, b: EnergyQuality): EnergyQuality => (RANK[a] >= RANK[b] ? a : b);
