import { setImmediate as othersTurn } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { FleetService } from '../../fleet/fleet.service.js';
import { type Device, devicesOf, type Site } from '../../fleet/plant.js';
import type { Sample } from '../../field/sample.js';
import { ForecastService } from '../../forecast/forecast.service.js';
import { contains, type Interval, overlaps, SLOT_MS, slotsOf } from '../../kernel/interval.js';
import { localDate } from '../../kernel/local-day.js';
import { HOUR_MS } from '../../kernel/units.js';
import { ProofRecorder } from '../../proof/proof-recorder.service.js';
import { ProofService } from '../../proof/proof.service.js';
import { SettlementService } from '../../settlement/settlement.service.js';
import { EventService } from '../../signals/event.service.js';
import type { GridEvent } from '../../signals/grid-event.js';
import { deviceEnergies } from '../../telemetry/device-energies.js';
import { gateLimits } from '../../telemetry/gate-limits.js';
import { IntervalService } from '../../telemetry/interval.service.js';
import type { IntervalEnergy } from '../../telemetry/interval-energy.js';
import { type HistoryIngest, TelemetryService } from '../../telemetry/telemetry.service.js';
import type { HistoryDay, PastEvent } from './history-spec.js';

const ANNOUNCED_AHEAD_MS = HOUR_MS;
/** Readings stored before the living plant gets its turn again. */
const AT_ONCE = 500;

/**
 * Takes lived-through days the way live readings go, on their own time: gate, store, intervals, log, anchor, settlement. Days
 * must come in order of time.
 */
export class HistoryFiller {
  private readonly ingest: HistoryIngest;
  private readonly lastSample = new Map<string, Sample>();

  constructor(
    private readonly app: INestApplication,
    private readonly events: readonly PastEvent[],
    /** Whether days that end are stated: not while what lies before them is still to come. */
    private readonly states: boolean,
  ) {
    this.ingest = app.get(TelemetryService).openHistory();
  }

  async fill(day: HistoryDay): Promise<void> {
    const events = await this.announce(day);
    await this.app.get(ForecastService).remember(day.forecasts);
    const intervals = await this.intervalsOf(day, await this.store(day));
    await this.app.get(IntervalService).storeAll(intervals);
    await this.app.get(ProofRecorder).recordIntervals(intervals);
    await this.app.get(ProofService).anchorNow();
    if (this.states) await this.settle(day, events);
  }

  /** A day that an earlier run has filled: only its last readings are needed, for the day after it. */
  pass(day: HistoryDay): void {
    for (const sample of day.samples) this.lastSample.set(sample.deviceId, sample);
  }

  /** Asks for the day's events and fixes their baselines, each at the time it would have been done. */
  private async announce(day: HistoryDay): Promise<GridEvent[]> {
    const announced: GridEvent[] = [];
    const willing = this.plantSites().flatMap(({ id }) => (this.app.get(FleetService).consentOf(id).optedOut ? [] : [id]));
    for (const { direction, powerW, priceMicroPerKwh, startMs, endMs } of this.events.filter((past) => contains(day, past.startMs))) {
      const nowMs = startMs - ANNOUNCED_AHEAD_MS;
      const outcome = await this.app
        .get(EventService)
        .announce({ direction, powerW, priceMicroPerKwh, startMs, durationMs: endMs - startMs }, 'operator', nowMs);
      // A day that was half filled when the demo was killed has its event already.
      const event = outcome.kind === 'announced' ? outcome.event : outcome.kind === 'overlap' ? outcome.with : undefined;
      if (!event) throw new Error(`the past event of ${new Date(startMs).toISOString()} was not taken: ${outcome.kind}`);
      await this.app.get(SettlementService).fixBaselines(event, willing, nowMs);
      announced.push(event);
    }
    return announced;
  }

  private async store(day: HistoryDay): Promise<Sample[]> {
    const accepted: Sample[] = [];
    for (let at = 0; at < day.samples.length; at += AT_ONCE) {
      accepted.push(...(await this.ingest.ingest(day.samples.slice(at, at + AT_ONCE))));
      await othersTurn();
    }
    return accepted;
  }

  private async intervalsOf(day: HistoryDay, accepted: readonly Sample[]): Promise<IntervalEnergy[]> {
    const slots = slotsOf(day, SLOT_MS);
    const byDevice = new Map<string, Sample[]>();
    for (const { id } of devicesOf(this.app.get(FleetService).plant()))
      byDevice.set(id, this.lastSample.has(id) ? [this.lastSample.get(id)!] : []);
    for (const sample of accepted) byDevice.get(sample.deviceId)!.push(sample);
    const intervals: IntervalEnergy[] = [];
    for (const site of this.plantSites()) {
      for (const device of site.devices) intervals.push(...this.deviceIntervals(site, device, byDevice.get(device.id)!, slots, day));
      await othersTurn();
    }
    return intervals;
  }

  private deviceIntervals(
    site: Site,
    device: Device,
    samples: readonly Sample[],
    slots: readonly Interval[],
    day: HistoryDay,
  ): IntervalEnergy[] {
    const last = samples.at(-1);
    if (last) this.lastSample.set(device.id, last);
    const spans = day.spans.filter((span) => span.deviceId === device.id && overlaps(span, day));
    return deviceEnergies({ device, limits: gateLimits(device, site), readingPeriodMs: SLOT_MS }, samples, slots, spans);
  }

  private async settle(day: HistoryDay, events: readonly GridEvent[]): Promise<void> {
    const settlement = this.app.get(SettlementService);
    for (const event of events) await settlement.settleEvent({ ...event, state: 'ended' }, day.endMs);
    for (const zone of new Set(this.plantSites().map((site) => site.zone))) {
      const date = localDate(zone, day.endMs - 1);
      if (localDate(zone, day.endMs) !== date) await settlement.closeDay(zone, date, day.endMs + HOUR_MS);
    }
  }

  private plantSites(): readonly Site[] {
    return this.app.get(FleetService).plant().sites;
  }
}
