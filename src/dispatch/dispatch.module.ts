import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ComplianceJobs } from './compliance.jobs.js';
import { DecisionLog } from './decision-log.js';
import { DecisionService } from './decision.service.js';
import { DispatchJobs } from './dispatch.jobs.js';
import { DispatchService } from './dispatch.service.js';
import { DispatchStateEntity } from './dispatch-state.entity.js';
import { EventDeliveryService } from './event-delivery.service.js';
import { EventFactsService } from './event-facts.service.js';
import { LeaseSpans } from './lease-spans.js';
import { LoadNeeds } from './load-needs.service.js';
import { PlanWatch } from './plan-watch.service.js';
import { PlanningFactsService } from './planning-facts.service.js';
import { PlanningJobs } from './planning.jobs.js';
import { PlanningService } from './planning.service.js';
import { PromptCycles } from './prompt-cycles.service.js';
import { StartFailures } from './start-failures.service.js';
import { TrainingJobs } from './training.jobs.js';
import { WishService } from './wish.service.js';

/** Needs every room above it, and a `BaselineSource` from settlement. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([DispatchStateEntity])],
  providers: [
    ComplianceJobs,
    DecisionLog,
    DecisionService,
    DispatchService,
    DispatchJobs,
    EventDeliveryService,
    EventFactsService,
    LeaseSpans,
    LoadNeeds,
    PlanWatch,
    PlanningFactsService,
    PlanningService,
    PlanningJobs,
    PromptCycles,
    StartFailures,
    TrainingJobs,
    WishService,
  ],
  exports: [
    ComplianceJobs,
    DispatchService,
    DispatchJobs,
    EventDeliveryService,
    LeaseSpans,
    PlanningService,
    PlanningJobs,
    PromptCycles,
    TrainingJobs,
  ],
})
export class DispatchModule {}
