import { Body, Controller, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { MINUTE_MS } from '../kernel/units.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { GridSignals } from '../signals/grid-signals.service.js';
import { dimmingRequestSchema, limitSchema, rippleRequestSchema } from './schemas.js';

/** The limit that a receiver's word means; none where it means none. */
const receivedSchema = z.object({ limit: limitSchema.optional() });

/** What receivers of network operators say at sites. */
@For('operator')
@ApiTags('limits')
@Controller('api/limits')
export class GridSignalController {
  constructor(
    private readonly signals: GridSignals,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** The contacts of a site's ripple-control receiver. */
  @Put('ripple/:siteId')
  @ApiOkResponse({ standardSchema: receivedSchema })
  async ripple(
    @Param('siteId') siteId: string,
    @Body({ schema: rippleRequestSchema }) { closedPct, validMinutes }: z.infer<typeof rippleRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<z.infer<typeof receivedSchema>> {
    const limit = await this.signals.ripple({ siteId, validMs: validMinutes * MINUTE_MS }, closedPct, caller.name, this.clock.now());
    await this.audit.record(caller.name, 'ripple-control', siteId, closedPct.length === 0 ? 'signal lost' : `${closedPct.join(', ')} %`);
    return limit ? { limit } : {};
  }

  /** The dimming signal of § 14a EnWG. */
  @Put('dimming/:siteId')
  @ApiOkResponse({ standardSchema: receivedSchema })
  async dim(
    @Param('siteId') siteId: string,
    @Body({ schema: dimmingRequestSchema }) { dimmed, validMinutes }: z.infer<typeof dimmingRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<z.infer<typeof receivedSchema>> {
    const limit = await this.signals.dim({ siteId, validMs: validMinutes * MINUTE_MS }, dimmed, caller.name, this.clock.now());
    await this.audit.record(caller.name, 'dimming', siteId, limit ? `to ${limit.valueW} W` : 'ended');
    return limit ? { limit } : {};
  }
}
