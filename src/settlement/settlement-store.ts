import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Subject } from 'rxjs';
import { Between, In, MoreThanOrEqual, type ObjectLiteral, Repository } from 'typeorm';
import type { HouseholdId, SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { LocalDate } from '../kernel/local-day.js';
import type { EpochMs, WattHour } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import type { Baseline } from './baseline.js';
import { BaselineEntity } from './baseline.entity.js';
import { EventResultEntity } from './event-result.entity.js';
import type { Adjustment, AdjustmentKind, StatedSoFar } from './statement.js';
import { AdjustmentEntity, StatementEntity } from './statement.entity.js';

/**
 * Baselines, results, adjustments and statements. Rows are added, never changed. Each is written by one SQL statement, and
 * its key says what it is about: whatever is done again, after `kill -9` too, finds itself done.
 */
@Injectable()
export class SettlementStore {
  /** What was added, after it is stored: baselines of events that begin at `fromMs` or later, or statements. */
  readonly added = new Subject<
    { readonly kind: 'baselines'; readonly fromMs: EpochMs } | { readonly kind: 'statements'; readonly ids: readonly string[] }
  >();

  constructor(
    @InjectRepository(BaselineEntity) private readonly baselineRows: Repository<BaselineEntity>,
    @InjectRepository(EventResultEntity) private readonly resultRows: Repository<EventResultEntity>,
    @InjectRepository(StatementEntity) private readonly statementRows: Repository<StatementEntity>,
    @InjectRepository(AdjustmentEntity) private readonly adjustmentRows: Repository<AdjustmentEntity>,
  ) {}

  /** The baselines that cover an event's times, by site. One that was cut short keeps those of its planned length. */
  async baselinesOf({ id, startMs, endMs }: Pick<GridEvent, 'id' | 'startMs' | 'endMs'>): Promise<Map<SiteId, Baseline>> {
    const rows = await this.baselineRows.find({
      where: { eventId: id, startMs, endMs: MoreThanOrEqual(endMs) },
      order: { siteId: 'ASC', endMs: 'DESC' },
    });
    return new Map(rows.map(({ siteId, fixedAtMs, days, slots }) => [siteId, { siteId, fixedAtMs, days, slots }]));
  }

  /** The baselines of one site, by event. */
  async baselinesOfSite(siteId: SiteId, events: readonly Pick<GridEvent, 'id' | 'startMs' | 'endMs'>[]): Promise<Map<string, Baseline>> {
    const rows = await this.baselineRows.find({
      where: { siteId, eventId: In(events.map(({ id }) => id)) },
      order: { endMs: 'DESC' },
    });
    const covering = rows.filter((row) =>
      events.some(({ id, startMs, endMs }) => row.eventId === id && row.startMs === startMs && row.endMs >= endMs),
    );
    return new Map(covering.map(({ eventId, fixedAtMs, days, slots }) => [eventId, { siteId, fixedAtMs, days, slots }]));
  }

  /** Fixes baselines; one that is fixed already stays. */
  async addBaselines(
    { id: eventId, startMs, endMs }: Pick<GridEvent, 'id' | 'startMs' | 'endMs'>,
    baselines: readonly Baseline[],
  ): Promise<void> {
    const rows = baselines.map((baseline) => ({
      eventId,
      startMs,
      endMs,
      ...baseline,
      days: [...baseline.days],
      slots: [...baseline.slots],
    }));
    await insertNew(this.baselineRows, rows);
    if (rows.length > 0) this.added.next({ kind: 'baselines', fromMs: startMs });
  }

  /** All baselines of events that begin at `fromMs` or later, by event. */
  async baselinesFrom(fromMs: EpochMs): Promise<Map<string, Baseline[]>> {
    const byEvent = new Map<string, Baseline[]>();
    for (const { eventId, siteId, fixedAtMs, days, slots } of await this.baselineRows.findBy({ startMs: MoreThanOrEqual(fromMs) }))
      byEvent.set(eventId, [...(byEvent.get(eventId) ?? []), { siteId, fixedAtMs, days, slots }]);
    return byEvent;
  }

  resultsOf(eventId: string): Promise<EventResultEntity[]> {
    return this.resultRows.find({ where: { eventId }, order: { siteId: 'ASC' } });
  }

  async resultsOfSite(siteId: SiteId, eventIds: readonly string[]): Promise<Map<string, EventResultEntity>> {
    const rows = await this.resultRows.findBy({ siteId, eventId: In([...eventIds]) });
    return new Map(rows.map((row) => [row.eventId, row]));
  }

  /** What each site delivered to settled events that began in an interval. */
  async deliveredBetween({ startMs, endMs }: Interval): Promise<Map<SiteId, WattHour>> {
    const rows = await this.resultRows
      .createQueryBuilder('result')
      .select('result.siteId', 'siteId')
      .addSelect('SUM(result.deliveredWh)', 'deliveredWh')
      .where('result.startMs >= :startMs AND result.startMs < :endMs', { startMs, endMs })
      .groupBy('result.siteId')
      .getRawMany<{ siteId: SiteId; deliveredWh: number }>();
    return new Map(rows.map(({ siteId, deliveredWh }) => [siteId, deliveredWh]));
  }

  /** Stores results of an event; a site that has one keeps it. */
  addResults(rows: readonly EventResultEntity[]): Promise<void> {
    return insertNew(this.resultRows, rows);
  }

  resultsToPay(householdId: HouseholdId, payDate: LocalDate): Promise<EventResultEntity[]> {
    return this.resultRows.find({ where: { householdId, payDate }, order: { startMs: 'ASC' } });
  }

  adjustmentsToPay(householdId: HouseholdId, payDate: LocalDate): Promise<AdjustmentEntity[]> {
    return this.adjustmentRows.findBy({ householdId, payDate });
  }

  async addAdjustment(adjustment: Adjustment, payDate: LocalDate, foundAtMs: EpochMs): Promise<void> {
    await insertNew(this.adjustmentRows, [{ ...adjustment, payDate, foundAtMs }]);
  }

  /** A first statement about a subject, and the adjustments since. */
  async statedSoFar(
    { householdId, kind, subject }: { householdId: HouseholdId; kind: AdjustmentKind; subject: string },
    first: { energyWh: number; amountMicro: number },
  ): Promise<StatedSoFar> {
    const rows = await this.adjustmentRows.findBy({ householdId, kind, subject });
    return {
      energyWh: rows.reduce((sum, row) => sum + row.energyWh, first.energyWh),
      amountMicro: rows.reduce((sum, row) => sum + row.amountMicro, first.amountMicro),
      revisions: rows.reduce((most, row) => Math.max(most, row.revision), 0),
    };
  }

  statement(householdId: HouseholdId, date: LocalDate): Promise<StatementEntity | null> {
    return this.statementRows.findOneBy({ householdId, date });
  }

  /** Issued statements from `fromDate` on, newest first. */
  statements(householdId: HouseholdId, fromDate: LocalDate): Promise<StatementEntity[]> {
    return this.statementRows.find({ where: { householdId, date: MoreThanOrEqual(fromDate) }, order: { date: 'DESC' } });
  }

  statementsById(ids: readonly string[]): Promise<StatementEntity[]> {
    return this.statementRows.find({ where: { id: In([...ids]) }, order: { date: 'ASC', id: 'ASC' } });
  }

  statementsIssuedSince(fromMs: EpochMs): Promise<StatementEntity[]> {
    return this.statementRows.find({ where: { issuedAtMs: MoreThanOrEqual(fromMs) }, order: { date: 'ASC', id: 'ASC' } });
  }

  /** Issues statements; a household that has one for the day keeps it. Answers the ids of those issued now. */
  async issue(rows: readonly StatementEntity[]): Promise<ReadonlySet<string>> {
    await insertNew(this.statementRows, rows);
    const stored = await this.statementRows.findBy({ id: In(rows.map(({ id }) => id)) });
    if (rows.length > 0) this.added.next({ kind: 'statements', ids: rows.map(({ id }) => id) });
    return new Set(
      stored.filter((one) => rows.some(({ id, issuedAtMs }) => id === one.id && issuedAtMs === one.issuedAtMs)).map(({ id }) => id),
    );
  }

  /** The statement that may still carry something of `date`: its own, or the first later one that is not issued yet. */
  async payDate(householdId: HouseholdId, date: LocalDate, nextOf: (date: LocalDate) => LocalDate): Promise<LocalDate> {
    const issued = new Set((await this.statements(householdId, date)).map((row) => row.date));
    let free = date;
    while (issued.has(free)) free = nextOf(free);
    return free;
  }

  /** A household's results of events that began in `period`. */
  resultsBetween(householdId: HouseholdId, { startMs, endMs }: Interval): Promise<EventResultEntity[]> {
    return this.resultRows.find({ where: { householdId, startMs: Between(startMs, endMs - 1) }, order: { startMs: 'ASC' } });
  }
}

/** Fifteen values a row stay below what SQLite (32,766) and PostgreSQL (65,535) bind. */
const CHUNK_ROWS = 100;

/** Adds what is not there yet. A crash between two chunks leaves the rest to the next run, which finds the first ones done. */
const insertNew = async <Row extends ObjectLiteral>(repository: Repository<Row>, rows: readonly Row[]): Promise<void> => {
  for (let at = 0; at < rows.length; at += CHUNK_ROWS)
    await repository
      .createQueryBuilder()
      .insert()
      .values(rows.slice(at, at + CHUNK_ROWS))
      .orIgnore()
      .execute();
};
