import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { DispatchService } from '../dispatch/dispatch.service.js';
import type { Lease, LeaseOutcome } from '../field/setpoint.js';
import { floorTo } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { EventService } from '../signals/event.service.js';
import { type Asked, DecisionJournal } from './decision-journal.js';
import { DecisionTally } from './decision-tally.js';
import { ProofRecorder } from './proof-recorder.service.js';
import { ProofSettings } from './proof-settings.js';

/** What arrives by itself: events as they are asked for, and what devices are told. */
@Injectable()
export class ProofFeeds implements OnModuleInit, OnModuleDestroy {
  private readonly tally: DecisionTally;
  private readonly subscriptions: Subscription[] = [];
  private asked: Asked | undefined;
  private caughtUp = false;

  constructor(
    private readonly recorder: ProofRecorder,
    private readonly events: EventService,
    private readonly dispatch: DispatchService,
    private readonly settings: ProofSettings,
    private readonly journal: DecisionJournal,
    private readonly clock: Clock,
  ) {
    this.tally = new DecisionTally(settings.anchorPeriodMs);
  }

  onModuleInit(): void {
    const { told, asked } = this.journal.left();
    this.tally.put(told);
    this.asked = asked;
    this.closeAsked();
    this.journal.rewrite(this.tally.before(Infinity));
    this.subscriptions.push(
      this.events.changes.subscribe(({ kind, event }) => {
        if (kind === 'announced' || kind === 'amended' || kind === 'cancelled')
          // What can't be stated now is found missing when the next interval is closed.
          this.recorder.recordEvent(event, this.clock.now()).catch(() => (this.caughtUp = false));
      }),
      this.dispatch.asking.subscribe((asking) => {
        this.closeAsked();
        this.asked = asking;
        this.journal.asking(asking);
      }),
      this.dispatch.told.subscribe(({ atMs, outcomes }) => this.note(atMs, outcomes)),
    );
  }

  onModuleDestroy(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }

  /** Records what devices were told in intervals that begin before `endMs`, and events that were missed when the plant went down. */
  async recordDue(endMs: EpochMs, nowMs: EpochMs): Promise<void> {
    // What is being told right now belongs to the sums of its interval, too.
    const due = this.tally.before(this.asked ? Math.min(endMs, floorTo(this.asked.atMs, this.settings.anchorPeriodMs)) : endMs);
    if (due.length > 0) {
      await this.recorder.recordDecisions(due);
      this.tally.forget(due);
      this.journal.rewrite(this.tally.before(Infinity));
      if (this.asked) this.journal.asking(this.asked);
    }
    if (this.caughtUp) return;
    for (const event of (await this.events.list(nowMs)).toReversed()) await this.recorder.recordEvent(event, nowMs);
    this.caughtUp = true;
  }

  /** Leases of which no outcome was heard: the devices may have been told, and nobody knows. */
  private closeAsked(): void {
    if (this.asked) this.note(this.asked.atMs, this.asked.leases.map(unknownOutcome));
  }

  private note(atMs: EpochMs, outcomes: readonly LeaseOutcome[]): void {
    const changed = this.tally.note(atMs, outcomes);
    if (this.asked || changed.length > 0) this.journal.told(changed, () => this.tally.before(Infinity));
    this.asked = undefined;
  }
}

const unknownOutcome = (lease: Lease): LeaseOutcome => ({ kind: 'unknown', lease, reason: 'the plant ended before it was answered' });
