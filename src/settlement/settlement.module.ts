import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaselineEntity } from './baseline.entity.js';
import { BaselineSource } from '../dispatch/baseline-source.port.js';
import { ClosedRecords } from './closed-records.service.js';
import { IntervalClosing } from './interval-closing.service.js';
import { IntervalClosingJobs } from './interval-closing.jobs.js';
import { SettledRecords } from './settled-records.service.js';
import { SettledBaselines } from './settled-baselines.js';
import { BaselineService } from './baseline.service.js';
import { EventResultEntity } from './event-result.entity.js';
import { EventResultService } from './event-result.service.js';
import { SettlementJobs } from './settlement.jobs.js';
import { SettlementService } from './settlement.service.js';
import { SettlementSettings } from './settlement-settings.js';
import { SettlementStore } from './settlement-store.js';
import { AdjustmentEntity, StatementEntity } from './statement.entity.js';
import { StatementService } from './statement.service.js';

/** Needs the platform's, the fleet's, telemetry's and the signals' modules, and Nest's `ScheduleModule`. */
@Global()
@Module({})
export class SettlementModule {
  static register(settings: SettlementSettings): DynamicModule {
    return {
      module: SettlementModule,
      imports: [TypeOrmModule.forFeature([BaselineEntity, EventResultEntity, StatementEntity, AdjustmentEntity])],
      providers: [
        { provide: SettlementSettings, useValue: settings },
        SettlementStore,
        BaselineService,
        EventResultService,
        StatementService,
        SettlementService,
        SettlementJobs,
        SettledRecords,
        ClosedRecords,
        IntervalClosing,
        IntervalClosingJobs,
        { provide: BaselineSource, useClass: SettledBaselines },
      ],
      exports: [SettlementService, SettlementJobs, BaselineService, BaselineSource, IntervalClosing, IntervalClosingJobs],
    };
  }
}
