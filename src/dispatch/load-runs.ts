import { LOAD_STATE, type SampleValues } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import type { DurationMs, EpochMs, Watt } from '../kernel/units.js';
import type { PlantImage } from '../telemetry/image.js';
import { leapAll } from './leap.js';
import { type RunTime, RunTimes } from './run-times.js';

/** Whether a flexible load draws, and since when; unknown where nobody saw it change, and where it stands without being held back. */
export type LoadRun = RunTime;

/** Of one that tells no state: what its electronics alone draw. */
const STANDBY_W: Watt = 50;

/** A load after it has been looked at once more. `isToldToWait`: it holds a setpoint of ours under which it cannot draw. */
export const watchRun = (known: LoadRun | undefined, values: SampleValues, isToldToWait: boolean, atMs: EpochMs): LoadRun | undefined => {
  const { 'flexible.state': state, 'flexible.powerW': powerW } = values;
  if (state === undefined && powerW === undefined) return known;
  const running = state === undefined ? 0 - powerW! > STANDBY_W : state === LOAD_STATE.draws;
  const isHeldBack = state === undefined ? isToldToWait : state === LOAD_STATE.heldBack;
  // A car that has left, or is full, was not made to stop.
  if (!running && !isHeldBack) return known?.running === false && known.sinceMs === undefined ? known : { running, sinceMs: undefined };
  if (known?.running === running) return known;
  return { running, sinceMs: known && atMs };
};

/** Since when each flexible load draws or waits. Kept in a file as well. */
export class LoadRuns {
  private readonly runs = new Map<DeviceId, LoadRun>();
  private readonly kept = new RunTimes('load-runs.json');

  /** Takes up what an earlier plant has left in the folder, and keeps its own there from here on. */
  rememberIn(dataDir: string, nowMs: EpochMs): void {
    for (const [deviceId, run] of this.kept.rememberIn(dataDir, nowMs)) this.runs.set(deviceId, run);
  }

  see(loads: readonly Device[], { devices, atMs }: PlantImage, isToldToWait: (id: DeviceId) => boolean): void {
    let changed = false;
    for (const { id } of loads) {
      const values = devices.get(id)?.values;
      const known = this.runs.get(id);
      const now = values && watchRun(known, values, isToldToWait(id), atMs);
      if (!now || now === known) continue;
      this.runs.set(id, now);
      if (now.sinceMs !== known?.sinceMs) changed = true;
    }
    if (changed) this.kept.keep(this.runs);
  }

  /** The clock has leapt ahead. */
  leap(byMs: DurationMs): void {
    leapAll(this.runs, byMs);
    this.kept.leap(byMs);
  }

  now(): ReadonlyMap<DeviceId, LoadRun> {
    return this.runs;
  }
}
