import { type DurationMs, energyWh, type EpochMs, MINUTE_MS, type Watt, type WattHour } from '../kernel/units.js';

/** A counter's word at a moment. */
export interface CounterReading {
  readonly atMs: EpochMs;
  readonly counterWh: WattHour;
}

/** How one counter reading follows on another: `fell` and `leapt` cannot be energy. */
export type CounterStep = 'plausible' | 'fell' | 'leapt';

/** Devices copy their counters into the registers now and then, so a rise may hold energy from up to this long before. */
const REGISTER_LAG_MS: DurationMs = MINUTE_MS;

/** Whether the later reading can follow the earlier on a device that moves at most `maxPowerW`. */
export const counterStep = (from: CounterReading, to: CounterReading, maxPowerW: Watt): CounterStep => {
  const riseWh = to.counterWh - from.counterWh;
  if (riseWh < 0) return 'fell';
  const mostWh = energyWh(maxPowerW, to.atMs - from.atMs + REGISTER_LAG_MS) + resolutionWh(from.counterWh, to.counterWh);
  return riseWh > mostWh ? 'leapt' : 'plausible';
};

/**
 * The step in which a counter seems to count: the largest of 1, 10, 100 and 1000 Wh that divides all its readings, or what a
 * 32-bit float of their size can tell apart where that is coarser.
 */
export const resolutionWh = (...readingsWh: readonly WattHour[]): WattHour => {
  const decimalWh = [1_000, 100, 10].find((stepWh) => readingsWh.every((wh) => wh % stepWh === 0)) ?? 1;
  return Math.max(decimalWh, Math.max(...readingsWh) / 2 ** 22);
};
