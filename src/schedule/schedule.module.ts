import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PlanEntity } from './plan.entity.js';
import { PlanService } from './plan.service.js';
import { PlanSolver } from './plan-solver.port.js';
import { WorkerSolver } from './worker-solver.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([PlanEntity])],
  providers: [{ provide: PlanSolver, useClass: WorkerSolver }, PlanService],
  exports: [PlanService],
})
export class ScheduleModule {}
