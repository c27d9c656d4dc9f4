import { Controller, Get, NotFoundException, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { SLOT_MS } from '../kernel/interval.js';
import { For } from '../platform/auth.guard.js';
import { PlanService } from '../schedule/plan.service.js';
import { TariffService } from '../signals/tariff.service.js';
import { type PlanReasons, planReasons, planReasonsQuerySchema, planReasonsSchema } from './plan-reasons.js';
import { type PlanView, planView } from './plan-view.js';
import { planViewSchema } from './schemas.js';

@For('operator')
@ApiTags('plan')
@Controller('api/plan')
export class PlanController {
  constructor(
    private readonly plans: PlanService,
    private readonly tariffs: TariffService,
    private readonly directory: PlantDirectory,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: planViewSchema })
  current(): PlanView {
    const schedule = this.plans.current();
    if (!schedule) throw new NotFoundException('There is no plan yet; the first is made within a minute of the start.');
    const plant = this.directory.plant();
    const range = { startMs: schedule.steps[0]!.startMs, endMs: schedule.steps.at(-1)!.endMs };
    return planView(schedule, plant, this.tariffs.pricesOf(plant.zone, range, SLOT_MS));
  }

  @Get('reasons')
  @ApiOkResponse({ standardSchema: planReasonsSchema })
  reasons(@Query({ schema: planReasonsQuerySchema }) { deviceId }: z.infer<typeof planReasonsQuerySchema>): PlanReasons {
    const [schedule, why] = [this.plans.current(), this.plans.why()];
    if (!schedule || !why) throw new NotFoundException('There are no reasons yet; the first plan is made within a minute of the start.');
    if (deviceId !== undefined && !why.some(({ id }) => id === deviceId))
      throw new NotFoundException(`The plan has no device "${deviceId}".`);
    return planReasons(schedule, this.directory.plant(), why, deviceId);
  }
}
