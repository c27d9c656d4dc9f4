import type { Logger } from 'pino';
import { messageOf } from '../../kernel/errors.js';
import { Turns } from '../../kernel/turns.js';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';
import { keyOf, type SupervisedControl, type SupervisedLease } from './supervised-lease.js';
import type { SupervisedTable } from './supervised-table.js';

/**
 * What stands in the table when a supervisor starts is ended after so long unless the plant speaks of it: a plant that runs
 * asserts every lease again within half of its minute.
 */
const GRACE_MS: DurationMs = MINUTE_MS;
const FIRST_RETRY_MS: DurationMs = SECOND_MS;
const LONGEST_RETRY_MS: DurationMs = 30 * SECOND_MS;

interface Watched {
  readonly lease: SupervisedLease;
  readonly timer: NodeJS.Timeout;
  readonly failures: number;
}

/**
 * Ends the leases of a plant that fell silent (reversion class `supervisor`): each one that the plant does not renew in time
 * goes over to its fallback, or back to its device, again and again until the device shows it. Time is this process's own monotonic clock, so
 * that neither a clock that is set nor one that differs matters.
 */
export class Supervisor {
  private readonly watched = new Map<string, Watched>();
  private readonly turns = new Turns<string>();
  private stopped = false;

  constructor(
    private readonly table: SupervisedTable,
    private readonly revert: (lease: SupervisedLease) => Promise<boolean>,
    private readonly log: Logger,
  ) {
    for (const lease of table.all()) this.endIn(GRACE_MS, lease);
  }

  leases(): SupervisedLease[] {
    return this.table.all();
  }

  /** Resolves once the lease is on disk; it is ended after `leaseMs` unless it comes again. Waits for a revert that is under way. */
  watch(lease: SupervisedLease, leaseMs: DurationMs): Promise<void> {
    return this.turns.take(keyOf(lease), () => {
      this.table.put(lease);
      this.endIn(leaseMs, lease);
    });
  }

  /** The plant has seen the device let go. */
  forget(control: SupervisedControl): Promise<void> {
    return this.turns.take(keyOf(control), () => {
      this.table.delete(control);
      this.disarm(keyOf(control));
    });
  }

  /** Ends nothing: the plant may be well, and the table stays for the next supervisor. */
  stop(): void {
    this.stopped = true;
    for (const { timer } of this.watched.values()) clearTimeout(timer);
    this.watched.clear();
  }

  private endIn(inMs: DurationMs, lease: SupervisedLease, failures = 0): void {
    const key = keyOf(lease);
    this.disarm(key);
    if (this.stopped) return;
    const timer = setTimeout(() => void this.turns.take(key, () => this.end(key, timer)), inMs);
    this.watched.set(key, { lease, timer, failures });
  }

  private disarm(key: string): void {
    clearTimeout(this.watched.get(key)?.timer);
    this.watched.delete(key);
  }

  private async end(key: string, timer: NodeJS.Timeout): Promise<void> {
    const due = this.watched.get(key);
    // The plant may have spoken while this waited for its turn.
    if (due?.timer !== timer) return;
    const { lease, failures } = due;
    const { deviceId, control, fallback } = lease;
    const fault = await this.faultOf(lease);
    if (fault === undefined) {
      this.log.warn(
        { deviceId, control },
        fallback ? 'the plant fell silent: told its fallback' : 'the plant fell silent: handed back to the device',
      );
      this.watched.delete(key);
      this.table.delete(lease);
      return;
    }
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    this.log.error({ deviceId, control, reason: fault, retryMs }, 'the plant fell silent, and the device could not be reverted yet');
    this.endIn(retryMs, lease, failures + 1);
  }

  private async faultOf(lease: SupervisedLease): Promise<string | undefined> {
    try {
      return (await this.revert(lease)) ? undefined : 'it does not show its fallback';
    } catch (error) {
      return messageOf(error);
    }
  }
}
