import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AdapterError, messageOf } from '../kernel/errors.js';
import { HOUR_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { AnchorBalances } from './anchor-balance.service.js';
import { ProofService } from './proof.service.js';

const SUBJECT = 'ledger';
const LOW_BALANCE_DAYS = 7;

/** Keeps the outbox moving, and says so when it can't. */
@Injectable()
export class ProofJobs {
  private pushing = false;

  constructor(
    private readonly proof: ProofService,
    private readonly alarms: AlarmService,
    private readonly balances: AnchorBalances,
  ) {}

  @Interval(2_000)
  async push(): Promise<void> {
    if (this.pushing) return;
    this.pushing = true;
    try {
      await this.proof.pushOutbox();
      const { fault, unfinishedAnchors } = await this.proof.status();
      if (!fault) return await this.alarms.clear(SUBJECT, 'outbox');
      const message = `${unfinishedAnchors} anchor(s) wait: ${fault.message}`;
      await this.alarms.raise({ subject: SUBJECT, kind: 'outbox', severity: fault.retryable ? 'warning' : 'critical', message });
    } catch (error) {
      await this.alarms.raise({ subject: SUBJECT, kind: 'outbox', severity: 'critical', message: messageOf(error) });
    } finally {
      this.pushing = false;
    }
  }

  @Interval(HOUR_MS)
  async watchBalance(): Promise<void> {
    try {
      const { lamports, daysLeft } = await this.balances.now();
      if (daysLeft > LOW_BALANCE_DAYS) return await this.alarms.clear(SUBJECT, 'balance');
      const message = `the anchor key has ${lamports} lamports, enough for ${daysLeft.toFixed(1)} days of anchors: top it up`;
      await this.alarms.raise({ subject: SUBJECT, kind: 'balance', severity: 'warning', message });
    } catch (error) {
      // A node that is away has its own alarm, raised by whatever waits in the outbox.
      if (!(error instanceof AdapterError)) throw error;
    }
  }
}
