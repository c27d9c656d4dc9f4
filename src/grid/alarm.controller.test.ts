import { expect, it } from 'vitest';
import type { AlarmEntity } from '../platform/alarm.entity.js';
import type { AlarmService } from '../platform/alarm.service.js';
import type { AuditService } from '../platform/audit.service.js';
import { AlarmController } from './alarm.controller.js';

it('tells every alarm that stands, however many have come since', async () => {
  const alarm = (id: number, clearedAtMs: number | null): AlarmEntity => ({
    id,
    subject: 'pack',
    kind: 'setpoint battery-power',
    severity: 'warning',
    message: '',
    raisedAtMs: id,
    clearedAtMs,
  });
  const all = [...Array.from({ length: 300 }, (_, i) => alarm(300 - i, i === 0 ? null : 400)), alarm(0, null)];
  const alarms = {
    newest: (limit: number) => Promise.resolve(all.slice(0, limit)),
    standing: () => all.filter(({ clearedAtMs }) => clearedAtMs === null),
  };
  const told = await new AlarmController(alarms as unknown as AlarmService, {} as AuditService).newest();
  expect(told.map(({ id }) => id)).toEqual([...all.slice(0, 200).map(({ id }) => id), 0]);
  expect(told.at(-1)).toMatchObject({ kind: 'setpoint battery-power' });
});
