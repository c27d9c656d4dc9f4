import { QUANTITIES, type Quantity, type Sample, type SampleValues } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS, type Watt, type WattHour } from '../kernel/units.js';
import { type CounterReading, counterStep } from './counter-step.js';
import { flowOfCounter, type GateLimits, LEVELS, type LevelQuantity, type Slope } from './gate-limits.js';
import { COUNTERS, type CounterQuantity } from './metering.js';
import type { Reading } from './reading-store.port.js';

/**
 * Why a value, or a whole sample, does not pass. `not-for-role`: the device's role has no such flow; `sentinel`: an all-ones
 * register that means "not available"; `leapt`: no battery fills so fast. The last three are found by holding a device's words
 * against each other and against other devices' (suspicion.ts, twin-meters.ts).
 */
export const REFUSAL_REASONS = [
  'not-finite',
  'out-of-range',
  'sentinel',
  'not-for-role',
  'counter-fell',
  'counter-leapt',
  'leapt',
  'duplicate',
  'out-of-order',
  'too-old',
  'from-the-future',
  'frozen',
  'contradicted',
  'twin-meter',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A value that was kept aside. Without a quantity, the whole sample was. */
export interface Refusal {
  readonly deviceId: DeviceId;
  readonly atMs: EpochMs;
  readonly quantity?: Quantity;
  readonly value?: number;
  readonly reason: RefusalReason;
}

/** A counter that went on from elsewhere for so long that it was believed: a changed meter, or a reset. */
export interface Rebase {
  readonly deviceId: DeviceId;
  readonly atMs: EpochMs;
  readonly quantity: CounterQuantity;
  readonly fromWh: WattHour;
  readonly toWh: WattHour;
}

interface Rival {
  readonly sinceMs: EpochMs;
  readonly readings: number;
  readonly last: Reading;
}

/** What the gate remembers of a device: when it last spoke, where its counters and levels stood, and what contradicts those. */
export interface GateState {
  readonly atMs: EpochMs;
  readonly counters: Readonly<Partial<Record<CounterQuantity, CounterReading>>>;
  /** What moves slowly, and where it stood: a charge, a fuel gauge, the mains' frequency. */
  readonly levels: Readonly<Partial<Record<LevelQuantity, Reading>>>;
  readonly rivals: Readonly<Partial<Record<CounterQuantity | LevelQuantity, Rival>>>;
  /** When one of its counters was last believed to have gone on from elsewhere. */
  readonly rebasedMs?: EpochMs;
}

export interface GateOutcome {
  /** What passed; absent where the sample as a whole did not. */
  readonly accepted?: Sample;
  readonly refused: readonly Refusal[];
  readonly rebased: readonly Rebase[];
  readonly state: GateState | undefined;
}

/** Clocks of one plant may differ by this much. */
const FUTURE_SLACK_MS: DurationMs = 2 * SECOND_MS;
/** What contradicts its own past is believed after this many readings over this long. */
const REBASE_READINGS = 3;
const REBASE_MS: DurationMs = 2 * MINUTE_MS;
/** No device that is only waking up shows a counter of 0 for this long. */
const STEADY_ZERO_MS: DurationMs = DAY_MS;

/** Unsigned and signed 32-bit all-ones, in the scales that counters come in. */
const SENTINELS_WH = [2 ** 32 - 1, 2 ** 31 - 1].flatMap((ones) => [1, 10, 100, 1_000].map((scale) => ones * scale));

/**
 * Holds one sample against what the device can tell and what it told before. Refused values are named, never mended:
 * what passes is exactly what the device said.
 */
export const gate = (sample: Sample, previous: GateState | undefined, limits: GateLimits, nowMs: EpochMs): GateOutcome => {
  const lateness = refuseWhole(sample, previous, limits, nowMs);
  if (lateness) {
    return { refused: [{ deviceId: sample.deviceId, atMs: sample.atMs, reason: lateness }], rebased: [], state: previous };
  }
  const refused: Refusal[] = [];
  const rebased: Rebase[] = [];
  const counters: Mutable<GateState['counters']> = { ...previous?.counters };
  let levels = previous?.levels ?? NO_LEVELS;
  let rivals = previous?.rivals ?? NO_RIVALS;
  let rebasedMs = previous?.rebasedMs;
  let told = 0;
  for (const quantity of QUANTITIES) {
    const value = sample.values[quantity];
    if (value === undefined) continue;
    told += 1;
    let reason = refuseValue(quantity, value, limits);
    if (!reason && isCounter(quantity)) {
      const reading = { atMs: sample.atMs, counterWh: value };
      const verdict = judgeCounter(reading, counters[quantity], rivals[quantity], { maxPowerW: maxPowerOf(quantity, limits), rebasedMs });
      if (verdict.rival !== rivals[quantity]) rivals = { ...rivals, [quantity]: verdict.rival };
      if (verdict.kind === 'refused') reason = verdict.reason;
      else counters[quantity] = reading;
      if (verdict.kind === 'rebased') {
        rebased.push({ deviceId: sample.deviceId, atMs: sample.atMs, quantity, fromWh: verdict.fromWh, toWh: value });
        rebasedMs = sample.atMs;
      }
    }
    if (!reason && isLevel(quantity)) {
      const reading = { atMs: sample.atMs, value };
      const verdict = judgeLevel(reading, levels[quantity], rivals[quantity], limits.slopes[quantity]);
      if (verdict.rival !== rivals[quantity]) rivals = { ...rivals, [quantity]: verdict.rival };
      if (verdict.kind === 'refused') reason = 'leapt';
      else levels = { ...levels, [quantity]: reading };
    }
    if (reason) refused.push({ deviceId: sample.deviceId, atMs: sample.atMs, quantity, value, reason });
  }
  return { accepted: passed(sample, told, refused), refused, rebased, state: { atMs: sample.atMs, counters, levels, rivals, rebasedMs } };
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
const NO_RIVALS: GateState['rivals'] = {};
const NO_LEVELS: GateState['levels'] = {};

/** The sample as it is where all of it was told and nothing refused, which is what nearly all of them are. */
const passed = (sample: Sample, told: number, refused: readonly Refusal[]): Sample => {
  if (refused.length === 0 && Object.keys(sample.values).length === told) return sample;
  const values: SampleValues = {};
  for (const quantity of QUANTITIES) {
    const value = sample.values[quantity];
    if (value !== undefined && !refused.some((refusal) => refusal.quantity === quantity)) values[quantity] = value;
  }
  return { ...sample, values };
};

const refuseWhole = (sample: Sample, previous: GateState | undefined, limits: GateLimits, nowMs: EpochMs): RefusalReason | undefined => {
  if (!Number.isFinite(sample.atMs)) return 'not-finite';
  if (sample.atMs > nowMs + FUTURE_SLACK_MS) return 'from-the-future';
  if (previous && sample.atMs === previous.atMs) return 'duplicate';
  if (previous && sample.atMs < previous.atMs) return 'out-of-order';
  if (nowMs - sample.atMs > limits.maxAgeMs) return 'too-old';
  return undefined;
};

const refuseValue = (quantity: Quantity, value: number, limits: GateLimits): RefusalReason | undefined => {
  if (!Number.isFinite(value)) return 'not-finite';
  const range = limits.ranges[quantity];
  if (!range) return 'not-for-role';
  if (value < range[0] || value > range[1]) return 'out-of-range';
  if (isCounter(quantity) && SENTINELS_WH.includes(value)) return 'sentinel';
  if (quantity === 'generator.state' && !Number.isInteger(value)) return 'out-of-range';
  return undefined;
};

const ACCEPTED = { kind: 'accepted' } as const;

type CounterVerdict =
  | { kind: 'accepted'; rival?: undefined }
  | { kind: 'rebased'; fromWh: WattHour; rival?: undefined }
  | { kind: 'refused'; reason: 'counter-fell' | 'counter-leapt'; rival: Rival };

const judgeCounter = (
  reading: CounterReading,
  before: CounterReading | undefined,
  rival: Rival | undefined,
  { maxPowerW, rebasedMs }: { readonly maxPowerW: Watt; readonly rebasedMs: EpochMs | undefined },
): CounterVerdict => {
  if (!before) return ACCEPTED;
  const step = counterStep(before, reading, maxPowerW);
  if (step === 'plausible') return ACCEPTED;
  const goesOn = rival && counterStep(counterOf(rival.last), reading, maxPowerW) === 'plausible';
  const next = rivalOf({ atMs: reading.atMs, value: reading.counterWh }, goesOn ? rival : undefined);
  // A counter that shows a steady 0 is an inverter that has not woken up, unless the device's other counter was changed meanwhile.
  const isAwake = reading.counterWh > 0 || (rebasedMs ?? -Infinity) >= next.sinceMs || reading.atMs - next.sinceMs >= STEADY_ZERO_MS;
  if (isBelieved(next) && isAwake) return { kind: 'rebased', fromWh: before.counterWh };
  return { kind: 'refused', reason: step === 'fell' ? 'counter-fell' : 'counter-leapt', rival: next };
};

type LevelVerdict = { kind: 'accepted'; rival?: undefined } | { kind: 'refused'; rival: Rival };

const judgeLevel = (reading: Reading, before: Reading | undefined, rival: Rival | undefined, slope: Slope | undefined): LevelVerdict => {
  if (!before || !slope || isSlow(before, reading, slope)) return ACCEPTED;
  const next = rivalOf(reading, rival && isSlow(rival.last, reading, slope) ? rival : undefined);
  return isBelieved(next) ? ACCEPTED : { kind: 'refused', rival: next };
};

const isSlow = (from: Reading, to: Reading, { slack, perHour }: Slope): boolean =>
  Math.abs(to.value - from.value) <= slack + (perHour * (to.atMs - from.atMs)) / HOUR_MS;

const rivalOf = (reading: Reading, goesOnFrom: Rival | undefined): Rival => ({
  sinceMs: goesOnFrom?.sinceMs ?? reading.atMs,
  readings: (goesOnFrom?.readings ?? 0) + 1,
  last: reading,
});

const isBelieved = ({ readings, sinceMs, last }: Rival): boolean => readings >= REBASE_READINGS && last.atMs - sinceMs >= REBASE_MS;

const counterOf = ({ atMs, value }: Reading): CounterReading => ({ atMs, counterWh: value });

const maxPowerOf = (counter: CounterQuantity, limits: GateLimits): number => limits.maxPowerW[flowOfCounter(counter)] ?? 0;

const isLevel = (quantity: Quantity): quantity is LevelQuantity => (LEVELS as readonly Quantity[]).includes(quantity);

const isCounter = (quantity: Quantity): quantity is CounterQuantity => (COUNTERS as readonly Quantity[]).includes(quantity);
