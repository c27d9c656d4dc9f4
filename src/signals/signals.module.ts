import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventService } from './event.service.js';
import { EventOptOutEntity, GridEventEntity } from './grid-event.entity.js';
import { GridSignals } from './grid-signals.service.js';
import { LimitService } from './limit.service.js';
import { ManualOverrideEntity, OperatorLimitEntity } from './order.entity.js';
import { OverrideService } from './override.service.js';
import { SignalsSettings } from './signals-settings.js';
import { TariffService } from './tariff.service.js';

@Global()
@Module({})
export class SignalsModule {
  static register(settings: SignalsSettings): DynamicModule {
    const services = [TariffService, EventService, LimitService, GridSignals, OverrideService];
    return {
      module: SignalsModule,
      imports: [TypeOrmModule.forFeature([GridEventEntity, EventOptOutEntity, OperatorLimitEntity, ManualOverrideEntity])],
      providers: [{ provide: SignalsSettings, useValue: settings }, ...services],
      exports: [SignalsSettings, ...services],
    };
  }
}
