import { Injectable } from '@nestjs/common';
import type { HouseholdId, Plant, Site } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { BadInput } from '../kernel/errors.js';
import { type Interval, SLOT_MS } from '../kernel/interval.js';
import { addDays, type LocalDate, localDate, localDay } from '../kernel/local-day.js';
import type { EpochMs } from '../kernel/units.js';
import { TariffService } from '../signals/tariff.service.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { metersOf } from './baseline.service.js';
import type { EventResultEntity } from './event-result.entity.js';
import { type FeedIn, type FeedInPrice, feedInOf, feedInPrices } from './feed-in.js';
import { meteredSite, type MeteredSite } from './grid-meter.js';
import { SettlementSettings } from './settlement-settings.js';
import { SettlementStore } from './settlement-store.js';
import { adjustmentOf, linesOf, type SettledEvent, totalOf } from './statement.js';
import type { StatementEntity } from './statement.entity.js';
import type { Statement } from './views.js';

export interface Home {
  readonly householdId: HouseholdId;
  readonly site: Site;
}

export interface MeteredHome {
  readonly home: Home;
  readonly metered: MeteredSite;
}

/** The homes of the plant: sites somebody lives at. */
export const homesOf = (plant: Plant): Home[] =>
  plant.sites.flatMap((site) => (site.householdId === undefined ? [] : [{ householdId: site.householdId, site }]));

/** Days as households see them: stated once, put right on later days. */
@Injectable()
export class StatementService {
  constructor(
    private readonly store: SettlementStore,
    private readonly intervals: IntervalService,
    private readonly plant: PlantDirectory,
    private readonly tariffs: TariffService,
    private readonly settings: SettlementSettings,
  ) {}

  home(householdId: HouseholdId): Home {
    const home = homesOf(this.plant.plant()).find((one) => one.householdId === householdId);
    if (!home) throw new BadInput(`household "${householdId}" has no site`);
    return home;
  }

  /** A home's metered intervals of a local day. */
  async meteredDay({ site }: Home, date: LocalDate): Promise<MeteredSite> {
    const { startMs, endMs } = localDay(site.zone, date);
    const energies = await this.intervals.intervalsOf({ siteIds: [site.id], fromMs: startMs, toMs: endMs });
    return meteredSite(energies, metersOf(site));
  }

  issued(householdId: HouseholdId, date: LocalDate): Promise<StatementEntity | null> {
    return this.store.statement(householdId, date);
  }

  /** States a day of homes for good; answers the statements that were not there before. */
  async issue(due: readonly MeteredHome[], date: LocalDate, nowMs: EpochMs): Promise<Statement[]> {
    const rows: StatementEntity[] = [];
    for (const { home, metered } of due) {
      const { statement, feedIn, prices } = await this.compose(home, date, metered, localDay(home.site.zone, date), nowMs);
      rows.push({
        id: statement.id,
        date,
        currency: statement.currency,
        totalMicro: statement.totalMicro,
        lines: statement.lines,
        householdId: home.householdId,
        zone: home.site.zone,
        issuedAtMs: nowMs,
        feedInWh: feedIn.energyWh,
        feedInMicro: feedIn.amountMicro,
        feedInPrices: prices,
      });
    }
    const issued = await this.store.issue(rows);
    return rows.filter(({ id }) => issued.has(id)).map(statementOf);
  }

  /** Compares the feed-in stated for a day with what the meter says now; a difference goes on the statement of `payDate`. */
  async reviewFeedIn(home: Home, stated: StatementEntity, payDate: LocalDate, nowMs: EpochMs): Promise<void> {
    const { householdId, site } = home;
    const metered = await this.meteredDay(home, stated.date);
    const known = feedInOf(localDay(site.zone, stated.date), metered, stated.feedInPrices, this.settings.intervalMs);
    const about = { householdId, kind: 'feed-in', subject: stated.date, date: stated.date } as const;
    const soFar = await this.store.statedSoFar(about, { energyWh: stated.feedInWh, amountMicro: stated.feedInMicro });
    const mean = known.energyWh === 0 ? 0 : Math.round((known.amountMicro * 1_000) / known.energyWh);
    const adjustment = adjustmentOf(about, { ...known, priceMicroPerKwh: mean }, soFar, stated.currency);
    if (adjustment) await this.store.addAdjustment(adjustment, payDate, nowMs);
  }

