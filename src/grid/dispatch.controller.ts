import { Body, ConflictException, Controller, Delete, Get, HttpCode, NotFoundException, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type DispatchState, DispatchService } from '../dispatch/dispatch.service.js';
import type { Decision } from '../dispatch/decision.js';
import { FleetService } from '../fleet/fleet.service.js';
import { AuditService } from '../platform/audit.service.js';
import { CallerParam, For } from '../platform/auth.guard.js';
import type { Caller } from '../platform/auth.service.js';
import { Clock } from '../platform/clock.js';
import { OverrideService } from '../signals/override.service.js';
import { decisionSchema, dispatchStateSchema, lockOutSchema, overrideRequestSchema, reasonSchema, releaseSchema } from './schemas.js';

type Reason = z.infer<typeof reasonSchema>;
const releasedSchema = dispatchStateSchema.extend({ released: z.array(z.string()), unknown: z.array(z.string()) });

/** Hands on the plant: stop everything, go on, take a device out, set one by hand. Each leaves a line in the audit log. */
@For('operator')
@ApiTags('dispatch')
@Controller('api')
export class DispatchController {
  constructor(
    private readonly dispatch: DispatchService,
    private readonly fleet: FleetService,
    private readonly overrides: OverrideService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  @Get('dispatch/decisions')
  @ApiOkResponse({ standardSchema: z.array(decisionSchema) })
  decisions(): readonly Decision[] {
    return this.dispatch.recent();
  }

  @Post('release-all')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: releasedSchema })
  async releaseAll(
    @Body({ schema: releaseSchema }) { reason: given }: Reason,
    @CallerParam() caller: Caller,
  ): Promise<z.infer<typeof releasedSchema>> {
    const reason = given === '' ? 'no reason given' : given;
    const outcome = await this.dispatch.releaseAll(reason, caller.name);
    await this.audit.record(caller.name, 'release-all', 'plant', reason);
    return { ...this.dispatch.now(), ...outcome };
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: dispatchStateSchema })
  async resume(@Body({ schema: reasonSchema }) { reason }: Reason, @CallerParam() caller: Caller): Promise<DispatchState> {
    await this.audit.record(caller.name, 'resume', 'plant', reason);
    await this.dispatch.resume(reason, caller.name);
    return this.dispatch.now();
  }

  @Get('lock-outs')
  @ApiOkResponse({ standardSchema: z.array(lockOutSchema) })
  lockOuts(): z.infer<typeof lockOutSchema>[] {
    return this.fleet.lockOuts().map(({ subject, reason, byUser, sinceMs }) => ({ subject, reason, byUser, sinceMs }));
  }

  /** Takes a device or a whole site out of control until somebody ends it. */
  @Put('lock-outs/:subject')
  @HttpCode(204)
  async lockOut(
    @Param('subject') subject: string,
    @Body({ schema: reasonSchema }) { reason }: Reason,
    @CallerParam() caller: Caller,
  ): Promise<void> {
    await this.fleet.lockOut(subject, reason, caller.name);
    await this.audit.record(caller.name, 'lock-out', subject, reason);
  }

  @Delete('lock-outs/:subject')
  @HttpCode(204)
  async endLockOut(@Param('subject') subject: string, @CallerParam() caller: Caller): Promise<void> {
    if (!(await this.fleet.endLockOut(subject))) throw new NotFoundException(`"${subject}" is not locked out.`);
    await this.audit.record(caller.name, 'end-lock-out', subject, '');
  }

  @Put('overrides/:deviceId')
  @HttpCode(204)
  async override(
    @Param('deviceId') deviceId: string,
    @Body({ schema: overrideRequestSchema }) body: z.infer<typeof overrideRequestSchema>,
    @CallerParam() caller: Caller,
  ): Promise<void> {
    const { mode, reason } = this.dispatch.now();
    if (mode === 'released')
      throw new ConflictException(`Everything is released (${reason}): nothing is commanded until somebody resumes.`);
    await this.overrides.set({ deviceId, ...body }, caller.name, this.clock.now());
    await this.audit.record(caller.name, 'override', deviceId, body.reason);
  }

  @Delete('overrides/:deviceId')
  @HttpCode(204)
  async endOverride(@Param('deviceId') deviceId: string, @CallerParam() caller: Caller): Promise<void> {
    if (!(await this.overrides.withdraw(deviceId, caller.name, this.clock.now())))
      throw new NotFoundException(`No override is in force on "${deviceId}".`);
    await this.audit.record(caller.name, 'end-override', deviceId, '');
  }
}
