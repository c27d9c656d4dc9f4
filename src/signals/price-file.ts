import { parse } from 'csv-parse/sync';
import { BadInput, messageOf } from '../kernel/errors.js';
import { MICRO_PER_UNIT } from '../kernel/money.js';
import { type DurationMs, HOUR_MS } from '../kernel/units.js';
import type { KnownPrice } from './tariff.js';

const HEADER = 'start_utc,import_per_kwh,export_per_kwh';

/**
 * Prices by the hour (or any step) from CSV `start_utc,import_per_kwh,export_per_kwh`, in the currency per kWh; an empty
 * price leaves that side to the tariff. A row holds until the next one, but never longer than `stepMs`, so that a gap in
 * the file stays a gap. Throws `BadInput` with one line for every bad row.
 */
export const readPrices = (csv: string, file: string, stepMs: DurationMs = HOUR_MS): KnownPrice[] => {
  const rows = rowsOf(csv, file);
  const faults: string[] = [];
  const prices: KnownPrice[] = [];
  for (const { line, cells } of rows) {
    const startMs = /Z$|[+-]\d\d:\d\d$/.test(cells[0] ?? '') ? Date.parse(cells[0]!) : Number.NaN;
    const [importMicroPerKwh, exportMicroPerKwh] = [microOf(cells[1]), microOf(cells[2])];
    if (Number.isNaN(startMs)) faults.push(`${file}:${line}: start_utc must be a moment such as 2026-05-01T12:00:00Z, not "${cells[0]}"`);
    else if (Number.isNaN(importMicroPerKwh) || Number.isNaN(exportMicroPerKwh))
      faults.push(`${file}:${line}: a price must be a number per kWh or empty`);
    else if (prices.length > 0 && startMs <= prices.at(-1)!.startMs)
      faults.push(`${file}:${line}: rows must be in order of time, each moment once`);
    else prices.push({ startMs, endMs: startMs + stepMs, importMicroPerKwh, exportMicroPerKwh });
  }
  if (faults.length > 0) throw new BadInput(faults);
  return prices.map((price, index) => ({ ...price, endMs: Math.min(price.endMs, prices[index + 1]?.startMs ?? price.endMs) }));
};

const microOf = (cell: string | undefined): number | undefined => {
  const text = (cell ?? '').trim();
  return text === '' ? undefined : Math.round(Number(text) * MICRO_PER_UNIT);
};

const rowsOf = (csv: string, file: string): { line: number; cells: string[] }[] => {
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parse(csv, { info: true, trim: true, skip_empty_lines: true, bom: true }) as unknown as typeof parsed;
  } catch (error) {
    throw new BadInput(`${file}: ${messageOf(error)}`);
  }
  const [head, ...rows] = parsed;
  if (head?.record.join(',') !== HEADER) throw new BadInput(`${file}:1: the first line must be ${HEADER}`);
  return rows.map(({ record, info }) => ({ line: info.lines, cells: record }));
};
