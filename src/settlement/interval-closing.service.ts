import { Inject, Injectable } from '@nestjs/common';
import { LeaseSpans } from '../dispatch/lease-spans.js';
import { floorTo, type Interval, SLOT_MS } from '../kernel/interval.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { ClosedRecords } from './closed-records.service.js';
import { SettlementSettings } from './settlement-settings.js';

/** Of what is longer ago only that is closed in which anything was read: a plant that was off did not read. */
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
    @Inject(ClosedRecords) private readonly records: Pick<ClosedRecords, 'intervals' | 'anchor' | 'corrections'>,
    private readonly spans: LeaseSpans,
    private readonly settings: SettlementSettings,
  ) {}

  /**
   * Where to go on: after the last interval that was closed and is over, or at `nowMs`. The process may have died between closing that one
   * and recording it, so it is recorded again, which does nothing where it was.
   */
  async resume(nowMs: EpochMs): Promise<void> {
    const last = await this.intervals.lastClosed(nowMs);
    if (last) await this.records.intervals(await this.intervals.intervalsOf({ fromMs: last.startMs, toMs: last.startMs + 1 }));
    this.upSinceMs = nowMs;
    this.lookedForGapsMs = floorTo(nowMs, SLOT_MS);
    this.closedUpToMs = last?.endMs ?? nowMs;
  }

  /** Closes what is due at `nowMs`, oldest first, and answers it. What was closed before the process died is closed the same again. */
  async closeDue(nowMs: EpochMs): Promise<Interval[]> {
    if (this.closedUpToMs === undefined) await this.resume(nowMs);
    const closed: Interval[] = [];
    while (closed.length < AT_ONCE) {
      const interval = await this.next(this.closedUpToMs!, nowMs);
      if (!(await this.intervals.isSettled(interval.endMs, nowMs, this.upSinceMs))) break;
      await this.records.intervals(await this.intervals.closeInterval(interval, this.spans.within(interval)));
      this.spans.forgetBefore(interval.startMs);
      this.closedUpToMs = interval.endMs;
      closed.push(interval);
    }
    if (closed.length > 0) await this.records.anchor(closed.at(-1)!.endMs, nowMs);
    if (floorTo(nowMs, SLOT_MS) > this.lookedForGapsMs) await this.fillGaps(nowMs);
    return closed;
  }

  private async next(closedUpToMs: EpochMs, nowMs: EpochMs): Promise<Interval> {
    const { intervalMs } = this.settings;
    const longAgoMs = nowMs - CATCH_UP_MS;
    let startMs = closedUpToMs;
    if (startMs < longAgoMs) {
      const readMs = await this.intervals.firstReadMs({ startMs, endMs: longAgoMs });
      startMs = Math.max(startMs, floorTo(readMs ?? longAgoMs, intervalMs));
    }
    return { startMs, endMs: floorTo(startMs, intervalMs) + intervalMs };
  }

  /** Devices that were away come back with counters that tell what was missed. The log is corrected, and settlement adjusts. */
  private async fillGaps(nowMs: EpochMs): Promise<void> {
    this.lookedForGapsMs = floorTo(nowMs, SLOT_MS);
    await this.records.corrections(await this.intervals.fillGaps(nowMs - GAPS_BACK_MS, nowMs), nowMs);
  }
}
