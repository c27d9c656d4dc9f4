import { Injectable } from '@nestjs/common';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { ProofFeeds } from '../proof/proof-feeds.service.js';
import { ProofRecorder } from '../proof/proof-recorder.service.js';
import { ProofService } from '../proof/proof.service.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { SettledRecords } from './settled-records.service.js';

/** How far back gaps are looked through for those that were filled, and whose correction the process died before recording. */
const LOOK_BACK_MS = 3 * DAY_MS;
const LATE = 'late-readings';

/** What goes into the log when an interval is closed, in its order: readings, what devices were told, what was settled; then the anchor. */
@Injectable()
export class ClosedRecords {
  private lookedBack = false;

  constructor(
    private readonly stored: IntervalService,
    private readonly recorder: ProofRecorder,
    private readonly feeds: ProofFeeds,
    private readonly settled: SettledRecords,
    private readonly proof: ProofService,
  ) {}

  async intervals(closed: readonly IntervalEnergy[]): Promise<void> {
    await this.recorder.recordIntervals(closed);
  }

  /** Anchors what was recorded, with what happened in intervals that ended by `endMs`. */
  async anchor(endMs: EpochMs, nowMs: EpochMs): Promise<void> {
    await this.feeds.recordDue(endMs, nowMs);
    await this.settled.catchUp(nowMs);
    await this.proof.anchorNow();
  }

  /** Corrects what the log says of intervals that are known by now: what is paid must not stand there as missing. */
  async corrections(filled: readonly IntervalEnergy[], nowMs: EpochMs): Promise<void> {
    const known = this.lookedBack ? filled : [...filled, ...(await this.filledBefore(nowMs))];
    await this.recorder.correct(known, LATE);
    this.lookedBack = true;
  }

  private async filledBefore(nowMs: EpochMs): Promise<IntervalEnergy[]> {
    const gaps = await this.recorder.statedGaps(nowMs - LOOK_BACK_MS, nowMs);
    if (gaps.length === 0) return [];
    const stated = new Set(gaps.map(({ startMs, deviceId, channel }) => `${startMs} ${deviceId} ${channel}`));
    const fromMs = Math.min(...gaps.map(({ startMs }) => startMs));
    const since = await this.stored.intervalsOf({ fromMs, toMs: nowMs });
    return since.filter(({ quality, startMs, deviceId, flow }) => quality !== 'missing' && stated.has(`${startMs} ${deviceId} ${flow}`));
  }
}
