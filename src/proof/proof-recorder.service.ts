import { Injectable } from '@nestjs/common';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { type DeviceId, devicesOf } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import type { DecisionFacts } from './decision-tally.js';
import {
  type BaselineFacts,
  baselineEntry,
  correctionEntry,
  decisionEntry,
  differs,
  eventEntry,
  eventStanding,
  type LogEntry,
  readingEntry,
  type StatementFacts,
  statementEntry,
} from './log-entry.js';
import { type AppendResult, ProofLog } from './proof-log.service.js';
import type { ProofRecordEntity } from './proof.entity.js';
import { type GridEventRecord, isMetered, parseRecord, recordHash } from './record.js';

/** An interval that the log states as missing. */
export interface StatedGap {
  readonly deviceId: DeviceId;
  readonly channel: string;
  readonly startMs: EpochMs;
}

/** Turns what the rooms know into records. Everything may be told again at will: what is recorded already stays as it is. */
@Injectable()
export class ProofRecorder {
  private readonly baselinesTold = new Set<string>();
  private events: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: ProofLog,
    private readonly plant: PlantDirectory,
  ) {}

  /** Closed intervals. What was brought in from a file is left out: nobody here has seen it. */
  recordIntervals(intervals: readonly IntervalEnergy[]): Promise<AppendResult> {
    return this.log.append(intervals.filter(({ imported }) => !imported).map(readingEntry));
  }

  /**
   * Puts right what the log says of intervals where more is known by now: a correction that names the record it supersedes. Of an
   * interval that is not recorded, or was erased, nothing is said. Answers how many were corrected.
   */
  async correct(intervals: readonly IntervalEnergy[], reason: string): Promise<number> {
    const entries: LogEntry[] = [];
    for (const interval of intervals) {
      const { deviceId, flow: channel, startMs } = interval;
      const rows = await this.log.ofInterval({ subject: deviceId, channel, startMs });
      const last = rows.at(-1);
      const record = last?.record ? parseRecord(last.record) : undefined;
      if (!last?.record || !isMetered(record) || !differs(record, interval)) continue;
      entries.push(correctionEntry(interval, { supersedes: recordHash(last.record), revision: rows.length, reason }));
    }
    return entries.length === 0 ? 0 : (await this.log.append(entries)).added;
  }

  /** The intervals that begin in `[fromMs, toMs)` and were recorded as missing, whether they were corrected since or not. */
  async statedGaps(fromMs: EpochMs, toMs: EpochMs): Promise<StatedGap[]> {
    const rows = await this.log.missingBetween(fromMs, toMs);
    return rows.map(({ deviceId, channel, startMs }) => ({ deviceId, channel, startMs }));
  }

  /** A grid event as it stands: once when it is announced, and again after each change. */
  recordEvent(event: GridEvent, nowMs: EpochMs): Promise<AppendResult> {
    const done = this.events.then(async () => {
      const standing = eventStanding(event, eventOf(await this.log.newestOn(event.id, 'grid-event')), nowMs);
      return standing ? this.log.append([eventEntry(event, standing)]) : { added: 0, alreadyRecorded: 1 };
    });
    this.events = done.catch(() => undefined);
    return done;
  }

  /** Baselines of an event, as settlement has fixed them. */
  async recordBaselines(eventId: string, baselines: readonly BaselineFacts[]): Promise<AppendResult> {
    const entries = baselines
      .flatMap((baseline) => baselineEntry(eventId, baseline) ?? [])
      .filter(({ subject, startMs }) => !this.baselinesTold.has(`${subject} ${startMs}`));
    if (entries.length === 0) return { added: 0, alreadyRecorded: baselines.length };
    const result = await this.log.append(entries);
    for (const { subject, startMs } of entries) this.baselinesTold.add(`${subject} ${startMs}`);
    return result;
  }

  recordStatements(statements: readonly StatementFacts[]): Promise<AppendResult> {
    return this.log.append(statements.map(statementEntry));
  }

  /** What devices were told. One that is no longer in the fleet file has no site to stand under. */
  recordDecisions(facts: readonly DecisionFacts[]): Promise<AppendResult> {
    const siteOf = new Map(devicesOf(this.plant.plant()).map(({ id, siteId }) => [id, siteId]));
    return this.log.append(
      facts.flatMap((one) => {
        const siteId = siteOf.get(one.deviceId);
        return siteId === undefined ? [] : [decisionEntry(siteId, one)];
      }),
    );
  }
}

const eventOf = (row: ProofRecordEntity | null): GridEventRecord | undefined => {
  const record = row?.record ? parseRecord(row.record) : undefined;
  return record?.type === 'grid-event' ? record : undefined;
};
