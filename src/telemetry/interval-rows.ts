import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThanOrEqual } from 'typeorm';
import type { Device, DeviceId, SiteId } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import { IntervalEnergyEntity } from './interval.entity.js';
import type { EnergyQuality, IntervalEnergy } from './interval-energy.js';

export interface IntervalsQuery {
  /** All sites where absent. */
  readonly siteIds?: readonly SiteId[];
  /** Intervals that begin in `[fromMs, toMs)`. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** Rows of one statement. Few, because a prepared statement holds memory that only a garbage collection gives back. */
const CHUNK_ROWS = 100;

const COLUMNS = [
  'site_id',
  'start_ms',
  'device_id',
  'flow',
  'end_ms',
  'to_bus_wh',
  'from_bus_wh',
  'to_bus_counter_wh',
  'from_bus_counter_wh',
  'quality',
  'commanded',
  'available_wh',
  'imported',
  'clock_unsure',
] as const;

/**
 * The table of closed intervals. History makes hundreds of thousands of rows, for which entities are several times too
 * slow; the statements here are the same for SQLite and PostgreSQL but for their placeholders.
 */
@Injectable()
export class IntervalRows {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Stores what is not stored yet; a row that is there already stays as it is. All of them or none. */
  async insertNew(intervals: readonly IntervalEnergy[]): Promise<void> {
    await this.database.transaction(async (manager) => {
      for (let at = 0; at < intervals.length; at += CHUNK_ROWS) {
        const chunk = intervals.slice(at, at + CHUNK_ROWS);
        const rows = chunk.map((_, row) => `(${COLUMNS.map((_column, i) => this.placeholder(row * COLUMNS.length + i)).join(', ')})`);
        const insert = `INSERT INTO interval_energies (${COLUMNS.join(', ')}) VALUES ${rows.join(', ')} ON CONFLICT DO NOTHING`;
        await manager.query(
          insert,
          chunk.flatMap((interval) => this.parameters(interval)),
        );
      }
    });
  }

  /** Puts an estimate where nothing was known. A row that holds an energy is never changed. Answers whether it was. */
  async fillMissing(interval: IntervalEnergy): Promise<boolean> {
    const { siteId, startMs, deviceId, flow, toBusWh, fromBusWh, toBusCounterWh, fromBusCounterWh, quality } = interval;
    const outcome = await this.database
      .getRepository(IntervalEnergyEntity)
      .update({ siteId, startMs, deviceId, flow, quality: 'missing' }, { toBusWh, fromBusWh, toBusCounterWh, fromBusCounterWh, quality });
    return (outcome.affected ?? 0) > 0;
  }

  /** Only rows that were brought in and estimated are written over. All of them or none. */
  async replaceImportedEstimates(intervals: readonly IntervalEnergy[]): Promise<void> {
    await this.database.transaction(async (manager) => {
      const rows = manager.getRepository(IntervalEnergyEntity);
      for (const { siteId, startMs, deviceId, flow, ...energy } of intervals) {
        const { toBusWh, fromBusWh, toBusCounterWh, fromBusCounterWh, availableWh, quality } = energy;
        await rows.update(
          { siteId, startMs, deviceId, flow, imported: true, quality: 'estimated' },
          { toBusWh, fromBusWh, toBusCounterWh, fromBusCounterWh, availableWh, quality },
        );
      }
    });
  }

  /** By site, time, device and flow. */
  async find({ siteIds, fromMs, toMs }: IntervalsQuery): Promise<IntervalEnergy[]> {
    if (siteIds?.length === 0) return [];
    const bound: unknown[] = [fromMs, toMs, ...(siteIds ?? [])];
    const sites = siteIds ? `AND site_id IN (${siteIds.map((_, i) => this.placeholder(i + 2)).join(', ')})` : '';
    const select = `SELECT ${COLUMNS.join(', ')} FROM interval_energies
      WHERE start_ms >= ${this.placeholder(0)} AND start_ms < ${this.placeholder(1)} ${sites}
      ORDER BY site_id, start_ms, device_id, flow`;
    const rows: Row[] = await this.database.query(select, bound);
    return rows.map(intervalOf);
  }

