import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule as TimersModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import type { Logger } from 'pino';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { FieldModule } from '../field/field.module.js';
import { FleetModule } from '../fleet/fleet.module.js';
import type { Fleet } from '../fleet/fleet-file.js';
import { ForecastModule } from '../forecast/forecast.module.js';
import { OpenMeteo } from '../forecast/adapters/open-meteo.js';
import { WeatherFile } from '../forecast/adapters/weather-file.js';
import { NoWeather, type WeatherSource } from '../forecast/weather-source.port.js';
import { GridModule } from '../grid/grid.module.js';
import type { PlantFacts } from '../grid/plant-facts.js';
import { type DurationMs, MINUTE_MS } from '../kernel/units.js';
import type { Clock } from '../platform/clock.js';
import type { Config } from '../platform/config.js';
import { PlatformModule } from '../platform/platform.module.js';
import { PortalModule } from '../portal/portal.module.js';
import { type LedgerTarget, ProofModule } from '../proof/proof.module.js';
import { ScheduleModule } from '../schedule/schedule.module.js';
import { SettlementModule } from '../settlement/settlement.module.js';
import { SettlementSettings } from '../settlement/settlement-settings.js';
import { SignalsModule } from '../signals/signals.module.js';
import { SignalsSettings } from '../signals/signals-settings.js';
import type { Tariff } from '../signals/tariff.js';
import { IntervalService } from '../telemetry/interval.service.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { readingTarget } from './reading-target.js';

export interface PlantOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fleet: Fleet<Tariff>;
  readonly facts: PlantFacts;
  /** Name of the proof log. */
  readonly origin: string;
}

/** The whole plant: every room, in the order of the way of the data. */
@Module({})
export class PlantModule {
  static register({ config, clock, log, fleet, facts, origin }: PlantOptions): DynamicModule {
    const intervalMs: DurationMs = facts.intervalMinutes * MINUTE_MS;
    return {
      module: PlantModule,
      imports: [
        TimersModule.forRoot(),
        TerminusModule.forRoot({ logger: false }),
        PlatformModule.register({ clock, log, database: config.database, timeServer: config.timeServer }),
        FleetModule.register(fleet),
        TelemetryModule.register({ store: readingTarget(config), retention: { rawDays: config.rawRetentionDays } }),
        FieldModule.register({ imports: [], dataDir: config.dataDir }),
        SignalsModule.register(new SignalsSettings(intervalMs, fleet.tariff)),
        ForecastModule.register({
          history: {
            inject: [IntervalService],
            useFactory: (intervals: IntervalService) => ({
              intervals: (siteId, period) => intervals.intervalsOf({ siteIds: [siteId], fromMs: period.startMs, toMs: period.endMs }),
            }),
          },
          weather: weatherSource(config, log),
        }),
        ScheduleModule,
        DispatchModule,
        ProofModule.register({
          ledger: ledgerTarget(config),
          origin,
          keysDir: `${config.dataDir}/keys`,
          decisionsFile: `${config.dataDir}/told.jsonl`,
          keys: config.proofKeys,
          anchorSigner: config.anchorSigner,
          demo: facts.mode === 'demo',
          anchorPeriodMs: intervalMs,
        }),
        SettlementModule.register(new SettlementSettings(intervalMs)),
        GridModule.register(facts),
        PortalModule,
      ],
    };
  }
}

const weatherSource = ({ weather }: Config, log: Logger): WeatherSource => {
  if (weather === undefined) return new NoWeather();
  const failed = (reason: string): void => log.warn({ reason }, 'no new weather; forecasts go on with what is known');
  return /^https?:/.test(weather) ? new OpenMeteo(weather, failed) : new WeatherFile(weather, failed);
};

const ledgerTarget = ({ solanaRpcUrl, dataDir }: Config): LedgerTarget =>
  solanaRpcUrl === undefined ? { kind: 'embedded', dir: `${dataDir}/ledger` } : { kind: 'rpc', url: solanaRpcUrl };
