import type { DeviceReport, PointReport, RawRegisters } from '../field/commissioning.js';
import { onDevice, type OneUnit, print } from './device-bus.js';

export const read = (address: string, options: OneUnit & { raw?: boolean }): Promise<void> =>
  onDevice(address, options, async (device) => {
    const report = await device.report({ raw: options.raw });
    if (options.json) return print({ address, unitId: Number(options.unit), ...report });
    printReport(report);
  });

const printReport = ({ identity, models, quirks, points }: DeviceReport): void => {
  console.log(Object.values(identity).join(' '));
  for (const { id, name, address, length } of models) console.log(`model ${id} (${name}) at ${address}, ${length} registers`);
  for (const { name, source } of quirks) console.log(`quirk: ${name} (${source})`);
  for (const [name, point] of Object.entries(points)) console.log(pointLine(name, point));
};

const pointLine = (name: string, point: PointReport): string => {
  const line = `${name.padEnd(28)} ${shown(point)}`;
  return point.raw ? `${line.padEnd(58)} ${point.raw.map(rawText).join(' + ')}` : line;
};

const rawText = ({ table, address, words }: RawRegisters): string => `${table} ${address}: ${words.join(' ')}`;

/** A point's value with its unit and meaning, or why it has none. */
export const shown = ({ value, unit, quality, meaning }: PointReport): string =>
  value === undefined ? `(${quality})` : `${rounded(value)} ${unit}${meaning ? ` ${meaning}` : ''}`.trimEnd();

/** A float of 32 bits has no more digits than these; counters are whole and keep all of theirs. */
const FLOAT32_DIGITS = 7;

const rounded = (value: number | string): number | string =>
  typeof value === 'string' || Number.isInteger(value) ? value : Number(value.toPrecision(FLOAT32_DIGITS));
