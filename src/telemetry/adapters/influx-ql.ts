import { escape } from 'influx';
import type { Quantity } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { type Interval, SLOT_MS } from '../../kernel/interval.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../../kernel/units.js';
import type { InfluxConnection } from './influx-connection.js';
import { type Part, partOf } from './influx-lines.js';

type RollUp = 'minutes' | 'quarters';

export const LENGTHS: Readonly<Record<RollUp, DurationMs>> = { minutes: MINUTE_MS, quarters: SLOT_MS };

export const field = (name: string): string => escape.quoted(name);

/** The client's own escaping leaves backslashes as they are, which ends the literal early. */
const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Questions about many devices are asked one by one, in one request: the server takes far longer over one long `OR`. */
export const of = (deviceId: DeviceId): string => `"device" = ${literal(deviceId)}`;

export const during = (fromMs: EpochMs, toMs: EpochMs): string => `time >= ${Math.ceil(fromMs)}ms AND time < ${Math.ceil(toMs)}ms`;

/** Has the server sum up readings; each device and step becomes a point, and the same points again when it is asked again. */
export const intoStatement = (
  rollUp: RollUp,
  quantity: Quantity,
  { startMs, endMs }: Interval,
  devices: ReadonlySet<DeviceId> | 'all',
): string => {
  const value = field(quantity);
  const as = (part: Part): string => field(partOf(quantity, part));
  const columns = `count(${value}) AS ${as('n')}, sum(${value}) AS ${as('sum')}, min(${value}) AS ${as('min')},
    max(${value}) AS ${as('max')}, last(${value}) AS ${as('last')}`;
  const among = devices === 'all' ? '' : ` AND (${[...devices].map(of).join(' OR ')})`;
  return `SELECT ${columns} INTO ${rollUp} FROM readings WHERE ${during(startMs, endMs)}${among}
    GROUP BY time(${LENGTHS[rollUp]}ms), "device" fill(none)`;
};

/** The first or last moment of anything in a measurement. */
export const firstOrLastMs = async (
  connection: InfluxConnection,
  measurement: string,
  which: 'first' | 'last',
): Promise<EpochMs | undefined> => {
  let found: EpochMs | undefined;
  const order = which === 'first' ? 'ASC' : 'DESC';
  await connection.ask(
    'looking for a moment',
    [`SELECT * FROM ${measurement} WHERE time >= 0 ORDER BY time ${order} LIMIT 1`],
    ({ values }) => {
      found = values[0]?.[0] as EpochMs | undefined;
    },
  );
  return found;
};
