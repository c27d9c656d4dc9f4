import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EnergyHistory } from './energy-history.port.js';
import { ForecastEntity, ForecastModelEntity } from './forecast.entity.js';
import { ForecastService } from './forecast.service.js';
import { Forecaster } from './forecaster.port.js';
import { WorkerForecaster } from './worker-forecaster.js';

/** How the plant hands its closed intervals to the forecast: a factory, and the modules its arguments come from. */
export interface ForecastOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly history: Pick<FactoryProvider<EnergyHistory>, 'inject' | 'useFactory'>;
}

@Module({})
export class ForecastModule {
  static register({ imports, history }: ForecastOptions): DynamicModule {
    return {
      module: ForecastModule,
      imports: [TypeOrmModule.forFeature([ForecastEntity, ForecastModelEntity]), ...(imports ?? [])],
      providers: [{ provide: EnergyHistory, ...history }, { provide: Forecaster, useClass: WorkerForecaster }, ForecastService],
      exports: [ForecastService],
      global: true,
    };
  }
}