  /** The interval that begins last, of those that were measured here and end by then; absent where none is closed. */
  async last(byMs: EpochMs): Promise<Interval | undefined> {
    const [row] = await this.database
      .getRepository(IntervalEnergyEntity)
      .find({ where: { imported: false, endMs: LessThanOrEqual(byMs) }, order: { startMs: 'DESC' }, take: 1 });
    return row && { startMs: row.startMs, endMs: row.endMs };
  }

  /** From the first stored interval of a site to the end of its last, measured here or not; absent where there is none. */
  async span(siteId: SiteId): Promise<Interval | undefined> {
    const rows = this.database.getRepository(IntervalEnergyEntity);
    const [first] = await rows.find({ where: { siteId }, order: { startMs: 'ASC' }, take: 1 });
    const [last] = await rows.find({ where: { siteId }, order: { startMs: 'DESC' }, take: 1 });
    return first && last && { startMs: first.startMs, endMs: last.endMs };
  }

  /** The first interval of a device, or its first that was measured here; absent where it has none. */
  async first(
    { id, siteId }: Pick<Device, 'id' | 'siteId'>,
    measured: boolean,
  ): Promise<{ startMs: EpochMs; imported: boolean } | undefined> {
    const [row] = await this.database
      .getRepository(IntervalEnergyEntity)
      .find({ where: { siteId, deviceId: id, ...(measured ? { imported: false } : {}) }, order: { startMs: 'ASC' }, take: 1 });
    return row && { startMs: row.startMs, imported: row.imported };
  }

  /** Missing intervals that ended in `[fromMs, toMs)`, oldest first. */
  async missing(fromMs: EpochMs, toMs: EpochMs): Promise<{ deviceId: DeviceId; flow: Flow; startMs: EpochMs; endMs: EpochMs }[]> {
    const rows = await this.database
      .getRepository(IntervalEnergyEntity)
      .createQueryBuilder('i')
      .where('i.start_ms >= :fromMs AND i.start_ms < :toMs AND i.quality = :quality', { fromMs, toMs, quality: 'missing' })
      .orderBy('i.start_ms')
      .getMany();
    return rows.map(({ deviceId, flow, startMs, endMs }) => ({ deviceId, flow, startMs, endMs }));
  }

  private placeholder(index: number): string {
    return this.database.options.type === 'postgres' ? `$${index + 1}` : '?';
  }

  private parameters(interval: IntervalEnergy): unknown[] {
    const { siteId, startMs, deviceId, flow, endMs, quality, commanded } = interval;
    const energies = [interval.toBusWh, interval.fromBusWh, interval.toBusCounterWh, interval.fromBusCounterWh];
    const truth = (value: boolean | undefined): boolean | number =>
      this.database.options.type === 'postgres' ? value === true : Number(value === true);
    const facts = [truth(commanded), interval.availableWh ?? null, truth(interval.imported), truth(interval.clockUnsure)];
    return [siteId, startMs, deviceId, flow, endMs, ...energies.map((energyWh) => energyWh ?? null), quality, ...facts];
  }
}

/** As the engines tell it: PostgreSQL has bigint as text, SQLite has truth as 0 and 1. */
interface Row {
  readonly site_id: string;
  readonly start_ms: number | string;
  readonly device_id: string;
  readonly flow: Flow;
  readonly end_ms: number | string;
  readonly to_bus_wh: number | null;
  readonly from_bus_wh: number | null;
  readonly to_bus_counter_wh: number | null;
  readonly from_bus_counter_wh: number | null;
  readonly quality: EnergyQuality;
  readonly commanded: boolean | 0 | 1;
  readonly available_wh: number | null;
  readonly imported: boolean | 0 | 1;
  readonly clock_unsure: boolean | 0 | 1;
}

const intervalOf = (row: Row): IntervalEnergy => ({
  startMs: Number(row.start_ms),
  endMs: Number(row.end_ms),
  siteId: row.site_id,
  deviceId: row.device_id,
  flow: row.flow,
  toBusWh: row.to_bus_wh ?? undefined,
  fromBusWh: row.from_bus_wh ?? undefined,
  toBusCounterWh: row.to_bus_counter_wh ?? undefined,
  fromBusCounterWh: row.from_bus_counter_wh ?? undefined,
  quality: row.quality,
  commanded: Boolean(row.commanded),
  availableWh: row.available_wh ?? undefined,
  imported: row.imported ? true : undefined,
  clockUnsure: row.clock_unsure ? true : undefined,
});
