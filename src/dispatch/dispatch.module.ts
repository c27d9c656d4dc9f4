import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DecisionService } from './decision.service.js';
import { DispatchJobs } from './dispatch.jobs.js';
import { DispatchService } from './dispatch.service.js';
import { DispatchStateEntity } from './dispatch-state.entity.js';
import { LeaseSpans } from './lease-spans.js';
import { PlanWatch } from './plan-watch.service.js';
import { PlanningFactsService } from './planning-facts.service.js';
import { PlanningJobs } from './planning.jobs.js';
import { PlanningService } from './planning.service.js';
import { TrainingJobs } from './training.jobs.js';
import { WishService } from './wish.service.js';

/** Needs every room above it, and a `BaselineSource` from settlement. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([DispatchStateEntity])],
  providers: [
    DecisionService,
    DispatchService,
    DispatchJobs,
    LeaseSpans,
    PlanWatch,
    PlanningFactsService,
    PlanningService,
    PlanningJobs,
    TrainingJobs,
    WishService,
  ],
  exports: [DispatchService, DispatchJobs, LeaseSpans, PlanningService, PlanningJobs, TrainingJobs],
})
export class DispatchModule {}
