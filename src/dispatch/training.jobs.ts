import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { FleetService } from '../fleet/fleet.service.js';
import type { ForecastSite } from '../forecast/forecast-site.js';
import { LearningService } from '../forecast/learning.service.js';
import { localTime } from '../kernel/local-day.js';
import { MINUTE_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { LOG } from '../platform/platform.module.js';

const NAME = 'forecast-training';
const LOOK_EVERY_MS = 5 * MINUTE_MS;
/** Local hour of the night's training. */
const NIGHT_HOUR = 2;

/** Trains the forecasts' models at night, when their CPU time is missed least, and a site's own in between when it has drifted. */
@Injectable()
export class TrainingJobs implements OnModuleDestroy {
  private trainedDate: string | undefined;
  private lookedHour: number | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly learning: LearningService,
    private readonly fleet: FleetService,
    private readonly timers: SchedulerRegistry,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.timers.addInterval(
      NAME,
      setInterval(() => this.look(), LOOK_EVERY_MS),
    );
  }

  stop(): void {
    if (this.timers.doesExist('interval', NAME)) this.timers.deleteInterval(NAME);
  }

  onModuleDestroy(): void {
    this.stop();
  }

  /** Trains every site once, now. A training under way is not begun again. */
  trainNow(): Promise<void> {
    this.running ??= this.train(this.fleet.plant().sites).finally(() => (this.running = undefined));
    return this.running;
  }

  private look(): void {
    const { date, hour } = localTime(this.fleet.plant().zone, this.clock.now());
    if (hour === NIGHT_HOUR && this.trainedDate !== date) {
      this.trainedDate = date;
      void this.trainNow();
    } else if (hour !== this.lookedHour) {
      this.lookedHour = hour;
      this.running ??= this.trainDrifted().finally(() => (this.running = undefined));
    }
  }

  private async trainDrifted(): Promise<void> {
    try {
      const drifted = await this.learning.drifted(this.fleet.plant().sites, this.clock.now());
      if (drifted.length > 0) await this.train(drifted);
    } catch (error) {
      this.log.error({ err: error }, 'could not look for sites that have drifted');
    }
  }

  private async train(sites: readonly ForecastSite[]): Promise<void> {
    try {
      const reports = await this.learning.train(sites, this.clock.now(), (report) => this.log.debug(report, 'forecast models trained'));
      const trained = reports.filter((report) => report.trained);
      this.log.info({ models: trained.length, seconds: trained.reduce((sum, { seconds }) => sum + seconds, 0) }, 'forecast models trained');
    } catch (error) {
      this.log.error({ err: error }, 'training failed; forecasts go on with the models there are');
    }
  }
}
