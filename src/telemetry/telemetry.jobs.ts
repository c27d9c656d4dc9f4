import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { RetentionService } from './retention.service.js';
import { TelemetryAlarms } from './telemetry-alarms.js';
import { TelemetryService } from './telemetry.service.js';

@Injectable()
export class TelemetryJobs {
  constructor(
    private readonly telemetry: TelemetryService,
    private readonly retention: RetentionService,
    private readonly alarms: TelemetryAlarms,
  ) {}

  @Interval('telemetry-flush', SECOND_MS)
  async flush(): Promise<void> {
    this.telemetry.publish();
    await this.telemetry.flush();
  }

  @Interval('telemetry-minute', MINUTE_MS)
  async everyMinute(): Promise<void> {
    this.telemetry.weighSites();
    await this.alarms.save();
  }

  @Interval('telemetry-retention', HOUR_MS)
  async prune(): Promise<void> {
    try {
      await this.retention.prune();
    } catch (error) {
      this.alarms.failed('forgetting old readings', error);
    }
  }
}
