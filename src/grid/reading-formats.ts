import type { Quantity, Sample } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import { localIso } from '../kernel/local-day.js';
import type { PagesQuery } from '../telemetry/reading-pages.js';
import type { ReadingsAnswer } from './readings-query.js';

/** What is asked, once its words are resolved against the plant. */
export interface AskedReadings extends PagesQuery {
  readonly devices: readonly Device[];
  readonly zone: string;
}

/** Units stand last in the names of quantities. */
const UNIT_OF_ENDING: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/Wh$/, 'Wh'],
  [/W$/, 'W'],
  [/Hz$/, 'Hz'],
  [/Pct$/, '%'],
  [/V$/, 'V'],
  [/A$/, 'A'],
];

/** Empty for what has none, such as a state. */
export const unitOf = (quantity: Quantity): string => UNIT_OF_ENDING.find(([ending]) => ending.test(quantity))?.[1] ?? '';

const byDeviceOf = (samples: readonly Sample[]): Map<DeviceId, Sample[]> => {
  const byDevice = new Map<DeviceId, Sample[]>();
  for (const sample of samples) {
    const own = byDevice.get(sample.deviceId);
    if (own) own.push(sample);
    else byDevice.set(sample.deviceId, [sample]);
  }
  return byDevice;
};

/** Column by column, as a chart takes it; the devices as asked, each with its own moments. */
export const columnsOf = (asked: AskedReadings, samples: readonly Sample[]): ReadingsAnswer => {
  const { startMs: fromMs, endMs: toMs, zone, step, quantities } = asked;
  const byDevice = byDeviceOf(samples);
  const units = Object.fromEntries(quantities.map((quantity) => [quantity, unitOf(quantity)]));
  const series = asked.devices.map(({ id, siteId }) => {
    const own = byDevice.get(id) ?? [];
    const told = quantities.filter((quantity) => own.some(({ values }) => values[quantity] !== undefined));
    const values = Object.fromEntries(told.map((quantity) => [quantity, own.map((sample) => sample.values[quantity] ?? null)]));
    return { deviceId: id, siteId, ...(step ? {} : { level: 'samples' }), atMs: own.map(({ atMs }) => atMs), values };
  });
  return { fromMs, toMs, zone, ...step, units, series };
};

/** One reading as a flat object, holding what was asked of it. */
export const rowOf = ({ deviceId, atMs, values }: Sample, quantities: readonly Quantity[]): object => {
  const row: Record<string, string | number> = { deviceId, atMs };
  for (const quantity of quantities) if (values[quantity] !== undefined) row[quantity] = values[quantity];
  return row;
};

export const readingLines = (samples: readonly Sample[], quantities: readonly Quantity[]): string =>
  samples.map((sample) => `${JSON.stringify(rowOf(sample, quantities))}\n`).join('');

export const readingCsvHead = (quantities: readonly Quantity[]): string => `deviceId,atMs,time,${quantities.join(',')}\n`;

/** Neither ids nor names of quantities hold what CSV would need quotes for. */
export const readingCsv = (samples: readonly Sample[], { quantities, zone }: Pick<AskedReadings, 'quantities' | 'zone'>): string =>
  samples
    .map(({ deviceId, atMs, values }) => {
      const cells = quantities.map((quantity) => values[quantity] ?? '');
      return `${deviceId},${atMs},${localIso(zone, atMs)},${cells.join(',')}\n`;
    })
    .join('');
