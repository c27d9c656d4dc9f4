import { Body, Controller, Get, type MessageEvent, Put, Query, Sse } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { FleetService } from '../fleet/fleet.service.js';
import type { Consent } from '../fleet/plant.js';
import { checkedRange } from '../grid/fleet.controller.js';
import { every, streamOf, together } from '../grid/live.js';
import { PowerService, type PowerSeries } from '../grid/power.service.js';
import { powerQuerySchema, powerSeriesSchema } from '../grid/schemas.js';
import { SECOND_MS } from '../kernel/units.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { EventService } from '../signals/event.service.js';
import { type EnergyDay, HomeService, type HomeNow } from './home.service.js';
import { consentSchema, daysQuerySchema, energyDaySchema, homeNowSchema } from './schemas.js';

/** A household's own home: every route answers for the caller's household and for no other. */
@For('household')
@ApiTags('household')
@Controller('api/me')
export class HomeController {
  constructor(
    private readonly home: HomeService,
    private readonly power: PowerService,
    private readonly fleet: FleetService,
    private readonly events: EventService,
    private readonly clock: Clock,
  ) {}

  @Get('now')
  @ApiOkResponse({ standardSchema: homeNowSchema })
  now(@CallerParam() caller: Caller): Promise<HomeNow> {
    return this.home.now(this.home.siteOf(caller.householdId), this.clock.now());
  }

  @Get('power')
  @ApiOkResponse({ standardSchema: powerSeriesSchema })
  series(
    @Query({ schema: powerQuerySchema }) query: z.infer<typeof powerQuerySchema>,
    @CallerParam() caller: Caller,
  ): Promise<PowerSeries> {
    const site = this.home.siteOf(caller.householdId);
    return this.power.series(checkedRange(query.fromMs, query.toMs), query.stepMs, site.id, this.clock.now());
  }

  @Get('energy')
  @ApiOkResponse({ standardSchema: z.array(energyDaySchema) })
  energy(
    @Query({ schema: daysQuerySchema }) { days }: z.infer<typeof daysQuerySchema>,
    @CallerParam() caller: Caller,
  ): Promise<EnergyDay[]> {
    return this.home.energyDays(this.home.siteOf(caller.householdId), days, this.clock.now());
  }

  /** Stays out of all events, and how much the battery keeps back. */
  @Put('consent')
  @ApiOkResponse({ standardSchema: consentSchema })
  async consent(@Body({ schema: consentSchema }) body: Consent, @CallerParam() caller: Caller): Promise<Consent> {
    const { id } = this.home.siteOf(caller.householdId);
    await this.fleet.setConsent(id, body);
    if (body.optedOut) await this.leaveEvents(id, caller.name);
    return this.fleet.consentOf(id);
  }

  @Sse('live')
  @ApiOkResponse(streamOf('`home`, with the JSON of GET /api/me/now'))
  live(@CallerParam() caller: Caller): Observable<MessageEvent> {
    const site = this.home.siteOf(caller.householdId);
    return together(every(SECOND_MS, 'home', () => this.home.now(site, this.clock.now())));
  }

  /** Who wants no part in events steps out of those that run or are to come, too. */
  private async leaveEvents(siteId: string, byUser: string): Promise<void> {
    const nowMs = this.clock.now();
    const active = await this.events.active(nowMs);
    for (const { id } of [...(active ? [active] : []), ...(await this.events.announced(nowMs))])
      await this.events.optOut(id, siteId, byUser, nowMs);
  }
}
