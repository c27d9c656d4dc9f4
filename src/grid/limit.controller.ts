import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ComplianceJobs } from '../dispatch/compliance.jobs.js';
import { DispatchService } from '../dispatch/dispatch.service.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { LimitService } from '../signals/limit.service.js';
import type { OperatorLimit } from '../signals/operator-limit.js';
import { heldLimitSchema, limitRequestSchema, limitSchema } from './schemas.js';

/** `note`: where a limit is taken that nothing holds to for now. */
const setSchema = limitSchema.extend({ note: z.string().optional() });

/** Safety limits a grid operator sets on a site's or the fleet's power. */
@For('operator')
@ApiTags('limits')
@Controller('api/limits')
export class LimitController {
  constructor(
    private readonly limits: LimitService,
    private readonly dispatch: DispatchService,
    private readonly compliance: ComplianceJobs,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: z.array(limitSchema) })
  list(): OperatorLimit[] {
    return this.limits.list(this.clock.now());
  }

  @Post()
  @ApiCreatedResponse({ standardSchema: setSchema })
  async set(
    @Body({ schema: limitRequestSchema }) body: z.infer<typeof limitRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<z.infer<typeof setSchema>> {
    const limit = await this.limits.set(body, caller.name, this.clock.now());
    await this.audit.record(caller.name, 'set-limit', body.scope, `${body.kind} ${body.valueW} W: ${body.reason}`);
    const { mode, reason } = this.dispatch.now();
    return mode === 'running'
      ? limit
      : { ...limit, note: `It is not held to for now, since nothing is commanded: dispatch is ${mode} (${reason}).` };
  }

  /** Limits in force now, safe ones included, with whether and since when each is kept. */
  @Get('held')
  @ApiOkResponse({ standardSchema: z.array(heldLimitSchema) })
  held(): z.infer<typeof heldLimitSchema>[] {
    return this.compliance.kept(this.clock.now()).map(({ limit, exceeded = false, ...kept }) => ({ ...limit, ...kept, exceeded }));
  }

  @Delete(':id')
  @HttpCode(204)
  async withdraw(@Param('id', ParseIntPipe) id: number, @CallerParam() caller: Caller): Promise<void> {
    if (!(await this.limits.withdraw(id, caller.name, this.clock.now()))) throw new NotFoundException(`No limit ${id} is in force.`);
    await this.audit.record(caller.name, 'withdraw-limit', String(id), '');
  }
}
