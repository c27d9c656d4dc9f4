import { Injectable } from '@nestjs/common';
import { DAY_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { AnchorOutbox } from './anchor-outbox.service.js';
import { Ledger } from './ledger.port.js';
import { ProofSettings } from './proof-settings.js';
import { SigningKeys } from './signing-keys.js';

/** An anchor at the base fee and the dearest priority. */
const LAMPORTS_AN_ANCHOR = 5_500;
/** What an account without data must keep to pay for anything: (128 bytes) × 3,480 lamports a byte-year × 2 years. */
const KEPT_LAMPORTS = 890_880;
const WEEK_DAYS = 7;

export interface AnchorBalance {
  readonly lamports: number;
  readonly anchorsLeft: number;
  readonly daysLeft: number;
}

/** How long the anchor key can pay. */
@Injectable()
export class AnchorBalances {
  constructor(
    private readonly ledger: Ledger,
    private readonly outbox: AnchorOutbox,
    private readonly keys: SigningKeys,
    private readonly settings: ProofSettings,
    private readonly clock: Clock,
  ) {}

  /** Throws `AdapterError` where the chain can't be asked. */
  async now(): Promise<AnchorBalance> {
    const lamports = await this.ledger.balanceLamports(this.keys.anchor.publicKey);
    const anchorsLeft = Math.max(0, Math.floor((lamports - KEPT_LAMPORTS) / LAMPORTS_AN_ANCHOR));
    return { lamports, anchorsLeft, daysLeft: anchorsLeft / (await this.anchorsADay()) };
  }

  /** One for each interval, or more where baselines have had anchors of their own lately. */
  private async anchorsADay(): Promise<number> {
    const now = this.clock.now();
    const [lastDay, lastWeek] = [await this.outbox.madeSince(now - DAY_MS), await this.outbox.madeSince(now - WEEK_DAYS * DAY_MS)];
    return Math.max(DAY_MS / this.settings.anchorPeriodMs, lastDay, lastWeek / WEEK_DAYS);
  }
}
