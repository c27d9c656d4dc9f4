import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import type { DeviceId } from '../fleet/plant.js';
import { floorTo } from '../kernel/interval.js';
import { type EpochMs, HOUR_MS } from '../kernel/units.js';
import type { Refusal } from './quality-gate.js';
import { RefusedReadingEntity } from './refused-reading.entity.js';

/** Counts what the gate kept aside. It is counted in memory and brought to the table by `save`. */
@Injectable()
export class RefusalLog {
  private readonly unsaved = new Map<string, RefusedReadingEntity>();
  private readonly counts = new Map<DeviceId, number>();

  constructor(@InjectRepository(RefusedReadingEntity) private readonly rows: Repository<RefusedReadingEntity>) {}

  add(refusals: readonly Refusal[]): void {
    for (const { deviceId, atMs, quantity = 'sample', value, reason } of refusals) {
      this.counts.set(deviceId, (this.counts.get(deviceId) ?? 0) + 1);
      // A moment that is no number cannot be filed under its hour.
      const hourMs = Number.isFinite(atMs) ? floorTo(atMs, HOUR_MS) : 0;
      const key = JSON.stringify([deviceId, hourMs, quantity, reason]);
      const lastAtMs = Number.isFinite(atMs) ? Math.round(atMs) : 0;
      const count = (this.unsaved.get(key)?.count ?? 0) + 1;
      this.unsaved.set(key, { deviceId, hourMs, quantity, reason, count, lastAtMs, lastValue: value === undefined ? null : String(value) });
    }
  }

  /** Values and samples refused since the process began, by device. */
  countsByDevice(): ReadonlyMap<DeviceId, number> {
    return this.counts;
  }

  async save(): Promise<void> {
    for (const [key, row] of this.unsaved) {
      const { deviceId, hourMs, quantity, reason, count, lastAtMs, lastValue } = row;
      const stored = await this.rows.findOneBy({ deviceId, hourMs, quantity, reason });
      await this.rows.save({ deviceId, hourMs, quantity, reason, lastAtMs, lastValue, count: count + (stored?.count ?? 0) });
      this.subtract(key, count);
    }
  }

  async prune(beforeMs: EpochMs): Promise<void> {
    await this.rows.delete({ hourMs: LessThan(beforeMs) });
  }

  newest(limit: number): Promise<RefusedReadingEntity[]> {
    return this.rows.find({ order: { lastAtMs: 'DESC' }, take: limit });
  }

  /** What was counted while a row was on its way stays for the next time. */
  private subtract(key: string, saved: number): void {
    const row = this.unsaved.get(key);
    if (!row || row.count <= saved) this.unsaved.delete(key);
    else row.count -= saved;
  }
}
