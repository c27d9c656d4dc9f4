import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SampleSink } from '../field/sample-sink.port.js';
import { InfluxReadingStore } from './adapters/influx-reading-store.js';
import { ReadingSpool } from './adapters/reading-spool.js';
import { SqliteReadingStore } from './adapters/sqlite-reading-store.js';
import { ImportService } from './import.service.js';
import { IntervalEnergyEntity } from './interval.entity.js';
import { IntervalRows } from './interval-rows.js';
import { IntervalService } from './interval.service.js';
import { ReadingStore } from './reading-store.port.js';
import { ReadingWriter } from './reading-writer.js';
import { RefusalLog } from './refusal-log.js';
import { RefusedReadingEntity } from './refused-reading.entity.js';
import { type Retention, RETENTION, RetentionService } from './retention.service.js';
import { type SpoolReport, SpoolingReadingStore } from './spooling-store.js';
import { TelemetryAlarms } from './telemetry-alarms.js';
import { TelemetryJobs } from './telemetry.jobs.js';
import { TelemetryService } from './telemetry.service.js';

/** Where readings go: a file of their own, or an InfluxDB 1.x database (`http://user:password@host:8086/database`). */
export type ReadingTarget =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'influx'; readonly url: string; readonly spool: { readonly file: string; readonly maxBytes: number } };

export interface TelemetryOptions {
  readonly store: ReadingTarget;
  readonly retention?: Partial<Retention>;
}

const RETENTION_DEFAULTS: Retention = { rawDays: 30, minuteDays: 365 };

export const openReadingStore = (target: ReadingTarget, report: (report: SpoolReport) => void): ReadingStore => {
  if (target.kind === 'sqlite') return SqliteReadingStore.open(target.file);
  const { url, spool } = target;
  return new SpoolingReadingStore(InfluxReadingStore.open(url), ReadingSpool.open(spool.file, spool.maxBytes), report);
};

/** For questions alone, also beside the plant that writes. */
export const openReadingStoreToRead = (target: ReadingTarget): ReadingStore =>
  target.kind === 'sqlite' ? SqliteReadingStore.openToRead(target.file) : InfluxReadingStore.open(target.url);

/** Needs `PlantDirectory`, `Clock`, the alarm log and the database from the rooms above, and `ScheduleModule.forRoot()`. */
@Global()
@Module({})
export class TelemetryModule {
  static register({ store, retention }: TelemetryOptions): DynamicModule {
    return {
      module: TelemetryModule,
      imports: [TypeOrmModule.forFeature([IntervalEnergyEntity, RefusedReadingEntity])],
      providers: [
        {
          provide: ReadingStore,
          useFactory: (alarms: TelemetryAlarms) => openReadingStore(store, (report) => alarms.spool(report)),
          inject: [TelemetryAlarms],
        },
        { provide: RETENTION, useValue: { ...RETENTION_DEFAULTS, ...retention } },
        {
          provide: ReadingWriter,
          useFactory: (readings: ReadingStore, alarms: TelemetryAlarms) => new ReadingWriter(readings, (report) => alarms.writer(report)),
          inject: [ReadingStore, TelemetryAlarms],
        },
        { provide: SampleSink, useExisting: TelemetryService },
        ImportService,
        IntervalRows,
        IntervalService,
        RefusalLog,
        RetentionService,
        TelemetryAlarms,
        TelemetryJobs,
        TelemetryService,
      ],
      exports: [ReadingStore, SampleSink, ImportService, IntervalService, TelemetryService, RefusalLog],
    };
  }
}
