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
/** Local hours of the night's training: the second is for what failed in the first, and for nights without a two o'clock. */
const NIGHT_HOURS = [2, 3, 4];

/** Trains the forecasts' models at night, when their CPU time is missed least, and a site's own in between when it has drifted. */
@Injectable()
export class TrainingJobs implements OnModuleDestroy {
  private trainedDate: string | undefined;
  private lookedHour: number | undefined;
  private running: Promise<unknown> | undefined;

  constructor(
    @Inject(LearningService) private readonly learning: Pick<LearningService, 'train' | 'trainPools' | 'drifted'>,
    @Inject(FleetService) private readonly fleet: Pick<FleetService, 'plant'>,
    private readonly timers: SchedulerRegistry,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  start(): void {
    this.timers.addInterval(
      NAME,
      setInterval(() => void this.look(), LOOK_EVERY_MS),
    );
  }

  stop(): void {
    if (this.timers.doesExist('interval', NAME)) this.timers.deleteInterval(NAME);
  }

  onModuleDestroy(): void {
    this.stop();
  }

  /** Trains every site once, now. A training under way is not begun again. */
  async trainNow(): Promise<void> {
    this.running ??= this.trainAll().finally(() => (this.running = undefined));
    await this.running;
  }

  /** What is under way is waited for. A night in which a site failed is tried again an hour later, of the sites that are left. */
  async look(): Promise<void> {
    const { date, hour } = localTime(this.fleet.plant().zone, this.clock.now());
    if (this.running || hour === this.lookedHour) return;
    this.lookedHour = hour;
    const isNight = NIGHT_HOURS.includes(hour) && this.trainedDate !== date;
    const work = isNight ? this.trainAll().then((whole) => (this.trainedDate = whole ? date : undefined)) : this.trainDrifted();
    this.running = work.finally(() => (this.running = undefined));
    await this.running;
  }

  /** Answers whether nothing failed. */
  private async trainAll(): Promise<boolean> {
    const { sites } = this.fleet.plant();
    const isWhole = await this.train(sites);
    try {
      await this.learning.trainPools(sites, this.clock.now());
      return isWhole;
    } catch (error) {
      this.log.error({ err: error }, 'training of what sites have in common failed');
      return false;
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

  private async train(sites: readonly ForecastSite[]): Promise<boolean> {
    try {
      const reports = await this.learning.train(sites, this.clock.now(), (report) => this.log.debug(report, 'forecast models trained'));
      const trained = reports.filter((report) => report.trained);
      const failed = reports.filter((report) => report.failed !== undefined);
      if (failed.length > 0) this.log.error({ failed }, 'some sites could not be trained; they keep the models they have');
      this.log.info({ models: trained.length, seconds: trained.reduce((sum, { seconds }) => sum + seconds, 0) }, 'forecast models trained');
      return failed.length === 0;
    } catch (error) {
      this.log.error({ err: error }, 'training failed; forecasts go on with the models there are');
      return false;
    }
  }
}
