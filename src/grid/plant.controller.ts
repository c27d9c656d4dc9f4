import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { Open } from '../platform/auth.guard.js';
import { Clock } from '../platform/clock.js';
import { PlantFacts } from './plant-facts.js';
import { plantInfoSchema } from './schemas.js';

export type PlantInfo = z.infer<typeof plantInfoSchema>;

@ApiTags('plant')
@Controller('api/plant')
export class PlantController {
  constructor(
    private readonly directory: PlantDirectory,
    private readonly facts: PlantFacts,
    private readonly clock: Clock,
  ) {}

  @Open()
  @Get()
  @ApiOkResponse({ standardSchema: plantInfoSchema })
  plant(): PlantInfo {
    return plantInfo(this.directory, this.facts, this.clock.now());
  }
}

export const plantInfo = (directory: PlantDirectory, facts: PlantFacts, nowMs: number): PlantInfo => {
  const { name, zone, currency } = directory.plant();
  return {
    name,
    zone,
    currency,
    nowMs,
    mode: facts.mode,
    simulated: facts.simulated,
    replay: facts.replay,
    clockOffsetMs: facts.clockOffsetMs,
    intervalMinutes: facts.intervalMinutes,
    ledger: facts.ledger,
    history: facts.history(),
    demoLogins: facts.demoLogins,
  };
};
