import { type DurationMs, energyWh, MINUTE_MS, type WattHour } from '../../kernel/units.js';
import type { DeviceRole } from '../../fleet/plant.js';
import type { Quantity, SampleValues } from '../sample.js';

/** A counter with the power that moves it: the part of it that is positive once it is multiplied by `direction`. */
interface CounterOfPower {
  readonly counter: Quantity;
  readonly power: Quantity;
  readonly direction: 1 | -1;
}

const GRID: readonly CounterOfPower[] = [
  { counter: 'grid.toBusCounterWh', power: 'grid.powerW', direction: 1 },
  { counter: 'grid.fromBusCounterWh', power: 'grid.powerW', direction: -1 },
];
const PV: readonly CounterOfPower[] = [{ counter: 'pv.toBusCounterWh', power: 'pv.powerW', direction: 1 }];
const BATTERY: readonly CounterOfPower[] = [
  { counter: 'battery.toBusCounterWh', power: 'battery.powerW', direction: 1 },
  { counter: 'battery.fromBusCounterWh', power: 'battery.powerW', direction: -1 },
];
const GENERATOR: readonly CounterOfPower[] = [{ counter: 'generator.toBusCounterWh', power: 'generator.powerW', direction: 1 }];

const FLEXIBLE: readonly CounterOfPower[] = [{ counter: 'flexible.fromBusCounterWh', power: 'flexible.powerW', direction: -1 }];

const COUNTERS_OF_ROLE: Readonly<Record<DeviceRole, readonly CounterOfPower[]>> = {
  'grid-meter': GRID,
  pv: PV,
  battery: BATTERY,
  hybrid: [...PV, ...BATTERY],
  generator: GENERATOR,
  'flexible-load': FLEXIBLE,
};

/** Power between readings further apart than this is not known. */
const GAP_MS: DurationMs = MINUTE_MS;
/** A counter that still says 0 after this much is none; one that steps by more is left out until its first step. */
const PROOF_WH: WattHour = 100;

interface Watched extends CounterOfPower {
  /** Whether it has ever counted: what says 0 after that is asleep or was reset, and 0 is not what it counts. */
  counted: boolean;
  movedWh: WattHour;
}

/**
 * SunSpec accumulators say 0 where there is none, and so does one that has not begun to count. Which of the two it is shows in
 * what flows: until then a 0 is told, since nothing has flowed that it should have counted; once it should have, it is left out, and
 * energy comes from power instead of being measured as none.
 */
export class ZeroCounters {
  private readonly watched: readonly Watched[];
  private atMs: DurationMs | undefined;

  /** `lastTold` is what the device told last in an earlier run: a power whose counter was missing had none. */
  constructor(role: DeviceRole, lastTold: SampleValues = {}) {
    this.watched = COUNTERS_OF_ROLE[role].map((pair) => ({
      ...pair,
      counted: (lastTold[pair.counter] ?? 0) > 0,
      movedWh: lastTold[pair.power] !== undefined && lastTold[pair.counter] === undefined ? PROOF_WH : 0,
    }));
  }

  /** The values without the counters that are none. `atMs` is on the monotonic clock. */
  withoutNone(values: SampleValues, atMs: DurationMs): SampleValues {
    const sinceMs = this.atMs === undefined ? Infinity : atMs - this.atMs;
    this.atMs = atMs;
    for (const watched of this.watched) {
      const counterWh = values[watched.counter];
      if (counterWh === undefined) continue;
      if (counterWh > 0) watched.counted = true;
      else if (isNone(watched, values[watched.power], sinceMs)) delete values[watched.counter];
    }
    return values;
  }
}

const isNone = (watched: Watched, powerW: number | undefined, sinceMs: DurationMs): boolean => {
  if (sinceMs <= GAP_MS) watched.movedWh += energyWh(Math.max(0, watched.direction * (powerW ?? 0)), sinceMs);
  return watched.counted || watched.movedWh >= PROOF_WH;
};
