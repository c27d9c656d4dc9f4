import { escape, FieldType, InfluxDB } from 'influx';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Quantity, type Sample, type SampleValues, STORED_QUANTITIES } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import type { DurationMs, EpochMs } from '../../kernel/units.js';
import { type RangePoint, type RangeQuery, type Reading, ReadingStore, type SamplesQuery } from '../reading-store.port.js';

const MEASUREMENT = 'readings';
const REQUEST_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000;
const CHUNK_SAMPLES = 5_000;

const answerSchema = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z
        .array(
          z.object({
            tags: z.record(z.string(), z.string()).optional(),
            columns: z.array(z.string()),
            values: z.array(z.array(z.union([z.number(), z.string(), z.null()]))),
          }),
        )
        .default([]),
    }),
  ),
});

const storedOf = (values: SampleValues): SampleValues =>
  Object.fromEntries(STORED_QUANTITIES.flatMap((quantity) => (values[quantity] === undefined ? [] : [[quantity, values[quantity]]])));

interface Row {
  readonly deviceId: DeviceId;
  readonly atMs: EpochMs;
  readonly values: SampleValues;
}

/**
 * Readings in an InfluxDB 1.x database: measurement `readings`, tag `device`, one float field a quantity. A point is known by
 * its series and moment, and writing it again merges its fields, which is what the port asks. The server answers a write when
 * it is in its write-ahead log on disk.
 */
export class InfluxReadingStore extends ReadingStore {
  private ready: Promise<void> | undefined;

  private constructor(
    private readonly client: InfluxDB,
    private readonly database: string,
  ) {
    super();
  }

  /** Does not connect yet: the database is made when it is first needed. Throws `BadInput` for an unusable URL. */
  static open(address: string): InfluxReadingStore {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const protocol = url?.protocol.slice(0, -1);
    if (!url || (protocol !== 'http' && protocol !== 'https')) {
      throw new BadInput('INFLUX_URL: must read http://user:password@host:8086/database');
    }
    const database = decodeURIComponent(url.pathname.slice(1)) || 'heliograph';
    const client = new InfluxDB({
      hosts: [{ host: url.hostname, port: Number(url.port || 8086), protocol }],
      username: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
      database,
      pool: { maxRetries: 0, requestTimeout: REQUEST_TIMEOUT_MS },
      schema: [
        {
          measurement: MEASUREMENT,
          fields: Object.fromEntries(STORED_QUANTITIES.map((quantity) => [quantity, FieldType.FLOAT])),
          tags: ['device'],
        },
      ],
    });
    return new InfluxReadingStore(client, database);
  }

  async append(samples: readonly Sample[]): Promise<void> {
    const points = samples
      .map(({ deviceId, atMs, values }) => ({
        measurement: MEASUREMENT,
        tags: { device: deviceId },
        fields: storedOf(values),
        timestamp: atMs,
      }))
      .filter(({ fields }) => Object.keys(fields).length > 0);
    for (let at = 0; at < points.length; at += CHUNK_SAMPLES) {
      await this.attempt('storing readings', () => this.client.writePoints(points.slice(at, at + CHUNK_SAMPLES), { precision: 'ms' }));
    }
  }

  async latest(deviceIds: readonly DeviceId[]): Promise<Map<DeviceId, Sample>> {
    if (deviceIds.length === 0) return new Map();
    const rows = await this.select(`SELECT * FROM ${MEASUREMENT} WHERE ${among(deviceIds)} GROUP BY "device" ORDER BY time DESC LIMIT 1`);
    return new Map(rows.map((row) => [row.deviceId, row]));
  }

  async samples({ deviceIds, quantities, fromMs, toMs }: SamplesQuery): Promise<Sample[]> {
    if (deviceIds.length === 0 || quantities.length === 0) return [];
    const rows = await this.select(
      `SELECT ${quantities.map(field).join(', ')} FROM ${MEASUREMENT} WHERE ${among(deviceIds)} AND ${during(fromMs, toMs)} GROUP BY "device"`,
    );
    return inOrder(rows, deviceIds);
  }

  async range({ deviceIds, quantities, fromMs, toMs, stepMs, aggregate }: RangeQuery): Promise<RangePoint[]> {
    if (deviceIds.length === 0 || quantities.length === 0) return [];
    const columns = quantities.map((quantity) => `${aggregate}(${field(quantity)}) AS ${field(quantity)}`);
    const rows = await this.select(
      `SELECT ${columns.join(', ')} FROM ${MEASUREMENT} WHERE ${among(deviceIds)} AND ${during(fromMs, toMs)}
       GROUP BY time(${Math.round(stepMs)}ms), "device" fill(none)`,
    );
    return inOrder(rows, deviceIds);
  }

