import { Injectable, NotFoundException } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FleetService } from '../fleet/fleet.service.js';
import { BadInput } from '../kernel/errors.js';
import { contains, type Interval, overlaps } from '../kernel/interval.js';
import { localDays, localHours, localMonths } from '../kernel/local-day.js';
import { type DurationMs, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { energyByFlow, flowEnergiesSum, NO_ENERGIES, slotLengthMs } from '../telemetry/energy-of-day.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { IntervalService } from '../telemetry/interval.service.js';
import type { AnswerFormat } from './answer-formats.js';
import { askedRange } from './asked-time.js';
import type { EnergyAnswer, EnergyQuery, EnergyRow, Period } from './energy-query.js';
import { closedPart, ENERGY_CSV_HEAD, energyCsv, energyLines, type EnergySubject, intervalRow, periodRows } from './energy-rows.js';
import { PlantFacts } from './plant-facts.js';

/** Rows in an answer that is had whole. */
const MOST_ROWS = 10_000;
/** The longest a closed interval is: it may begin in the day before. */
const LONGEST_INTERVAL_MS: DurationMs = HOUR_MS;

interface AskedEnergies {
  readonly subject: EnergySubject;
  readonly per: Period;
  readonly zone: string;
  readonly range: Interval;
}

/** Closed intervals, summed over local hours, days and months. */
@Injectable()
export class EnergyService {
  constructor(
    private readonly fleet: FleetService,
    private readonly intervals: IntervalService,
    private readonly facts: PlantFacts,
  ) {}

  /** For each site or device what is asked of it: a local date is another moment in another site's zone. */
  asked({ sites, devices, per, from, to, zone: given }: EnergyQuery): AskedEnergies[] {
    const subjects = sites ? sites.map((id) => this.siteSubject(id)) : (devices ?? []).map((id) => this.deviceSubject(id));
    return subjects.map((subject) => {
      const zone = given ?? subject.site.zone;
      return { subject, per, zone, range: askedRange(from, to, zone) };
    });
  }

  /** All of it at once. Throws `BadInput` where that would be too much, and says what to ask instead. */
  async answer(asked: readonly AskedEnergies[], per: Period): Promise<EnergyAnswer> {
    const rows: EnergyRow[] = [];
    for await (const page of this.pages(asked)) {
      rows.push(...page);
      if (rows.length > MOST_ROWS) throw new BadInput(tooMuch(per));
    }
    return { per, unit: 'Wh', rows };
  }

  /** Row by row, as it is summed. */
  async *rows(asked: readonly AskedEnergies[], format: Exclude<AnswerFormat, 'json'>): AsyncGenerator<string> {
    if (format === 'csv') yield ENERGY_CSV_HEAD;
    for await (const page of this.pages(asked)) yield format === 'csv' ? energyCsv(page) : energyLines(page);
  }

  private async *pages(asked: readonly AskedEnergies[]): AsyncGenerator<EnergyRow[]> {
    for (const one of asked) {
      const span = await this.intervals.spanOf(one.subject.site.id);
      if (!span || !overlaps(span, one.range)) continue;
      const within = { startMs: Math.max(span.startMs, one.range.startMs), endMs: Math.min(span.endMs, one.range.endMs) };
      yield* one.per === 'month' ? this.months(one, within, span.endMs) : this.days(one, within, span.endMs);
    }
  }

  /** A page a day. */
  private async *days({ subject, per, zone, range }: AskedEnergies, within: Interval, closedMs: number): AsyncGenerator<EnergyRow[]> {
    for (const day of localDays(zone, within)) {
      const intervals = await this.intervalsOf(subject, day);
      if (per === 'interval') {
        const inDay = intervals.filter(({ startMs }) => contains(day, startMs) && contains(range, startMs));
        yield inDay.map((interval) => intervalRow(interval, zone));
        continue;
      }
      const periods = per === 'hour' ? localHours(zone, day) : [day];
      yield periods
        .filter((period) => overlaps(period, within))
        .flatMap((period) => {
          const slotMs = this.slotMs(period);
          const part = closedPart(period, closedMs, slotMs, zone);
          const inPeriod = intervals.filter((interval) => overlaps(interval, period));
          return part ? periodRows(subject, part, energyByFlow(inPeriod, subject.devices, part.stretch, slotMs)) : [];
        });
    }
  }

  /** Day by day: a month of minutes of a whole site is more than should be held at once. */
  private async *months({ subject, zone }: AskedEnergies, within: Interval, closedMs: number): AsyncGenerator<EnergyRow[]> {
    for (const month of localMonths(zone, within)) {
      const part = closedPart(month, closedMs, this.slotMs(month), zone);
      if (!part) continue;
      let energies = NO_ENERGIES;
      for (const day of localDays(zone, part.stretch)) {
        const stretch = { startMs: day.startMs, endMs: Math.min(day.endMs, part.stretch.endMs) };
        energies = flowEnergiesSum(
          energies,
          energyByFlow(await this.intervalsOf(subject, day), subject.devices, stretch, this.slotMs(day)),
        );
        yield [];
      }
      yield periodRows(subject, part, energies);
    }
  }

  private async intervalsOf({ site, devices, deviceId }: EnergySubject, day: Interval): Promise<IntervalEnergy[]> {
    // SQLite answers in this thread, and a reader that is fast never waits: the others get their turn here.
    await nextTurn();
    const query = { siteIds: [site.id], fromMs: day.startMs - LONGEST_INTERVAL_MS, toMs: day.endMs };
    const all = await this.intervals.intervalsOf(query);
    return deviceId === undefined ? all : all.filter((interval) => devices.some(({ id }) => id === interval.deviceId));
  }

  private slotMs(period: Interval): DurationMs {
    return slotLengthMs(period, this.facts.intervalMinutes * MINUTE_MS);
  }

  private siteSubject(siteId: string): EnergySubject {
    const site = this.fleet.site(siteId);
    if (!site) throw new NotFoundException(`There is no site "${siteId}".`);
    return { site, devices: site.devices };
  }

  private deviceSubject(deviceId: string): EnergySubject {
    const device = this.fleet.device(deviceId);
    const site = device && this.fleet.site(device.siteId);
    if (!device || !site) throw new NotFoundException(`There is no device "${deviceId}".`);
    return { site, devices: [device], deviceId };
  }
}

const tooMuch = (per: Period): string => {
  const longer: Readonly<Record<Period, string>> = {
    interval: 'for longer periods (per=hour)',
    hour: 'for longer periods (per=day)',
    day: 'for longer periods (per=month)',
    month: 'for less',
  };
  return `to: more than ${MOST_ROWS.toLocaleString('en')} rows; ask ${longer[per]}, or for a stream (Accept: application/x-ndjson or text/csv)`;
};
