import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { AlarmEntity } from '../platform/alarm.entity.js';
import { AlarmService } from '../platform/alarm.service.js';
import { AuditService } from '../platform/audit.service.js';
import { For } from '../platform/auth.guard.js';
import { alarmSchema } from './schemas.js';

const SHOWN = 200;
const auditSchema = z.object({
  id: z.number().int(),
  atMs: z.number(),
  byUser: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string(),
});

export type AlarmView = z.infer<typeof alarmSchema>;

export const alarmView = ({ id, raisedAtMs, clearedAtMs, severity, subject, kind, message }: AlarmEntity): AlarmView => ({
  id,
  raisedAtMs,
  clearedAtMs: clearedAtMs ?? undefined,
  severity,
  subject,
  kind,
  message,
});

@For('operator')
@ApiTags('alarms')
@Controller('api')
export class AlarmController {
  constructor(
    private readonly alarms: AlarmService,
    private readonly audit: AuditService,
  ) {}

  @Get('alarms')
  @ApiOkResponse({ standardSchema: z.array(alarmSchema) })
  async newest(): Promise<AlarmView[]> {
    const newest = await this.alarms.newest(SHOWN);
    const ids = new Set(newest.map(({ id }) => id));
    // However long ago it was raised, what stands is not left out.
    return [...newest, ...this.alarms.standing().filter(({ id }) => !ids.has(id))].map(alarmView);
  }

  @Get('audit')
  @ApiOkResponse({ standardSchema: z.array(auditSchema) })
  auditLog(): Promise<z.infer<typeof auditSchema>[]> {
    return this.audit.newest(SHOWN);
  }
}
