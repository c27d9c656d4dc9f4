import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type INestApplication, StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import cookieParser from 'cookie-parser';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { ComplianceJobs } from '../dispatch/compliance.jobs.js';
import { DispatchJobs } from '../dispatch/dispatch.jobs.js';
import { DecisionLog } from '../dispatch/decision-log.js';
import { DecisionService } from '../dispatch/decision.service.js';
import { DispatchService } from '../dispatch/dispatch.service.js';
import { LeaseSpans } from '../dispatch/lease-spans.js';
import { PlanningJobs } from '../dispatch/planning.jobs.js';
import { TrainingJobs } from '../dispatch/training.jobs.js';
import { PromptCycles } from '../dispatch/prompt-cycles.service.js';
import type { LastTold } from '../field/field-devices.js';
import { FieldService } from '../field/field.service.js';
import { FleetService } from '../fleet/fleet.service.js';
import { devicesOf } from '../fleet/plant.js';
import { serveOpenApi } from '../grid/openapi.js';
import { BadInput } from '../kernel/errors.js';
import { wordsOf } from '../kernel/schema-words.js';
import { DAY_MS } from '../kernel/units.js';
import { AlarmService } from '../platform/alarm.service.js';
import { type FolderLock, lockFolder } from '../platform/folder-lock.js';
import { nestLogger } from '../platform/logger.js';
import { migrateDatabase } from '../platform/migrate.js';
import { ProblemFilter } from '../platform/problem.filter.js';
import { PlanService } from '../schedule/plan.service.js';
import { IntervalClosing } from '../settlement/interval-closing.service.js';
import { IntervalClosingJobs } from '../settlement/interval-closing.jobs.js';
import { LimitService } from '../signals/limit.service.js';
import { OverrideService } from '../signals/override.service.js';
import { lastHybridCounters } from '../telemetry/hybrid-memory.js';
import { ReadingStore } from '../telemetry/reading-store.port.js';
import { packageRoot, packageVersion } from './package-info.js';
import { PlantModule, type PlantOptions } from './plant.module.js';
import { CHOOSE_PORT, listenFault } from './ports.js';
import { noteRunning } from './running-plant.js';

/** A plant as a process: its rooms, its pages and its jobs. */
export class PlantApp {
  private constructor(
    readonly app: INestApplication,
    private readonly options: PlantOptions,
    private readonly lock: FolderLock,
  ) {}

  /** Opens the database, wires the rooms and takes up what earlier runs left. Nothing is commanded and nothing listens yet. */
  static async create(options: PlantOptions): Promise<PlantApp> {
    const lock = lockFolder(options.config.dataDir);
    try {
      return await PlantApp.wired(options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private static async wired(options: PlantOptions, lock: FolderLock): Promise<PlantApp> {
    await migrateDatabase(options.config.database);
    const app = await NestFactory.create<NestExpressApplication>(PlantModule.register(options), {
      logger: nestLogger(options.log),
      forceCloseConnections: true,
      abortOnError: false,
    });
    app.use(cookieParser());
    z.config({ customError: wordsOf });
    app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: (issues) => new BadInput(issues.map(faultLine)) }));
    app.useGlobalFilters(new ProblemFilter(options.log));
    serveOpenApi(app, packageVersion());
    servePages(app);
    await app.init();
    const nowMs = options.clock.now();
    await app.get(FleetService).load();
    await app.get(AlarmService).load();
    await app.get(LimitService).load(nowMs);
    await app.get(OverrideService).load(nowMs);
    await app.get(PlanService).load();
    await app.get(DispatchService).load();
    app.get(LeaseSpans).rememberIn(options.config.dataDir, nowMs);
    app.get(DecisionService).rememberIn(options.config.dataDir, nowMs);
    const { dataDir, decisionBytes: maxBytes, rawRetentionDays } = options.config;
    app.get(DecisionLog).rememberIn(dataDir, { maxBytes, keepMs: rawRetentionDays * DAY_MS });
    return new PlantApp(app, options, lock);
  }

  /** Begins to poll, to decide and to close intervals. */
  async run(): Promise<void> {
    const { clock, config, fleet } = this.options;
    await noteRunning(config, fleet.plant);
    await this.app.get(IntervalClosing).resume(clock.now());
    this.app.get(FieldService).start(devicesOf(fleet.plant), await this.lastTold());
    this.app.get(PlanningJobs).start(clock);
    this.app.get(DispatchJobs).start(config.cycleMs);
    this.app.get(PromptCycles).start();
    this.app.get(ComplianceJobs).start(clock);
    this.app.get(IntervalClosingJobs).start();
    this.app.get(TrainingJobs).start();
  }

  /** Without the store of readings the plant goes on without its past; the store's absence is reported by who writes to it. */
  private async lastTold(): Promise<LastTold> {
    const { clock, fleet, log } = this.options;
    try {
      return await lastHybridCounters(this.app.get(ReadingStore), devicesOf(fleet.plant), clock.now());
    } catch (error) {
      log.warn({ err: error }, 'what hybrid inverters told last is not known; their counters begin anew');
      return new Map();
    }
  }

  /** Serves pages and API; answers the address. Throws `BadInput` where the port is taken. */
  async listen(): Promise<string> {
    const { host, port } = this.options.config;
    try {
      await this.app.listen(port, host);
    } catch (error) {
      const fault = listenFault(error, host, port, CHOOSE_PORT);
      throw fault === undefined ? error : new BadInput(fault);
    }
    const { port: bound } = (this.app.getHttpServer() as { address(): AddressInfo }).address();
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
    await noteRunning(this.options.config, this.options.fleet.plant, url);
    return url;
  }

  /** Hands every device back, stores what is queued and closes everything. A second call waits for the first. */
  async stop(): Promise<void> {
    this.app.get(DispatchJobs).stop();
    this.app.get(ComplianceJobs).stop();
    this.app.get(TrainingJobs).stop();
    await Promise.all([this.app.get(FieldService).stop(), this.app.get(PlanningJobs).stop(), this.app.get(IntervalClosingJobs).stop()]);
    await this.app.close();
    this.lock.release();
  }
}

const faultLine = ({ path, message }: { path?: readonly unknown[]; message: string }): string => {
  const where = (path ?? []).map((part) => String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)).join('.');
  return where === '' ? message : `${where}: ${message}`;
};

/** The pages are built files beside the program. There is one page, at `/`: its files are named from there, so other paths lead to it. */
const servePages = (app: NestExpressApplication): void => {
  const folder = join(packageRoot(), 'dist/web');
  if (!existsSync(join(folder, 'index.html'))) return;
  app.use(
    express.static(folder, {
      index: 'index.html',
      maxAge: '1h',
      setHeaders: (response, path) => path.endsWith('.html') && response.setHeader('cache-control', 'no-cache'),
    }),
  );
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.method !== 'GET' || request.path.startsWith('/api')) return next();
    response.redirect('/');
  });
};
