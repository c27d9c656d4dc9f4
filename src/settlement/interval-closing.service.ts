import { Injectable } from '@nestjs/common';
import { LeaseSpans } from '../dispatch/lease-spans.js';
import { floorTo, type Interval, SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { ProofService } from '../proof/proof.service.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { SettlementSettings } from './settlement-settings.js';

/** A plant that was off for longer does not close what it missed: nothing was read. */
const CATCH_UP_MS = 2 * DAY_MS;
/** Gaps older than this are left as they are. */
const GAPS_BACK_MS = DAY_MS;
/** Intervals closed in one go before others get their turn. */
const AT_ONCE = 20;

/** Closes each interval once it is over: energy is worked out, recorded in the log and anchored, in that order. */
@Injectable()
export class IntervalClosing {
  private closedUpToMs: EpochMs | undefined;
  private upSinceMs: EpochMs = -Infinity;
  private lookedForGapsMs: EpochMs = -Infinity;

  constructor(
    private readonly intervals: IntervalService,
    private readonly proof: ProofService,
    private readonly spans: LeaseSpans,
    private readonly settings: SettlementSettings,
  ) {}

  /**
   * Where to go on: after the last interval that was closed, or at `nowMs`. The process may have died between closing that one
   * and recording it, so it is recorded again, which does nothing where it was.
   */
  async resume(nowMs: EpochMs): Promise<void> {
    const last = await this.intervals.lastClosed();
    if (last) await this.proof.recordInterval(await this.intervals.intervalsOf({ fromMs: last.startMs, toMs: last.startMs + 1 }));
    this.upSinceMs = nowMs;
    this.lookedForGapsMs = floorTo(nowMs, SLOT_MS);
    this.closedUpToMs = Math.max(last?.endMs ?? nowMs, nowMs - CATCH_UP_MS);
  }

  /** Closes what is due at `nowMs`, oldest first, and answers it. What was closed before the process died is closed the same again. */
  async closeDue(nowMs: EpochMs): Promise<Interval[]> {
    if (this.closedUpToMs === undefined) await this.resume(nowMs);
    const { intervalMs } = this.settings;
    const closed: Interval[] = [];
    for (let startMs = floorTo(this.closedUpToMs!, intervalMs); closed.length < AT_ONCE; startMs += intervalMs) {
      const interval = { startMs: Math.max(startMs, this.closedUpToMs!), endMs: startMs + intervalMs };
      if (interval.startMs >= interval.endMs) continue;
      if (!(await this.intervals.isSettled(interval.endMs, nowMs, this.upSinceMs))) break;
      await this.proof.recordInterval(await this.intervals.closeInterval(interval, this.spans.within(interval)));
      this.spans.forgetBefore(interval.startMs);
      this.closedUpToMs = interval.endMs;
      closed.push(interval);
    }
    if (closed.length > 0) await this.proof.anchorNow();
    if (floorTo(nowMs, SLOT_MS) > this.lookedForGapsMs) await this.fillGaps(nowMs);
    return closed;
  }

  /** Devices that were away come back with counters that tell what was missed. Settlement finds the difference and adjusts. */
  private async fillGaps(nowMs: EpochMs): Promise<void> {
    this.lookedForGapsMs = floorTo(nowMs, SLOT_MS);
    await this.intervals.fillGaps(nowMs - GAPS_BACK_MS, nowMs);
  }
}
