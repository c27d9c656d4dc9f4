import { ConflictException, Controller, Delete, Get, HttpCode, NotFoundException, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { SettlementService } from '../settlement/settlement.service.js';
import { type HomeEvent, homeEventSchema, type Statement, statementSchema } from '../settlement/views.js';
import { EventService, type OptOutcome } from '../signals/event.service.js';
import { HomeService } from './home.service.js';
import { daysQuerySchema, limitQuerySchema } from './schemas.js';

/** What a household earned, and the events it was asked in. */
@For('household')
@ApiTags('household')
@Controller('api/me')
export class EarningsController {
  constructor(
    private readonly home: HomeService,
    private readonly settlement: SettlementService,
    private readonly events: EventService,
    private readonly clock: Clock,
  ) {}

  @Get('statements')
  @ApiOkResponse({ standardSchema: z.array(statementSchema) })
  statements(
    @Query({ schema: daysQuerySchema }) { days }: z.infer<typeof daysQuerySchema>,
    @CallerParam() caller: Caller,
  ): Promise<Statement[]> {
    return this.settlement.statementsOf(this.householdOf(caller), days, this.clock.now());
  }

  @Get('events')
  @ApiOkResponse({ standardSchema: z.array(homeEventSchema) })
  homeEvents(
    @Query({ schema: limitQuerySchema }) { limit }: z.infer<typeof limitQuerySchema>,
    @CallerParam() caller: Caller,
  ): Promise<HomeEvent[]> {
    return this.settlement.homeEvents(this.householdOf(caller), this.clock.now(), limit);
  }

  /** Stays out of one event, also while it runs. */
  @Post('events/:id/opt-out')
  @HttpCode(204)
  async optOut(@Param('id') id: string, @CallerParam() caller: Caller): Promise<void> {
    const site = this.home.siteOf(caller.householdId);
    said(await this.events.optOut(id, site.id, caller.name, this.clock.now()), id);
  }

  @Delete('events/:id/opt-out')
  @HttpCode(204)
  async optIn(@Param('id') id: string, @CallerParam() caller: Caller): Promise<void> {
    const site = this.home.siteOf(caller.householdId);
    said(await this.events.optIn(id, site.id, this.clock.now()), id);
  }

  private householdOf(caller: Caller): string {
    return this.home.siteOf(caller.householdId).householdId!;
  }
}

const said = (outcome: OptOutcome, id: string): void => {
  if (outcome.kind === 'unknown-event') throw new NotFoundException(`There is no event "${id}".`);
  if (outcome.kind === 'too-late') throw new ConflictException(`The event is ${outcome.state} already.`);
};
