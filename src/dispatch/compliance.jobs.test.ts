import { SchedulerRegistry } from '@nestjs/schedule';
import { expect, it, vi } from 'vitest';
import { contains } from '../kernel/interval.js';
import type { AlarmService } from '../platform/alarm.service.js';
import type { AuditService } from '../platform/audit.service.js';
import type { LimitService } from '../signals/limit.service.js';
import type { OperatorLimit } from '../signals/operator-limit.js';
import type { PlantImage } from '../telemetry/image.js';
import type { TelemetryService } from '../telemetry/telemetry.service.js';
import { ComplianceJobs } from './compliance.jobs.js';
import { imageOf, NOON_MS } from './decide.fixture.js';

const LIMIT: OperatorLimit = {
  id: 1,
  scope: 'a',
  kind: 'import',
  valueW: 4_200,
  startMs: NOON_MS,
  endMs: NOON_MS + 60_000,
  reason: 'a test',
  setBy: 'dso',
  setAtMs: NOON_MS,
};

/** A site under the limit that draws these powers second by second, its battery or a charger as much. */
const lived = (limit: OperatorLimit, powersW: readonly (number | undefined)[], by: 'battery' | 'charger' = 'battery') => {
  let second = 0;
  const told = () => vi.fn<(...words: unknown[]) => Promise<void>>(() => Promise.resolve());
  const [record, raise, clear] = [told(), told(), told()];
  const jobs = new ComplianceJobs(
    { inForce: (nowMs: number) => (contains(limit, nowMs) ? [limit] : []) } as unknown as LimitService,
    { image: () => imageAt(powersW[second], by) } as unknown as TelemetryService,
    { record } as unknown as AuditService,
    { raise, clear } as unknown as AlarmService,
    new SchedulerRegistry(),
  );
  for (; second < powersW.length; second += 1) jobs.look(NOON_MS + second * 1_000);
  return { record, raise, clear, kept: jobs.kept(NOON_MS + (second - 1) * 1_000) };
};
/** Without a power its charger says nothing. */
const imageAt = (powerW: number | undefined, by: 'battery' | 'charger'): PlantImage => {
  if (powerW !== undefined) return imageOf([{ id: 'a', gridW: powerW, ...drawing(by, powerW) }]);
  const image = imageOf([{ id: 'a', gridW: 9_000 }]);
  return { ...image, sites: new Map([['a', { ...image.sites.get('a')!, silentFlows: ['flexible'] }]]) };
};
const drawing = (by: 'battery' | 'charger', drawsW: number) =>
  by === 'battery' ? { batteryW: -drawsW } : { batteryW: 0, charger: { drawsW } };
const held = (powerW: number, seconds: number): number[] => Array.from({ length: seconds }, () => powerW);

it('keeps how long it took to comply with a limit', () => {
  const { record, raise } = lived(LIMIT, [6_000, 5_000, 4_200, 4_100]);
  expect(record.mock.calls).toEqual([['dispatch', 'limit-complied', 'a', 'import 4200 W of dso: kept after 2.0 s']]);
  expect(raise).not.toHaveBeenCalled();
});

it('raises an alarm where a limit is passed and stays so, until it is kept or over', () => {
  const { raise, clear } = lived(LIMIT, [...held(6_000, 30), ...held(3_000, 40)]);
  expect(raise.mock.calls).toEqual([[expect.objectContaining({ subject: 'a import', kind: 'limit-exceeded', severity: 'critical' })]]);
  expect(clear.mock.calls).toEqual([['a import', 'limit-exceeded']]);
  expect(lived(LIMIT, held(6_000, 61)).clear).toHaveBeenCalledTimes(1);
});

it('counts what flows the limited way', () => {
  expect(lived({ ...LIMIT, kind: 'export' }, held(9_000, 30)).raise).not.toHaveBeenCalled();
  expect(lived({ ...LIMIT, kind: 'export' }, held(-9_000, 30)).raise).toHaveBeenCalledTimes(1);
  expect(lived({ ...LIMIT, kind: 'load' }, held(9_000, 30)).raise).toHaveBeenCalledTimes(1);
  expect(lived({ ...LIMIT, kind: 'load' }, held(-9_000, 30)).raise).not.toHaveBeenCalled();
  expect(lived({ ...LIMIT, kind: 'dimming' }, held(9_000, 30)).raise).toHaveBeenCalledTimes(1);
  for (const kind of ['load', 'dimming'] as const) {
    expect(lived({ ...LIMIT, kind }, held(9_000, 30), 'charger').raise).toHaveBeenCalledTimes(1);
    expect(lived({ ...LIMIT, kind }, held(4_100, 30), 'charger').raise).not.toHaveBeenCalled();
  }
  expect(lived({ ...LIMIT, scope: 'fleet' }, held(9_000, 30)).raise).toHaveBeenCalledTimes(1);
});

const NOT_KNOWN = ['dispatch', 'limit-not-known', 'a', 'load 4200 W of dso: not known from here on'];

it('does not count a silent charger as kept: that stretch is not known, at once in the log and where it is shown', () => {
  const load = { ...LIMIT, kind: 'load' as const };
  const { record, raise, kept } = lived(load, [...held(6_000, 2), ...Array.from({ length: 12 }, () => undefined)], 'charger');
  expect(kept).toEqual([{ limit: load, exceeded: false, unknownMs: 11_000 }]);
  expect([record.mock.calls, raise.mock.calls]).toEqual([[NOT_KNOWN], []]);
  const after = lived(load, [6_000, undefined, undefined, 4_000], 'charger');
  expect(after.record.mock.calls).toEqual([
    NOT_KNOWN,
    ['dispatch', 'limit-not-known', 'a', 'load 4200 W of dso: not known for 2.0 s'],
    ['dispatch', 'limit-complied', 'a', 'load 4200 W of dso: kept after 3.0 s, 2.0 s of them not known'],
  ]);
  expect(after.kept).toEqual([{ limit: load, powerW: 4_000, exceeded: false, unknownMs: 2_000, compliedAtMs: NOON_MS + 3_000 }]);
});

it('says for how long at the latest when the limit is over', () => {
  const { record } = lived({ ...LIMIT, kind: 'load' }, [...held(3_000, 50), ...Array.from({ length: 15 }, () => undefined)], 'charger');
  expect(record.mock.calls).toEqual([NOT_KNOWN, ['dispatch', 'limit-not-known', 'a', 'load 4200 W of dso: not known for 10.0 s']]);
});
