import type { Logger } from 'pino';
import { messageOf } from '../../kernel/errors.js';
import { Turns } from '../../kernel/turns.js';
import { type DurationMs, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';
import type { Reverted } from './reverter.js';
import { keyOf, type SupervisedControl, type SupervisedLease } from './supervised-lease.js';
import type { SupervisedTable } from './supervised-table.js';

/**
 * What stands in the table when a supervisor starts is ended after so long unless the plant speaks of it: a plant that runs
 * asserts every lease again within half of its minute.
 */
const GRACE_MS: DurationMs = MINUTE_MS;
const FIRST_RETRY_MS: DurationMs = SECOND_MS;
const LONGEST_RETRY_MS: DurationMs = 30 * SECOND_MS;

const retryIn = (failures: number): DurationMs => Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);

interface Tries {
  readonly failures: number;
  /** The device was seen to: it must only be struck off the table. */
  readonly over: boolean;
}

const FIRST: Tries = { failures: 0, over: false };

interface Watched extends Tries {
  readonly lease: SupervisedLease;
  readonly timer: NodeJS.Timeout;
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
    private readonly revert: (lease: SupervisedLease) => Promise<Reverted>,
    private readonly log: Logger,
  ) {
    for (const lease of table.all()) this.endIn(GRACE_MS, lease);
  }

  leases(): SupervisedLease[] {
    return this.table.all();
  }

  /** Resolves once the lease is on disk; it is ended after `leaseMs` unless it comes again. Waits for a revert that is under way. */
  watch(lease: SupervisedLease, leaseMs: DurationMs): Promise<void> {
    return this.turns.take(keyOf(lease), async () => {
      await this.table.put(lease);
      this.endIn(leaseMs, lease);
    });
  }

  /** The plant has seen the device let go. */
  forget(control: SupervisedControl): Promise<void> {
    return this.turns.take(keyOf(control), async () => {
      await this.table.delete(control);
      this.disarm(keyOf(control));
    });
  }

  /**
   * Ends nothing more: the plant may be well, and the table stays for the next supervisor. Resolves once what was under way is
   * over, and in the table.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer } of this.watched.values()) clearTimeout(timer);
    await this.turns.over();
    this.watched.clear();
  }

  private endIn(inMs: DurationMs, lease: SupervisedLease, { failures, over }: Tries = FIRST): void {
    const key = keyOf(lease);
    this.disarm(key);
    if (this.stopped) return;
    const timer = setTimeout(() => void this.turns.take(key, () => this.end(key, timer)), inMs);
    this.watched.set(key, { lease, timer, failures, over });
  }

  private disarm(key: string): void {
    clearTimeout(this.watched.get(key)?.timer);
    this.watched.delete(key);
  }

  private async end(key: string, timer: NodeJS.Timeout): Promise<void> {
    const due = this.watched.get(key);
    // The plant, or whoever stops this, may have spoken while it waited for its turn.
    if (due?.timer !== timer || this.stopped) return;
    const { lease, failures } = due;
    const tries = { failures, over: due.over || (await this.isOver(lease, failures)) };
    if (tries.over && (await this.isStruck(lease, failures))) this.disarm(key);
    else this.endIn(retryIn(failures), lease, { ...tries, failures: failures + 1 });
  }

  private async isOver(lease: SupervisedLease, failures: number): Promise<boolean> {
    const { deviceId, control, fallback } = lease;
    const reverted = await this.reverted(lease);
    switch (reverted.kind) {
      case 'not-shown': {
        const { reason } = reverted;
        this.log.error(
          { deviceId, control, reason, retryMs: retryIn(failures) },
          'the plant fell silent, and the device could not be reverted yet',
        );
        return false;
      }
      case 'left':
        this.log.warn({ deviceId, control, shows: reverted.shows }, 'the plant fell silent: left to somebody else, who has set it since');
        return true;
      case 'ended':
        this.log.warn(
          { deviceId, control },
          fallback ? 'the plant fell silent: told its fallback' : 'the plant fell silent: handed back to the device',
        );
        return true;
    }
  }

  /** A lease that is over must not stay in the table: a supervisor that starts anew would end it once more. */
  private async isStruck(lease: SupervisedLease, failures: number): Promise<boolean> {
    const { deviceId, control } = lease;
    try {
      await this.table.delete(lease);
      return true;
    } catch (error) {
      const reason = messageOf(error);
      this.log.error({ deviceId, control, reason, retryMs: retryIn(failures) }, 'a lease that is over could not be struck off the table');
      return false;
    }
  }

  private async reverted(lease: SupervisedLease): Promise<Exclude<Reverted, { kind: 'not-shown' }> | NotReverted> {
    try {
      const reverted = await this.revert(lease);
      if (reverted.kind !== 'not-shown') return reverted;
      return { kind: 'not-shown', reason: lease.fallback ? 'it does not show its fallback' : 'it does not show that it let go' };
    } catch (error) {
      return { kind: 'not-shown', reason: messageOf(error) };
    }
  }
}

interface NotReverted {
  readonly kind: 'not-shown';
  readonly reason: string;
}
