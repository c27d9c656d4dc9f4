import { type Quantity, type Sample, STORED_QUANTITIES } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import type { EpochMs } from '../../kernel/units.js';
import type { Summary } from './running-summary.js';

/**
 * `readings` as they were read, one float field a quantity; `minutes` and `quarters` with five fields a quantity (see `partOf`);
 * all three with the tag `device`. `upkeep` has no tag: at each quarter-hour whether its roll-up is due, and at 0 from where on
 * there are single readings.
 */
export const MEASUREMENTS = { readings: 'readings', minutes: 'minutes', quarters: 'quarters', upkeep: 'upkeep' } as const;

export type Part = 'n' | 'sum' | 'min' | 'max' | 'last';

/** The name of a field that keeps one part of a quantity's summary. */
export const partOf = (quantity: Quantity, part: Part): string => `${quantity}:${part}`;

/** A key or tag of the line protocol. */
const escaped = (text: string): string => (/[ ,=]/.test(text) ? text.replaceAll(/[ ,=]/g, String.raw`\$&`) : text);

const FIELDS = new Map<string, string>(STORED_QUANTITIES.map((quantity) => [quantity, `${escaped(quantity)}=`]));

/** One sample in the line protocol, in milliseconds; `undefined` where nothing of it is kept. */
export const sampleLine = ({ deviceId, atMs, values }: Sample): string | undefined => {
  let fields = '';
  for (const quantity in values) {
    const value = values[quantity as Quantity];
    const key = value === undefined ? undefined : FIELDS.get(quantity);
    if (key !== undefined) fields += `${fields === '' ? '' : ','}${key}${value}`;
  }
  return fields === '' ? undefined : `${MEASUREMENTS.readings},device=${escaped(deviceId)} ${fields} ${atMs}`;
};

export const quarterLine = (deviceId: DeviceId, quarterMs: EpochMs, summaries: ReadonlyMap<Quantity, Summary>): string => {
  const fields = [...summaries].map(([quantity, { n, total, low, high, last }]) => {
    const key = escaped(quantity);
    // A count is an integer, as the server's own `count()` writes it.
    return `${key}:n=${n}i,${key}:sum=${total},${key}:min=${low},${key}:max=${high},${key}:last=${last}`;
  });
  return `${MEASUREMENTS.quarters},device=${escaped(deviceId)} ${fields.join(',')} ${quarterMs}`;
};

export const dueLine = (quarterMs: EpochMs, due: boolean): string => `${MEASUREMENTS.upkeep} due=${due} ${quarterMs}`;

export const readingsFromLine = (fromMs: EpochMs): string => `${MEASUREMENTS.upkeep} readingsFrom=${fromMs} 0`;

const ANCHORED = [MEASUREMENTS.readings, MEASUREMENTS.minutes, MEASUREMENTS.quarters];

/**
 * A point before all time in each measurement, never deleted. InfluxDB before 1.8 loses sight of a measurement, until it is
 * restarted, once all series have gone that were there when another one went; this series never goes.
 */
export const anchorLines = (): string[] => ANCHORED.map((measurement) => `${measurement} anchor=true -1`);
