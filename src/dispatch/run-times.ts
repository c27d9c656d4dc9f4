import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { DeviceId } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { draftOf } from '../platform/durable-file.js';
import type { GeneratorNow } from './generator-rules.js';

/** Whether a device runs, and since when; unknown where nobody saw it change. */
export type RunTime = Pick<GeneratorNow, 'running' | 'sinceMs'>;

const fileSchema = z.array(z.object({ deviceId: z.string(), running: z.boolean(), sinceMs: z.number() }));

/** Since when devices run or stand, as it outlives the plant: a contactor or an engine does not know that it was started anew. */
export class RunTimes {
  private file: string | undefined;
  private kept: ReadonlyMap<DeviceId, RunTime> = new Map();

  constructor(private readonly name: string) {}

  get(id: DeviceId): RunTime | undefined {
    return this.kept.get(id);
  }

  /** What an earlier plant has left in the folder, which is kept up from here on. A time that lies ahead is none. */
  rememberIn(dataDir: string, nowMs: EpochMs): ReadonlyMap<DeviceId, RunTime> {
    this.file = join(dataDir, this.name);
    const left = leftIn(this.file).filter(({ sinceMs }) => sinceMs <= nowMs);
    this.kept = new Map(left.map(({ deviceId, running, sinceMs }) => [deviceId, { running, sinceMs }]));
    return this.kept;
  }

  keep(runs: ReadonlyMap<DeviceId, RunTime>): void {
    const timed = [...runs].filter(([, { sinceMs }]) => sinceMs !== undefined);
    this.kept = new Map(timed.map(([id, { running, sinceMs }]) => [id, { running, sinceMs }]));
    if (this.file === undefined) return;
    try {
      writeFileSync(draftOf(this.file), JSON.stringify([...this.kept].map(([deviceId, run]) => ({ deviceId, ...run }))));
      renameSync(draftOf(this.file), this.file);
    } catch {
      // A full disk must not stop the cycle of decisions.
    }
  }
}

const leftIn = (file: string): z.infer<typeof fileSchema> => {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
};
