import type { Sample } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import { RunningSummary } from './running-summary.js';

/** Devices of a fleet are not polled at the same moment: a quarter-hour is over when somebody has been past it for so long. */
const GRACE_MS: DurationMs = MINUTE_MS;
/** Quarter-hours rolled up from the readings in one go: what a server does within seconds for a large fleet. */
const QUARTERS_AT_ONCE = 24;
/** Above so many devices a roll-up is made for all: to name them takes longer. */
const DEVICES_AT_ONCE = 100;

type Devices = ReadonlySet<DeviceId> | 'all';

interface DueQuarter {
  /** Devices whose readings of this quarter-hour all came in order, since it began, through this book. */
  readonly running: Map<DeviceId, RunningSummary>;
  /** Devices that must be rolled up from what is stored. */
  unclear: Set<DeviceId> | 'all';
  /** The running summaries are written, or there never were any: whoever tells something now is unclear. */
  closed: boolean;
}

/** Consecutive quarter-hours to be rolled up from stored readings of the same devices. */
export interface UnclearStretch {
  readonly quarters: readonly EpochMs[];
  readonly devices: Devices;
}

/** Which quarter-hours have readings that their roll-up does not know yet. It knows what it is told; the store tells it all. */
export class QuarterBook {
  private readonly quarters = new Map<EpochMs, DueQuarter>();
  private newestMs: EpochMs;

  /**
   * @param due quarter-hours that were due when the book was opened: what they hold is not known
   * @param lastMs the latest quarter-hour with readings; in later ones there are none
   */
  constructor(
    due: readonly EpochMs[],
    private lastMs: EpochMs,
  ) {
    for (const quarterMs of due) this.quarters.set(quarterMs, { running: new Map(), unclear: 'all', closed: true });
    this.newestMs = lastMs;
  }

  /** In order. */
  due(): EpochMs[] {
    return [...this.quarters.keys()].sort((a, b) => a - b);
  }

  /** Quarter-hours that these samples make due. To be noted on disk together with the samples. */
  newlyDue(samples: readonly Sample[]): EpochMs[] {
    const found = new Set<EpochMs>();
    for (const { atMs } of samples) {
      const quarterMs = floorTo(atMs, SLOT_MS);
      if (!this.quarters.has(quarterMs)) found.add(quarterMs);
    }
    return [...found];
  }

  /** These samples are stored, and `newlyDue` with them. */
  took(samples: readonly Sample[], newlyDue: readonly EpochMs[]): void {
    for (const quarterMs of newlyDue) {
      this.quarters.set(quarterMs, { running: new Map(), unclear: new Set(), closed: quarterMs <= this.lastMs });
    }
    for (const quarterMs of newlyDue) this.lastMs = Math.max(this.lastMs, quarterMs);
    for (const sample of samples) {
      this.count(this.quarters.get(floorTo(sample.atMs, SLOT_MS))!, sample);
      if (sample.atMs > this.newestMs) this.newestMs = sample.atMs;
    }
  }

  /** Quarter-hours that are over and whose running summaries are not written yet. */
  over(): { readonly quarterMs: EpochMs; readonly running: ReadonlyMap<DeviceId, RunningSummary>; readonly complete: boolean }[] {
    return [...this.quarters]
      .filter(([quarterMs, { closed }]) => !closed && this.isOver(quarterMs))
      .map(([quarterMs, { running, unclear }]) => ({ quarterMs, running, complete: unclear !== 'all' && unclear.size === 0 }));
  }

  /** The running summaries of these are written. */
  close(quarters: readonly EpochMs[]): void {
    for (const quarterMs of quarters) {
      const quarter = this.quarters.get(quarterMs)!;
      quarter.running.clear();
      quarter.closed = true;
      this.settle([quarterMs]);
    }
  }

  /** The running summaries of these could not be written, or shall not be waited for. */
  doubt(quarters: readonly EpochMs[]): void {
    for (const quarterMs of quarters) this.quarters.set(quarterMs, { running: new Map(), unclear: 'all', closed: true });
  }

  /**
   * Takes out what has to be rolled up from stored readings, oldest first; what becomes unclear meanwhile is asked for next.
   * Quarter-hours before `beforeMs` are taken also when they are not over.
   */
  takeUnclear(beforeMs: EpochMs = -Infinity): UnclearStretch | undefined {
    const quarters: EpochMs[] = [];
    let devices: Devices = new Set();
    for (const quarterMs of this.due()) {
      const { unclear, closed } = this.quarters.get(quarterMs)!;
      if (!closed || !(quarterMs < beforeMs || this.isOver(quarterMs)) || (unclear !== 'all' && unclear.size === 0)) continue;
      if (quarters.length === 0) devices = unclear !== 'all' && unclear.size > DEVICES_AT_ONCE ? 'all' : unclear;
      else if (quarterMs !== quarters.at(-1)! + SLOT_MS || !isSame(unclear, devices) || quarters.length === QUARTERS_AT_ONCE) break;
      quarters.push(quarterMs);
    }
    for (const quarterMs of quarters) this.quarters.get(quarterMs)!.unclear = new Set();
    return quarters.length > 0 ? { quarters, devices } : undefined;
  }

  /** What was taken out could not be rolled up. */
  putBack({ quarters, devices }: UnclearStretch): void {
    for (const quarterMs of quarters) {
      const quarter = this.quarters.get(quarterMs)!;
      quarter.unclear = devices === 'all' || quarter.unclear === 'all' ? 'all' : new Set([...quarter.unclear, ...devices]);
    }
  }

  /** Those of them that nothing has come to since. */
  clear(quarters: readonly EpochMs[]): EpochMs[] {
    return quarters.filter((quarterMs) => {
      const { unclear, closed } = this.quarters.get(quarterMs)!;
      return closed && unclear !== 'all' && unclear.size === 0;
    });
  }

  /** The roll-ups of these are right. */
  settle(quarters: readonly EpochMs[]): void {
    for (const quarterMs of this.clear(quarters)) this.quarters.delete(quarterMs);
  }

  private isOver(quarterMs: EpochMs): boolean {
    return this.newestMs >= quarterMs + SLOT_MS + GRACE_MS;
  }

  private count({ running, unclear, closed }: DueQuarter, sample: Sample): void {
    const { deviceId } = sample;
    if (unclear === 'all' || unclear.has(deviceId)) return;
    let summary = running.get(deviceId);
    if (!summary && !closed) running.set(deviceId, (summary = new RunningSummary()));
    if (summary?.add(sample)) return;
    running.delete(deviceId);
    unclear.add(deviceId);
  }
}

const isSame = (a: Devices, b: Devices): boolean =>
  a === b || (a !== 'all' && b !== 'all' && a.size === b.size && [...a].every((device) => b.has(device)));
