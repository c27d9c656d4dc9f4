import type { DurationMs } from '../kernel/units.js';

/** What `ProofModule.register` was given beside keys and ledger. */
export class ProofSettings {
  constructor(
    readonly origin: string,
    /** Length of a closed interval, and so how often an anchor is made. */
    readonly anchorPeriodMs: DurationMs,
  ) {}
}
