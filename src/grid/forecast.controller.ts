import { Controller, Get, NotFoundException, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { FleetService } from '../fleet/fleet.service.js';
import { LearningService } from '../forecast/learning.service.js';
import { DAY_MS } from '../kernel/units.js';
import { For } from '../platform/auth.guard.js';
import { Clock } from '../platform/clock.js';
import { type Scoreboard, scoreboardQuerySchema, scoreboardSchema } from './scoreboard-schema.js';

/** How well the forecasts of each site do, and who they come from. */
@For('operator')
@ApiTags('forecasts')
@Controller('api/forecasts')
export class ForecastController {
  constructor(
    private readonly learning: LearningService,
    private readonly fleet: FleetService,
    private readonly clock: Clock,
  ) {}

  @Get('scoreboard')
  @ApiOkResponse({ standardSchema: scoreboardSchema })
  async scoreboard(@Query({ schema: scoreboardQuerySchema }) query: z.infer<typeof scoreboardQuerySchema>): Promise<Scoreboard> {
    const { siteId, days } = query;
    if (siteId !== undefined && !this.fleet.site(siteId)) throw new NotFoundException(`There is no site "${siteId}".`);
    const sinceMs = this.clock.now() - days * DAY_MS;
    const sites = this.fleet.plant().sites.filter(({ id }) => siteId === undefined || id === siteId);
    const rows: Scoreboard['sites'] = [];
    for (const { id } of sites) rows.push({ siteId: id, quantities: await this.learning.scoreboard(id, sinceMs) });
    return { sinceMs, sites: rows };
  }
}
