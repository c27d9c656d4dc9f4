import { SchedulerRegistry } from '@nestjs/schedule';
import { Subject } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManualClock } from '../platform/clock.js';
import type { EventService } from '../signals/event.service.js';
import type { LimitService } from '../signals/limit.service.js';
import type { OverrideService } from '../signals/override.service.js';
import { DispatchJobs } from './dispatch.jobs.js';
import type { DispatchService } from './dispatch.service.js';
import { LeaseSpans } from './lease-spans.js';
import { PromptCycles } from './prompt-cycles.service.js';
import { until } from '../../test/until.js';

const NOW = Date.UTC(2026, 5, 1, 12);

let clock: ManualClock;
let jobs: DispatchJobs;
let ends: (() => void)[];
let misses: number[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  [clock, ends, misses] = [new ManualClock(NOW), [], []];
  const dispatch = {
    runCycle: () => new Promise<void>((resolve) => ends.push(resolve)),
    miss: (sinceMs: number) => misses.push(sinceMs),
    close: () => undefined,
    bearing: () => [],
  } as unknown as DispatchService;
  jobs = new DispatchJobs(dispatch, new LeaseSpans(), clock, new SchedulerRegistry());
  jobs.start(1_000);
});
afterEach(() => {
  jobs.stop();
  vi.useRealTimers();
});

it('never has two cycles at once, and gives one up that takes longer than ten seconds', async () => {
  await vi.advanceTimersByTimeAsync(3_000);
  expect(ends).toHaveLength(1);
  clock.set(NOW + 10_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(misses).toEqual([]);
  clock.set(NOW + 11_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(misses).toEqual([NOW]);
  ends[0]!();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ends).toHaveLength(2);
});

it('gives no cycle up for a clock that leaps ahead', async () => {
  await vi.advanceTimersByTimeAsync(1_000);
  clock.leap(300_000);
  await vi.advanceTimersByTimeAsync(1_000);
  clock.set(NOW + 310_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(misses).toEqual([]);
  clock.set(NOW + 310_001);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(misses).toEqual([NOW]);
});

it('decides at once when somebody says something new, and once more where a cycle is under way', async () => {
  const changes = new Subject<undefined>();
  const quiet = { changes: new Subject<undefined>() };
  const sources = [{ changes }, quiet, quiet] as unknown as [LimitService, OverrideService, EventService];
  const prompt = new PromptCycles(...sources, jobs);
  prompt.start();
  changes.next(undefined);
  expect(ends).toHaveLength(1);
  changes.next(undefined);
  changes.next(undefined);
  expect(ends).toHaveLength(1);
  ends[0]!();
  await until(() => expect(ends).toHaveLength(2));
  ends[1]!();
  await Promise.resolve();
  prompt.onModuleDestroy();
  changes.next(undefined);
  expect(ends).toHaveLength(2);
});
