import { type DynamicModule, Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { AlarmEntity } from './alarm.entity.js';
import { AlarmService } from './alarm.service.js';
import { AuditEntity } from './audit.entity.js';
import { AuditService } from './audit.service.js';
import { AuthGuard } from './auth.guard.js';
import { AuthService } from './auth.service.js';
import { Clock } from './clock.js';
import { ClockJobs } from './clock.jobs.js';
import { ClockWatch } from './clock-watch.js';
import { type DatabaseTarget, databaseOptions } from './database.js';
import { SessionController } from './session.controller.js';
import { SntpTime, type TimeServer } from './sntp.js';
import { NoTimeSource, TimeSource } from './time-source.port.js';
import { queueTransactions } from './transaction-queue.js';
import { SessionEntity, UserEntity } from './user.entity.js';

/** Injects the process's pino log. */
export const LOG = Symbol('log');

export interface PlatformOptions {
  readonly clock: Clock;
  readonly database: DatabaseTarget;
  readonly log: Logger;
  /** Asked now and then whether the clock is right; nobody is without it. */
  readonly timeServer?: TimeServer | undefined;
}

@Global()
@Module({})
export class PlatformModule {
  static register({ clock, database, log, timeServer }: PlatformOptions): DynamicModule {
    return {
      module: PlatformModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...databaseOptions(database), autoLoadEntities: true, retryAttempts: 0 }),
          dataSourceFactory: (options) => queueTransactions(new DataSource(options!)).initialize(),
        }),
        TypeOrmModule.forFeature([UserEntity, SessionEntity, AlarmEntity, AuditEntity]),
      ],
      controllers: [SessionController],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: LOG, useValue: log },
        { provide: TimeSource, useValue: timeServer ? new SntpTime(timeServer) : new NoTimeSource() },
        { provide: APP_GUARD, useClass: AuthGuard },
        AuthService,
        AlarmService,
        AuditService,
        ClockWatch,
        ClockJobs,
      ],
      exports: [Clock, ClockWatch, LOG, AuthService, AlarmService, AuditService],
    };
  }
}
