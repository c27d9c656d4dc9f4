import { type LeaseOutcome, type Setpoint, wattsOf } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import { floorTo, type Interval } from '../kernel/interval.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';
import type { DecisionRecord } from './record.js';

/** What one control of a device was told in one interval, by the plant's own name of the device. */
export type DecisionFacts = Interval &
  Pick<
    DecisionRecord,
    'control' | 'owner' | 'told' | 'confirmed' | 'atMs' | 'powerW' | 'lowestW' | 'highestW' | 'readback' | 'readbackW'
  > & { readonly deviceId: DeviceId };

/**
 * Adds up what devices are told, by interval: a battery that follows the sun is told something else every few seconds, and a
 * leaf for each would be the larger part of the log.
 */
export class DecisionTally {
  private readonly intervals = new Map<EpochMs, Map<string, DecisionFacts>>();

  constructor(private readonly intervalMs: DurationMs) {}

  /** Takes up what was told before, in place of what is known of the same control and interval. */
  put(facts: readonly DecisionFacts[]): void {
    for (const one of facts) this.controlsOf(one.startMs).set(keyOf(one.deviceId, one.control), one);
  }

  /** Adds what was told at `atMs`. What was put off has not been told. Answers the sums that changed. */
  note(atMs: EpochMs, outcomes: readonly LeaseOutcome[]): DecisionFacts[] {
    const startMs = floorTo(atMs, this.intervalMs);
    const controls = this.controlsOf(startMs);
    const changed = new Map<string, DecisionFacts>();
    for (const outcome of outcomes) {
      if (outcome.kind === 'deferred') continue;
      const { deviceId, setpoint, owner } = outcome.lease;
      const key = keyOf(deviceId, setpoint.kind);
      const before = changed.get(key) ?? controls.get(key);
      const powerW = Math.round(wattsOf(setpoint));
      changed.set(key, {
        deviceId,
        startMs,
        endMs: startMs + this.intervalMs,
        control: setpoint.kind,
        owner: ownerWord(owner),
        told: (before?.told ?? 0) + 1,
        confirmed: (before?.confirmed ?? 0) + (outcome.kind === 'confirmed' ? 1 : 0),
        atMs,
        powerW,
        lowestW: Math.min(powerW, before?.lowestW ?? powerW),
        highestW: Math.max(powerW, before?.highestW ?? powerW),
        readback: outcome.kind,
        readbackW: outcome.kind === 'clamped' ? Math.round(outcome.readbackW) : undefined,
      });
    }
    for (const [key, facts] of changed) controls.set(key, facts);
    return [...changed.values()];
  }

  /** What was told in intervals that begin before `beforeMs`, oldest first. */
  before(beforeMs: EpochMs): DecisionFacts[] {
    const due = [...this.intervals.keys()].filter((startMs) => startMs < beforeMs).sort((a, b) => a - b);
    return due.flatMap((startMs) => [...this.intervals.get(startMs)!.values()]);
  }

  /** Forgets the intervals of these sums. */
  forget(facts: readonly DecisionFacts[]): void {
    for (const { startMs } of facts) this.intervals.delete(startMs);
  }

  private controlsOf(startMs: EpochMs): Map<string, DecisionFacts> {
    let controls = this.intervals.get(startMs);
    if (!controls) this.intervals.set(startMs, (controls = new Map<string, DecisionFacts>()));
    return controls;
  }
}

const keyOf = (deviceId: DeviceId, control: Setpoint['kind']): string => `${deviceId} ${control}`;

/** Who asked, without the names of people. */
const ownerWord = (owner: string): string => (owner.startsWith('override:') ? 'override' : owner.replaceAll(/[^!-~]/g, '-').slice(0, 96));
