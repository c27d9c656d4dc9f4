import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ratingFault } from '../field/rating.js';
import type { HealthChange } from '../field/sample.js';
import type { Device, DeviceId, Site, SiteId } from '../fleet/plant.js';
import { messageOf } from '../kernel/errors.js';
import type { EpochMs, Watt } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { LOG } from '../platform/platform.module.js';
import type { Doubts, Passage } from './gatekeeper.js';
import type { WriterReport } from './reading-writer.js';
import type { SpoolReport } from './spooling-store.js';
import { RefusalLog } from './refusal-log.js';
import type { RefusalReason } from './quality-gate.js';
import { SUSPICIONS, type Suspicion } from './suspicion.js';

/** A device whose samples are refused this many times running is reported; as many clean ones take the alarm back. */
const REFUSED_RUNNING = 10;

const MEGABYTE = 1_000_000;
/** Part of the spool that may fill before somebody should know. */
const FILLING = 0.8;

const SUSPICION_TEXTS: Readonly<Record<Suspicion, string>> = {
  frozen: 'repeats the same reading under load: it may have frozen',
  'power-contradicts-counter':
    'its power and its counters tell different energies: look at the scale factors, and whether import and export are exchanged',
  'same-register': 'counts the same in both directions: both counters seem to be read from one register',
};

/** Reasons that come with an alarm of their own. */
const SAID_OTHERWISE: readonly RefusalReason[] = ['frozen', 'contradicted', 'twin-meter'];

/** Says what telemetry finds wrong: refusals are counted, and what lasts becomes an alarm. Nothing here may stop a reading. */
@Injectable()
export class TelemetryAlarms {
  /** Samples with a refusal running, positive, or clean ones since, negative. */
  private readonly runs = new Map<DeviceId, number>();
  private readonly suspected = new Map<DeviceId, ReadonlySet<Suspicion>>();
  private readonly twins = new Map<DeviceId, DeviceId>();
  private negative: ReadonlySet<SiteId> = new Set();
  private alone: ReadonlySet<SiteId> = new Set();
  private storeFailing = false;