  /** The running account of a day that is not stated yet, up to its last closed interval. */
  async open(home: Home, date: LocalDate, nowMs: EpochMs): Promise<Statement> {
    const metered = await this.meteredDay(home, date);
    const day = localDay(home.site.zone, date);
    const lastMs = Math.max(day.startMs, ...[...metered.values()].map((intervals) => intervals.at(-1)?.endMs ?? day.startMs));
    const period = { startMs: day.startMs, endMs: Math.min(day.endMs, lastMs) };
    const { statement } = await this.compose(home, date, metered, period, nowMs);
    return { ...statement, state: 'open' };
  }

  /** Issued days, newest first, from `fromDate` on. */
  async statements(householdId: HouseholdId, fromDate: LocalDate): Promise<Statement[]> {
    return (await this.store.statements(householdId, fromDate)).map(statementOf);
  }

  /** What stands for the newest `days` local days: running accounts for those not stated yet (at most today and yesterday), newest first. */
  async latest(home: Home, days: number, nowMs: EpochMs): Promise<Statement[]> {
    const today = localDate(home.site.zone, nowMs);
    const issued = await this.statements(home.householdId, addDays(today, 1 - days));
    const open: Statement[] = [];
    for (const date of [today, addDays(today, -1)].slice(0, days)) {
      if (issued.some((statement) => statement.date === date)) continue;
      const account = await this.open(home, date, nowMs);
      // A plant that was not there yesterday has nothing to say about it.
      if (date === today || account.lines.some(({ slotsPaid, kind }) => kind !== 'feed-in' || (slotsPaid ?? 0) > 0)) open.push(account);
    }
    return [...open, ...issued].sort((a, b) => (a.date < b.date ? 1 : -1));
  }

  private async compose(home: Home, date: LocalDate, metered: MeteredSite, period: Interval, nowMs: EpochMs) {
    const { householdId, site } = home;
    const { currency } = this.plant.plant();
    const prices: FeedInPrice[] = feedInPrices(this.tariffs.pricesOf(site.zone, localDay(site.zone, date), SLOT_MS));
    const feedIn: FeedIn = feedInOf(period, metered, prices, this.settings.intervalMs);
    const results = await this.store.resultsToPay(householdId, date);
    const adjustments = await this.store.adjustmentsToPay(householdId, date);
    const lines = linesOf(feedIn, results.map(settledEventOf), adjustments, site.zone, currency);
    const statement: Statement = {
      id: `${householdId}-${date}`,
      date,
      currency,
      issuedAtMs: nowMs,
      state: 'issued',
      totalMicro: totalOf(lines),
      lines,
    };
    return { statement, feedIn, prices };
  }
}

const statementOf = ({ id, date, currency, issuedAtMs, totalMicro, lines }: StatementEntity): Statement => ({
  id,
  date,
  currency,
  issuedAtMs,
  state: 'issued',
  totalMicro,
  lines,
});

const settledEventOf = (row: EventResultEntity): SettledEvent => {
  const { eventId, direction, startMs, endMs, priceMicroPerKwh, slots, deliveredWh, amountMicro, slotsPaid, slotsUnpaid, baselineDays } =
    row;
  return {
    event: { id: eventId, direction, startMs, endMs, priceMicroPerKwh },
    slots,
    deliveredWh,
    amountMicro,
    slotsPaid,
    slotsUnpaid,
    baselineDays,
  };
};