  lastAtOrBefore(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    return this.nearest(deviceId, quantity, 'last', atMs - reachMs, atMs);
  }

  firstAtOrAfter(deviceId: DeviceId, quantity: Quantity, atMs: EpochMs, reachMs: DurationMs): Promise<Reading | undefined> {
    return this.nearest(deviceId, quantity, 'first', atMs, atMs + reachMs);
  }

  async firstMs(): Promise<EpochMs | undefined> {
    return (await this.select(`SELECT * FROM ${MEASUREMENT} ORDER BY time ASC LIMIT 1`))[0]?.atMs;
  }

  async lastMs(): Promise<EpochMs | undefined> {
    return (await this.select(`SELECT * FROM ${MEASUREMENT} ORDER BY time DESC LIMIT 1`))[0]?.atMs;
  }

  /** This store keeps no roll-ups: it aggregates single readings as they are asked for. */
  async prune(beforeMs: EpochMs): Promise<void> {
    await this.query(`DELETE FROM ${MEASUREMENT} WHERE time < ${Math.floor(beforeMs)}ms`, 'POST');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async nearest(
    deviceId: DeviceId,
    quantity: Quantity,
    selector: 'first' | 'last',
    fromMs: EpochMs,
    toMs: EpochMs,
  ): Promise<Reading | undefined> {
    const [row] = await this.select(
      `SELECT ${selector}(${field(quantity)}) AS ${field(quantity)} FROM ${MEASUREMENT} WHERE ${among([deviceId])} AND ${during(fromMs, toMs + 1)}`,
    );
    const value = row?.values[quantity];
    return row && value !== undefined ? { atMs: row.atMs, value } : undefined;
  }

  private async select(query: string): Promise<Row[]> {
    const answer = await this.query(query);
    return answer.results.flatMap(({ series }) =>
      series.flatMap(({ tags, columns, values }) =>
        values.map((cells): Row => {
          const row: { deviceId: DeviceId; atMs: EpochMs; values: SampleValues } = {
            deviceId: tags?.['device'] ?? '',
            atMs: 0,
            values: {},
          };
          for (const [i, cell] of cells.entries()) {
            const name = columns[i]!;
            if (typeof cell !== 'number') continue;
            if (name === 'time') row.atMs = cell;
            else row.values[name as Quantity] = cell;
          }
          return row;
        }),
      ),
    );
  }

  private query(query: string, method: 'GET' | 'POST' = 'GET'): Promise<z.infer<typeof answerSchema>> {
    return this.attempt('asking for readings', async () => {
      const answer = answerSchema.parse(await this.client.queryRaw(query, { precision: 'ms', method }));
      const fault = answer.results.find(({ error }) => error !== undefined)?.error;
      if (fault !== undefined) throw new Error(fault);
      return answer;
    });
  }

  private async attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      this.ready ??= inTime(this.client.createDatabase(this.database));
      await this.ready;
      return await inTime(work());
    } catch (error) {
      // Whatever it was, the database may have gone; making it again does nothing where it is there.
      this.ready = undefined;
      // No `cause`: the client's errors carry the whole request, with the password in it.
      throw new AdapterError(`InfluxDB: ${what}: ${messageOf(error)}`, !isRefusal(error));
    }
  }
}

/** The client waits for ever for the rest of an answer that broke off, so every call gets an end. */
const inTime = async <T>(work: Promise<T>): Promise<T> => {
  const done = new AbortController();
  const late = pause(ANSWER_TIMEOUT_MS, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new Error(`no full answer within ${ANSWER_TIMEOUT_MS} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
};

/** 400: a point cannot be stored as it is; 413: too many at once. Everything else may be mended at the server. */
const isRefusal = (error: unknown): boolean => {
  const status = z.object({ res: z.object({ statusCode: z.number() }) }).safeParse(error).data?.res.statusCode;
  return status === 400 || status === 413;
};

const field = (quantity: Quantity): string => escape.quoted(quantity);

/** The client's own escaping leaves backslashes as they are, which ends the literal early. */
const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const among = (deviceIds: readonly DeviceId[]): string => `(${deviceIds.map((id) => `"device" = ${literal(id)}`).join(' OR ')})`;

const during = (fromMs: EpochMs, toMs: EpochMs): string => `time >= ${Math.ceil(fromMs)}ms AND time < ${Math.ceil(toMs)}ms`;

/** The server answers series by tag; the port, in the order asked. */
const inOrder = (rows: readonly Row[], deviceIds: readonly DeviceId[]): Row[] => {
  const byDevice = new Map<DeviceId, Row[]>(deviceIds.map((deviceId) => [deviceId, []]));
  for (const row of rows) byDevice.get(row.deviceId)?.push(row);
  return [...byDevice.values()].flat();
};
