import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Quantity, Sample } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { BadInput } from '../kernel/errors.js';
import type { EpochMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { type MeteredPlace, meteredPlaces } from './gatekeeper.js';
import { type BatchOutcome, type ImportRequest, ImportRun } from './import-run.js';
import { IntervalService } from './interval.service.js';
import { ReadingStore } from './reading-store.port.js';

interface OpenImport {
  readonly id: string;
  readonly run: ImportRun;
  readonly dryRun: boolean;
  stored: number;
  /** A batch waits for the one before it. */
  last: Promise<unknown>;
}

export interface EndedImport {
  readonly deviceId: DeviceId;
  /** Closed intervals that are new, or measured now where they were estimated. */
  readonly intervals: number;
  /** Values that are new. */
  readonly stored: number;
  readonly dryRun: boolean;
}

/** Brings in readings that somebody else has measured: history, for forecasts to learn from. One import a device at a time. */
@Injectable()
export class ImportService {
  private readonly open = new Map<DeviceId, OpenImport>();
  private readonly sinceMs: EpochMs;

  constructor(
    private readonly plants: PlantDirectory,
    private readonly store: ReadingStore,
    private readonly intervals: IntervalService,
    private readonly clock: Clock,
  ) {
    this.sinceMs = clock.now();
  }

  /**
   * Opens an import and answers its name; one that was open for the device is over. Throws `BadInput` for a device that is not
   * there, and for what its role cannot tell.
   */
  async begin(request: ImportRequest, quantities: readonly Quantity[]): Promise<string> {
    const { deviceId } = request;
    const place = meteredPlaces(this.plants.plant()).get(deviceId);
    if (!place) throw new BadInput(`device "${deviceId}": the fleet file has none of that name`);
    refuseForeign(place, quantities);
    const ownSinceMs = await this.ownSinceMs(place);
    const id = randomUUID();
    const run = new ImportRun(place, request, ownSinceMs, this.store, this.intervals);
    this.open.set(deviceId, { id, run, dryRun: request.dryRun, stored: 0, last: Promise.resolve() });
    return id;
  }

  /** The next rows, in order of time. `undefined` where no such import is open. */
  take(id: string, rows: readonly Omit<Sample, 'deviceId'>[]): Promise<BatchOutcome> | undefined {
    const found = this.find(id);
    if (!found) return undefined;
    const [deviceId, opened] = found;
    return this.inTurn(opened, async () => {
      const outcome = await opened.run.take(rows.map((row) => ({ ...row, deviceId })));
      opened.stored += outcome.stored;
      return outcome;
    });
  }

  /** Closes the last intervals; answers what became of it all. `undefined` where no such import is open. */
  finish(id: string): Promise<EndedImport> | undefined {
    const found = this.find(id);
    if (!found) return undefined;
    const [deviceId, opened] = found;
    return this.inTurn(opened, async () => {
      const intervals = await opened.run.finish();
      if (this.open.get(deviceId) === opened) this.open.delete(deviceId);
      return { deviceId, intervals, stored: opened.stored, dryRun: opened.dryRun };
    });
  }

  /**
   * From when on the plant itself measures a device: since its first closed interval. One that has none begins where the plant
   * will go on closing, which is after the last interval of all, or at its start.
   */
  private async ownSinceMs({ device }: MeteredPlace): Promise<EpochMs> {
    return (await this.intervals.firstMeasuredMs(device)) ?? (await this.intervals.lastClosed(this.clock.now()))?.endMs ?? this.sinceMs;
  }

  private find(id: string): [DeviceId, OpenImport] | undefined {
    return [...this.open].find(([, opened]) => opened.id === id);
  }

  private inTurn<T>(opened: OpenImport, act: () => Promise<T>): Promise<T> {
    const turn = opened.last.then(act, act);
    opened.last = turn.catch(() => undefined);
    return turn;
  }
}

const refuseForeign = ({ device, limits }: MeteredPlace, quantities: readonly Quantity[]): void => {
  const foreign = quantities.filter((quantity) => !limits.ranges[quantity]);
  if (foreign.length > 0)
    throw new BadInput(`device "${device.id}": a ${device.role} tells no ${foreign.join(', ')}; leave that out, or name another device`);
};
