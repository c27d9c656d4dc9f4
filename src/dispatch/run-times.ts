import { join } from 'node:path';
import { z } from 'zod';
import type { DeviceId } from '../fleet/plant.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';
import { LeftRows } from '../platform/left-rows.js';
import type { GeneratorNow } from './generator-rules.js';
import { leaptBy } from './leap.js';

/** Whether a device runs, and since when; unknown where nobody saw it change. */
export type RunTime = Pick<GeneratorNow, 'running' | 'sinceMs'>;

const rowSchema = z.object({ deviceId: z.string(), running: z.boolean(), sinceMs: z.number().optional() });

/** Since when devices run or stand, as it outlives the plant: a contactor or an engine does not know that it was started anew. */
export class RunTimes {
  private file: LeftRows<z.infer<typeof rowSchema>> | undefined;
  private kept: ReadonlyMap<DeviceId, RunTime> = new Map();

  constructor(private readonly name: string) {}

  get(id: DeviceId): RunTime | undefined {
    return this.kept.get(id);
  }

  /** What an earlier plant has left in the folder, which is kept up from here on. What lies ahead, by a clock that was set back since, has begun just now. */
  rememberIn(dataDir: string, nowMs: EpochMs): ReadonlyMap<DeviceId, RunTime> {
    this.file = new LeftRows(join(dataDir, this.name), rowSchema);
    const left = this.file.read();
    this.kept = new Map(
      left.map(({ deviceId, running, sinceMs }) => [deviceId, { running, sinceMs: sinceMs && Math.min(sinceMs, nowMs) }]),
    );
    return this.kept;
  }

  /** Takes these down beside those that were not heard since. */
  keep(runs: ReadonlyMap<DeviceId, RunTime>): void {
    this.kept = new Map([...this.kept, ...[...runs].map(([id, { running, sinceMs }]) => [id, { running, sinceMs }] as const)]);
    this.file?.keep(
      [...this.kept].map(([deviceId, { running, sinceMs }]) => ({ deviceId, running, ...(sinceMs === undefined ? {} : { sinceMs }) })),
    );
  }

  /** The clock has leapt ahead: what a later plant finds has to be by the new time. */
  leap(byMs: DurationMs): void {
    this.keep(new Map([...this.kept].map(([deviceId, run]) => [deviceId, leaptBy(run, byMs)])));
  }
}
