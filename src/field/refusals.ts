import type { DurationMs } from '../kernel/units.js';
import { MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import type { Lease } from './setpoint.js';

/** The first pause is a few cycles long, the longest leaves a device that will never do it a dozen writes an hour. */
const FIRST_PAUSE_MS: DurationMs = 5 * SECOND_MS;
const LONGEST_PAUSE_MS: DurationMs = 10 * MINUTE_MS;

interface Refusal {
  readonly reason: string;
  readonly connectionChanges: number;
  readonly untilMs: DurationMs;
  readonly pauseMs: DurationMs;
}

/**
 * What devices have refused. Dispatch asks for the same again each cycle; a device that writes, refuses and undoes it each time
 * wears out its registers and swings. So it is asked again after a pause, longer each time, or once another device may be there.
 * Times are of the monotonic clock.
 */
export class Refusals {
  private readonly known = new Map<string, Refusal>();

  /** Why this lease need not be tried now; `undefined` where it may be. */
  standing(lease: Lease, connectionChanges: number, nowMs: DurationMs): string | undefined {
    const refusal = this.known.get(keyOf(lease));
    return refusal && refusal.connectionChanges === connectionChanges && nowMs < refusal.untilMs ? refusal.reason : undefined;
  }

  add(lease: Lease, reason: string, connectionChanges: number, nowMs: DurationMs): void {
    const before = this.known.get(keyOf(lease));
    const pauseMs = before?.connectionChanges === connectionChanges ? Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.known.set(keyOf(lease), { reason, connectionChanges, untilMs: nowMs + pauseMs, pauseMs });
  }

  clear(lease: Lease): void {
    this.known.delete(keyOf(lease));
  }
}

/** Somebody else's wish is another matter, and so is the other direction: a battery that cannot be held at rest can be charged. */
const keyOf = ({ deviceId, owner, setpoint }: Lease): string => {
  const way = setpoint.kind === 'battery-power' ? Math.sign(setpoint.powerW) : setpoint.kind === 'generator' ? setpoint.run : '';
  return `${deviceId} ${setpoint.kind} ${way} ${owner}`;
};