  constructor(
    private readonly alarms: AlarmService,
    private readonly refusals: RefusalLog,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  passed({ device, refused: all, rebased, doubts }: Passage): void {
    this.refusals.add(all);
    if (doubts) this.doubt(device, doubts);
    const refused = all.filter(({ reason }) => !SAID_OTHERWISE.includes(reason));
    const before = this.runs.get(device.id) ?? 0;
    const run = refused.length > 0 ? Math.max(before, 0) + 1 : Math.min(before, 0) - 1;
    this.runs.set(device.id, run);
    if (run === REFUSED_RUNNING) {
      const named = refused.map(({ quantity, value, reason }) =>
        `${quantity ?? 'the sample'} ${value ?? ''} ${reason}`.replaceAll('  ', ' '),
      );
      this.raise(device.id, 'refused-readings', 'warning', `${device.name}: readings are refused: ${named.join('; ')}`);
    }
    if (run === -REFUSED_RUNNING) this.clear(device.id, 'refused-readings');
    for (const { quantity, fromWh, toWh } of rebased) {
      const message = `${device.name}: ${quantity} went on from ${toWh} Wh instead of ${fromWh} Wh; energy across the break is estimated`;
      this.raise(device.id, 'counter-rebased', 'warning', message);
      this.clear(device.id, 'counter-rebased');
    }
  }

  health({ id, name }: Device, { health, reason }: HealthChange): void {
    if (health === 'online') this.clear(id, 'offline');
    else if (health === 'offline') this.raise(id, 'offline', 'warning', `${name} is offline${reason ? `: ${reason}` : ''}`);
  }

  rating(device: Device, toldW: Watt): void {
    const fault = ratingFault(device, toldW);
    if (fault === undefined) this.clear(device.id, 'rating');
    else this.raise(device.id, 'rating', 'warning', fault);
  }

  private doubt(device: Device, { suspected: now, twinOf }: Doubts): void {
    const { id, name } = device;
    this.twin(device, twinOf);
    const before = this.suspected.get(id);
    if (now.size === 0 && !before) return;
    this.suspected.set(id, now);
    for (const suspicion of SUSPICIONS) {
      if (now.has(suspicion) && !before?.has(suspicion)) this.raise(id, suspicion, 'warning', `${name}: ${SUSPICION_TEXTS[suspicion]}`);
      if (!now.has(suspicion) && before?.has(suspicion)) this.clear(id, suspicion);
    }
  }

  private twin({ id, name }: Device, twinOf: DeviceId | undefined): void {
    if (twinOf === this.twins.get(id)) return;
    if (twinOf === undefined) {
      this.twins.delete(id);
      this.clear(id, 'twin-meter');
      return;
    }
    this.twins.set(id, twinOf);
    const what = `its counters are those of ${twinOf}: one meter seems to be in the fleet file twice, and its readings are not counted`;
    this.raise(id, 'twin-meter', 'critical', `${name}: ${what}`);
  }

  negativeLoads(sites: readonly Site[], negative: ReadonlySet<SiteId>): void {
    for (const { id, name } of sites) {
      if (negative.has(id) === this.negative.has(id)) continue;
      if (negative.has(id)) {
        const why = 'is one of its meters counted the wrong way round (`direction` in the fleet file), or missing?';
        this.raise(id, 'negative-load', 'warning', `${name}: its devices tell of less than no load: ${why}`);
      } else this.clear(id, 'negative-load');
    }
    this.negative = negative;
  }

  /** Sites that run on their own now. */
  islanded(sites: readonly Site[]): void {
    const now = new Map(sites.map((site) => [site.id, site]));
    for (const { id, name } of sites) {
      if (this.alone.has(id)) continue;
      this.raise(id, 'islanded', 'warning', `${name} runs on its own, cut off from the grid: it is not commanded until it is back`);
    }
    for (const id of this.alone) if (!now.has(id)) this.clear(id, 'islanded');
    this.alone = new Set(now.keys());
  }

  readingsAhead(lastMs: EpochMs): void {
    const until = new Date(lastMs).toISOString();
    const message = `There are readings of up to ${until}, which is yet to come: either they or this computer's clock are wrong`;
    this.raise('clock', 'readings-ahead', 'critical', message);
  }

  writer(report: WriterReport): void {
    if (report.kind === 'unstorable') {
      this.log.error({ sample: report.sample, reason: report.message }, 'the reading store refuses a sample');
      return;
    }
    if (report.kind === 'failing') {
      const { queued, lost, message } = report;
      this.log.warn({ queued, lost, reason: message }, 'the reading store does not take readings');
      if (!this.storeFailing) this.raise('readings', 'store-failing', 'critical', `Readings wait in memory: ${message}`);
      this.storeFailing = true;
      return;
    }
    this.log.info({ lost: report.lost }, 'the reading store takes readings again');
    this.storeFailing = false;
    this.clear('readings', 'store-failing');
    if (report.lost > 0) {
      this.raise('readings', 'readings-lost', 'critical', `${report.lost} readings were given up while the store was away`);
    }
  }

  spool(report: SpoolReport): void {
    switch (report.kind) {
      case 'spooling': {
        const { samples, bytes, maxBytes, message } = report;
        this.log.warn({ samples, bytes, maxBytes, reason: message }, 'readings wait on disk');
        const room = `of ${Math.round(maxBytes / MEGABYTE)} MB`;
        this.raise('readings', 'store-failing', 'critical', `Readings wait on disk, for which there is room ${room}: ${message}`);
        if (bytes > FILLING * maxBytes) {
          const nearlyFull = `The spool of readings is nearly full (${Math.round(bytes / MEGABYTE)} ${room}): soon the oldest are given up`;
          this.raise('readings', 'spool-filling', 'critical', nearlyFull);
        }
        return;
      }
      case 'lost':
        this.log.error({ samples: report.samples }, 'the spool is full: the oldest readings are given up');
        this.raise('readings', 'readings-lost', 'critical', 'The spool of readings is full: the oldest are given up');
        return;
      case 'drained':
        this.log.info('all readings that waited are stored');
        this.clear('readings', 'store-failing');
        this.clear('readings', 'spool-filling');
        return;
      case 'unstorable':
        this.writer(report);
        return;
    }
  }

  /** Something in the background failed and will be tried again. */
  failed(what: string, error: unknown): void {
    this.log.warn({ reason: messageOf(error) }, `${what} failed`);
  }

  /** Brings the counts of refusals to their table. */
  async save(): Promise<void> {
    try {
      await this.refusals.save();
    } catch (error) {
      this.failed('storing refused readings', error);
    }
  }

  private raise(subject: string, kind: string, severity: 'warning' | 'critical', message: string): void {
    this.alarms.raise({ subject, kind, severity, message }).catch((error: unknown) => this.failed('raising an alarm', error));
  }

  private clear(subject: string, kind: string): void {
    this.alarms.clear(subject, kind).catch((error: unknown) => this.failed('clearing an alarm', error));
  }
}
