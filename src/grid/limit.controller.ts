import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { LimitService } from '../signals/limit.service.js';
import type { OperatorLimit } from '../signals/operator-limit.js';
import { limitRequestSchema, limitSchema } from './schemas.js';

/** Safety limits a grid operator sets on a site's or the fleet's power. */
@For('operator')
@ApiTags('limits')
@Controller('api/limits')
export class LimitController {
  constructor(
    private readonly limits: LimitService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOkResponse({ standardSchema: z.array(limitSchema) })
  list(): OperatorLimit[] {
    return this.limits.list(this.clock.now());
  }

  @Post()
  @ApiCreatedResponse({ standardSchema: limitSchema })
  async set(
    @Body({ schema: limitRequestSchema }) body: z.infer<typeof limitRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<OperatorLimit> {
    const limit = await this.limits.set(body, caller.name, this.clock.now());
    await this.audit.record(caller.name, 'set-limit', body.scope, `${body.kind} ${body.valueW} W: ${body.reason}`);
    return limit;
  }

  @Delete(':id')
  @HttpCode(204)
  async withdraw(@Param('id', ParseIntPipe) id: number, @CallerParam() caller: Caller): Promise<void> {
    if (!(await this.limits.withdraw(id, caller.name, this.clock.now()))) throw new NotFoundException(`No limit ${id} is in force.`);
    await this.audit.record(caller.name, 'withdraw-limit', String(id), '');
  }
}
