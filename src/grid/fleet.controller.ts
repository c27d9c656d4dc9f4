import { Controller, Get, NotFoundException, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { FleetService } from '../fleet/fleet.service.js';
import { BadInput } from '../kernel/errors.js';
import { DAY_MS } from '../kernel/units.js';
import { For } from '../platform/auth.guard.js';
import { Clock } from '../platform/clock.js';
import { EventService } from '../signals/event.service.js';
import { type DeviceRow, type FleetNowView, FleetViewService, type SiteRow } from './fleet-view.service.js';
import { PowerService, type PowerSeries } from './power.service.js';
import { deviceRowSchema, fleetNowSchema, powerQuerySchema, powerSeriesSchema, siteRowSchema } from './schemas.js';

const LONGEST_SERIES_MS = 45 * DAY_MS;

@For('operator')
@ApiTags('fleet')
@Controller('api')
export class FleetController {
  constructor(
    private readonly view: FleetViewService,
    private readonly power: PowerService,
    private readonly events: EventService,
    private readonly fleet: FleetService,
    private readonly clock: Clock,
  ) {}

  @Get('fleet/now')
  @ApiOkResponse({ standardSchema: fleetNowSchema })
  async now(): Promise<FleetNowView> {
    const nowMs = this.clock.now();
    return this.view.fleetNow(nowMs, (await this.events.active(nowMs))?.id);
  }

  @Get('fleet/power')
  @ApiOkResponse({ standardSchema: powerSeriesSchema })
  series(@Query({ schema: powerQuerySchema }) query: z.infer<typeof powerQuerySchema>): Promise<PowerSeries> {
    const { fromMs, toMs, stepMs, siteId } = query;
    if (siteId !== undefined && !this.fleet.site(siteId)) throw new NotFoundException(`There is no site "${siteId}".`);
    return this.power.series(checkedRange(fromMs, toMs), stepMs, siteId, this.clock.now());
  }

  @Get('sites')
  @ApiOkResponse({ standardSchema: z.array(siteRowSchema) })
  sites(): SiteRow[] {
    return this.view.siteRows(this.clock.now());
  }

  @Get('sites/:siteId')
  @ApiOkResponse({ standardSchema: siteRowSchema })
  site(@Param('siteId') siteId: string): SiteRow {
    const row = this.view.siteRows(this.clock.now()).find(({ id }) => id === siteId);
    if (!row) throw new NotFoundException(`There is no site "${siteId}".`);
    return row;
  }

  @Get('devices')
  @ApiOkResponse({ standardSchema: z.array(deviceRowSchema) })
  devices(): DeviceRow[] {
    return this.view.deviceRows(this.clock.now());
  }

  @Get('devices/:deviceId')
  @ApiOkResponse({ standardSchema: deviceRowSchema })
  device(@Param('deviceId') deviceId: string): DeviceRow {
    const row = this.view.deviceRows(this.clock.now()).find(({ id }) => id === deviceId);
    if (!row) throw new NotFoundException(`There is no device "${deviceId}".`);
    return row;
  }
}

/** A range a chart may ask for: forward, and not so long that it would hold up everybody else. */
export const checkedRange = (fromMs: number, toMs: number): { startMs: number; endMs: number } => {
  if (!(toMs > fromMs)) throw new BadInput('toMs: must be after fromMs');
  if (toMs - fromMs > LONGEST_SERIES_MS) throw new BadInput(`toMs: at most ${LONGEST_SERIES_MS / DAY_MS} days after fromMs`);
  return { startMs: fromMs, endMs: toMs };
};
