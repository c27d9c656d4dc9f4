import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AlarmController } from './alarm.controller.js';
import { DispatchController } from './dispatch.controller.js';
import { EnergyController } from './energy.controller.js';
import { EnergyService } from './energy.service.js';
import { EventController } from './event.controller.js';
import { EventViewService } from './event-view.service.js';
import { FleetController } from './fleet.controller.js';
import { ForecastController } from './forecast.controller.js';
import { FleetViewService } from './fleet-view.service.js';
import { HealthController } from './health.controller.js';
import { ImportController } from './import.controller.js';
import { GridSignalController } from './grid-signal.controller.js';
import { LimitController } from './limit.controller.js';
import { LiveController } from './live.controller.js';
import { MetricsService } from './metrics.service.js';
import { PlanController } from './plan.controller.js';
import { PlantController } from './plant.controller.js';
import { PlantFacts } from './plant-facts.js';
import { PowerService } from './power.service.js';
import { ProofController } from './proof.controller.js';
import { ReadingsController } from './readings.controller.js';
import { ReadingsService } from './readings.service.js';
import { TailService } from './tail.service.js';

/** The operators' face. */
@Module({})
export class GridModule {
  static register(facts: PlantFacts): DynamicModule {
    return {
      module: GridModule,
      global: true,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [
        PlantController,
        FleetController,
        EventController,
        DispatchController,
        LimitController,
        GridSignalController,
        PlanController,
        AlarmController,
        ProofController,
        LiveController,
        ReadingsController,
        EnergyController,
        ForecastController,
        HealthController,
        ImportController,
      ],
      providers: [
        { provide: PlantFacts, useValue: facts },
        FleetViewService,
        PowerService,
        EventViewService,
        MetricsService,
        ReadingsService,
        TailService,
        EnergyService,
      ],
      exports: [PlantFacts, PowerService],
    };
  }
}
