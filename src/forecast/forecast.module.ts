import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EnergyHistory } from './energy-history.port.js';
import { ForecastEntity, ForecastModelEntity, ForecastScoreEntity } from './forecast.entity.js';
import { ForecastService } from './forecast.service.js';
import { ForecastStore } from './forecast-store.js';
import { Forecaster } from './forecaster.port.js';
import { LearningService } from './learning.service.js';
import { SiteHistories } from './site-history.js';
import { WeatherSource } from './weather-source.port.js';
import { WorkerForecaster } from './worker-forecaster.js';

/** How the plant hands its closed intervals to the forecast: a factory, and the modules its arguments come from. */
export interface ForecastOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly history: Pick<FactoryProvider<EnergyHistory>, 'inject' | 'useFactory'>;
  readonly weather: WeatherSource;
}

@Module({})
export class ForecastModule {
  static register({ imports, history, weather }: ForecastOptions): DynamicModule {
    return {
      module: ForecastModule,
      imports: [TypeOrmModule.forFeature([ForecastEntity, ForecastModelEntity, ForecastScoreEntity]), ...(imports ?? [])],
      providers: [
        { provide: EnergyHistory, ...history },
        { provide: Forecaster, useClass: WorkerForecaster },
        { provide: WeatherSource, useValue: weather },
        SiteHistories,
        ForecastStore,
        ForecastService,
        LearningService,
      ],
      exports: [ForecastService, LearningService],
      global: true,
    };
  }
}
