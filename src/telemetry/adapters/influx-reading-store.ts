import { type Quantity, type Sample, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import type { DurationMs, EpochMs } from '../../kernel/units.js';
import { type RangePoint, type RangeQuery, type Reading, ReadingStore, type SamplesQuery } from '../reading-store.port.js';
import { InfluxConnection } from './influx-connection.js';
import { MEASUREMENTS } from './influx-lines.js';
import { during, field, firstOrLastMs, of } from './influx-ql.js';
import { DeviceSteps, piecesOf, pieceStatement } from './influx-range.js';
import { InfluxRollUps } from './influx-roll-ups.js';

const { readings } = MEASUREMENTS;
const ALL = STORED_QUANTITIES.map(field).join(', ');

/**
 * Readings in an InfluxDB 1.x database: measurement `readings`, tag `device`, one float field a quantity. A point is known by
 * its series and moment, and writing it again merges its fields, which is what the port asks. The server answers a write when
 * it is in its write-ahead log on disk.
 */
export class InfluxReadingStore extends ReadingStore {
  private readonly rollUps: InfluxRollUps;

  private constructor(private readonly connection: InfluxConnection) {
    super();
    this.rollUps = new InfluxRollUps(connection);
  }

  /** Does not connect yet: the database is made when it is first needed. Throws `BadInput` for an unusable URL. */
  static open(address: string): InfluxReadingStore {
    return new InfluxReadingStore(InfluxConnection.open(address));
  }

  append(samples: readonly Sample[]): Promise<void> {
    return this.rollUps.append(samples);
  }

  async latest(deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, Sample>> {
    const statements = deviceIds.map((id) => `SELECT ${ALL} FROM ${readings} WHERE ${of(id)} ORDER BY time DESC LIMIT 1`);
    const found = new Map<DeviceId, Sample>();
    await this.connection.ask('reading the latest', statements, ({ statement, values: [row] }) => {
      const deviceId = deviceIds[statement]!;
      if (row) found.set(deviceId, sampleOf(deviceId, STORED_QUANTITIES, row));
    });
    return found;
  }

  async samples({ deviceIds, quantities, fromMs, toMs }: SamplesQuery): Promise<Sample[]> {
    const samples: Sample[] = [];
    if (quantities.length === 0) return samples;
    const columns = quantities.map(field).join(', ');
    const statements = deviceIds.map((id) => `SELECT ${columns} FROM ${readings} WHERE ${of(id)} AND ${during(fromMs, toMs)}`);
    await this.connection.ask('reading samples', statements, ({ statement, values }) => {
      const deviceId = deviceIds[statement]!;
      for (const row of values) samples.push(sampleOf(deviceId, quantities, row));
    });
    return samples;
  }

  async range({ deviceIds, quantities, fromMs, toMs, stepMs, aggregate }: RangeQuery): Promise<RangePoint[]> {
    if (deviceIds.length === 0 || quantities.length === 0) return [];
    const pieces = piecesOf({ fromMs, toMs, stepMs }, await this.rollUps.kept());
    const statements = deviceIds.flatMap((id) => pieces.map((piece) => pieceStatement(id, piece, { quantities, stepMs, aggregate })));
    const steps = deviceIds.map((deviceId) => new DeviceSteps(deviceId, quantities, aggregate));
    await this.connection.ask('reading a range', statements, ({ statement, values }) => {
      steps[Math.floor(statement / pieces.length)]!.take(values);
    });
    return steps.flatMap(({ points }) => points);
  }

  lastAtOrBefore(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    return this.nearest(deviceId, quantity, 'last', atMs - reachMs, atMs);
  }

  firstAtOrAfter(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    return this.nearest(deviceId, quantity, 'first', atMs, atMs + reachMs);
  }

  firstMs(): Promise<EpochMs | undefined> {
    return firstOrLastMs(this.connection, readings, 'first');
  }

  lastMs(): Promise<EpochMs | undefined> {
    return firstOrLastMs(this.connection, readings, 'last');
  }

  async oldestMs(): Promise<EpochMs | undefined> {
    const measured = [readings, MEASUREMENTS.minutes, MEASUREMENTS.quarters];
    const moments = await Promise.all(measured.map((measurement) => firstOrLastMs(this.connection, measurement, 'first')));
    const known = moments.filter((moment) => moment !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  keepsFromMs(): Promise<EpochMs> {
    return this.rollUps.keepsFromMs();
  }

  async prune(beforeMs: EpochMs, minutesBeforeMs?: EpochMs): Promise<void> {
    const borderMs = floorTo(beforeMs, SLOT_MS);
    const minutesFromMs = minutesBeforeMs === undefined ? undefined : Math.min(floorTo(minutesBeforeMs, SLOT_MS), borderMs);
    await this.rollUps.close(borderMs, minutesFromMs);
    const forget = (measurement: string, fromMs: EpochMs, toMs: EpochMs): string =>
      `DELETE FROM ${measurement} WHERE time >= ${fromMs}ms AND time < ${toMs}ms`;
    await this.connection.upkeep('forgetting old readings', [
      forget(readings, 0, borderMs),
      // At 0 stands from where on there are readings.
      forget(MEASUREMENTS.upkeep, 1, borderMs),
      forget(MEASUREMENTS.minutes, 0, minutesFromMs ?? borderMs),
      ...(minutesFromMs === undefined ? [forget(MEASUREMENTS.quarters, 0, borderMs)] : []),
    ]);
  }

  async close(): Promise<void> {
    await this.rollUps.end();
  }

  private async nearest(
    deviceId: DeviceId,
    quantity: Quantity,
    selector: 'first' | 'last',
    fromMs: EpochMs,
    toMs: EpochMs,
  ): Promise<Reading | undefined> {
    let found: Reading | undefined;
    const statement = `SELECT ${selector}(${field(quantity)}) FROM ${readings} WHERE ${of(deviceId)} AND ${during(fromMs, toMs + 1)}`;
    await this.connection.ask('looking for a reading', [statement], ({ values: [row] }) => {
      if (row) found = { atMs: row[0] as EpochMs, value: row[1] as number };
    });
    return found;
  }
}

const sampleOf = (deviceId: DeviceId, quantities: readonly Quantity[], row: readonly unknown[]): Sample => {
  const values: SampleValues = {};
  for (let i = 0; i < quantities.length; i += 1) {
    const value = row[i + 1];
    if (typeof value === 'number') values[quantities[i]!] = value;
  }
  return { deviceId, atMs: row[0] as EpochMs, values };
};
