import type { DeviceId } from '../fleet/plant.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';
import type { Lease, LeaseOutcome, Setpoint } from './setpoint.js';

/** A lease that was written, or may have been, and how long the device will keep it by its own timer. */
export interface Written {
  readonly outcome: LeaseOutcome;
  /** What the device showed once it was confirmed; absent where nothing was, or could not be read. */
  readonly shows?: string;
  /** What it shows once it has gone over to the lease's fallback; absent where it has none or cannot. */
  readonly fallbackShows?: string;
  /** Marks the connection it was written over: behind another one there may be a device that has forgotten it. */
  readonly connectionChanges: number;
  /** On the monotonic clock. */
  readonly deviceEndsAtMs: DurationMs;
}

interface Recorded extends Written {
  /** How far the plant's clock had leapt ahead in all when the lease was recorded. */
  readonly leaptMs: DurationMs;
}

/** Whether the device was seen to do it, or as much of it as it can. */
export const isGood = ({ kind }: LeaseOutcome): boolean => kind === 'confirmed' || kind === 'clamped';

export const isSame = (a: Setpoint, b: Setpoint): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The leases of all devices, in memory. A hybrid may hold one of each kind at once, its sun's limit and its battery's power.
 * A device stays in the table until it was seen to let go, so that everything that may hold a lease can be released.
 */
export class LeaseTable {
  private readonly written = new Map<DeviceId, Map<Setpoint['kind'], Recorded>>();

  /** `leaptMs`: how far the plant's clock has leapt ahead in all. */
  constructor(private readonly leaptMs: () => DurationMs) {}

  record(written: Written): void {
    const { deviceId, setpoint } = written.outcome.lease;
    const kinds = this.written.get(deviceId) ?? new Map<Setpoint['kind'], Recorded>();
    // The kind asserted last stands last: it is what the device is said to hold.
    kinds.delete(setpoint.kind);
    kinds.set(setpoint.kind, { ...written, leaptMs: this.leaptMs() });
    this.written.set(deviceId, kinds);
  }

  forget(deviceId: DeviceId, kinds: readonly Setpoint['kind'][]): void {
    const held = this.written.get(deviceId);
    for (const kind of kinds) held?.delete(kind);
    if (held?.size === 0) this.written.delete(deviceId);
  }

  /**
   * The outcome that the same setpoint had when it was last written, where the device still keeps it for more than half of
   * the time that is asked for now: then there is nothing to write.
   */
  stillStanding(lease: Lease, leaseMs: DurationMs, connectionChanges: number, nowMs: DurationMs): LeaseOutcome | undefined {
    const last = this.written.get(lease.deviceId)?.get(lease.setpoint.kind);
    if (
      !last ||
      !isGood(last.outcome) ||
      last.connectionChanges !== connectionChanges ||
      !isSame(last.outcome.lease.setpoint, lease.setpoint)
    )
      return undefined;
    if (last.deviceEndsAtMs - nowMs <= leaseMs / 2) return undefined;
    return this.renewed(last, lease, last.deviceEndsAtMs);
  }

  /** The same setpoint goes on; nothing was written for it. */
  renewed(last: Written, lease: Lease, deviceEndsAtMs: DurationMs): LeaseOutcome {
    const outcome = { ...last.outcome, lease };
    this.record({ ...last, outcome, deviceEndsAtMs });
    return outcome;
  }

  last(deviceId: DeviceId, kind: Setpoint['kind']): Written | undefined {
    return this.written.get(deviceId)?.get(kind);
  }

  /** Devices that hold, or may hold, something of ours. */
  holders(): DeviceId[] {
    return [...this.written.keys()];
  }

  /** The kinds of setpoint that a device holds, or may hold, of ours. */
  kindsOf(deviceId: DeviceId): Setpoint['kind'][] {
    return [...(this.written.get(deviceId)?.keys() ?? [])];
  }

  isInForce(deviceId: DeviceId, nowMs: EpochMs, monotonicNowMs: DurationMs): boolean {
    return [...(this.written.get(deviceId)?.values() ?? [])].some((written) => this.running(written, nowMs, monotonicNowMs));
  }

  /** The leases that run and were not refused, ending by the clock as it is now; a device's in the order they were asserted in. */
  inForce(nowMs: EpochMs, monotonicNowMs: DurationMs): Lease[] {
    return [...this.written.values()].flatMap((kinds) =>
      [...kinds.values()].flatMap((written) => this.running(written, nowMs, monotonicNowMs) ?? []),
    );
  }

  /** By the device's own time as well: a clock that was set back makes no lease longer, and one that has leapt ahead since none shorter. */
  private running({ outcome, deviceEndsAtMs, leaptMs }: Recorded, nowMs: EpochMs, monotonicNowMs: DurationMs): Lease | undefined {
    if (outcome.kind === 'refused' || deviceEndsAtMs <= monotonicNowMs) return undefined;
    const byMs = this.leaptMs() - leaptMs;
    const lease = byMs === 0 ? outcome.lease : { ...outcome.lease, expiresAtMs: outcome.lease.expiresAtMs + byMs };
    return lease.expiresAtMs > nowMs ? lease : undefined;
  }
}
