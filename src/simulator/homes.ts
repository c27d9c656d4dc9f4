import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { BadInput, messageOf } from '../kernel/errors.js';
import { wordsOf } from '../kernel/schema-words.js';
import type { Watt, WattHour } from '../kernel/units.js';
import { lineOf, parseReplay, type Replay } from './replay.js';

/** A measured home: its rows, and its equipment where `fleet.csv` beside it says so. */
export interface MeasuredHome extends Replay {
  readonly name: string;
  readonly file: string;
  readonly pvPeakW?: Watt;
  readonly batteryWh?: WattHour;
  readonly batteryW?: Watt;
}

/** Files that lie beside the homes and are none. */
const NO_HOMES = new Set(['fleet.csv', 'prices.csv']);

const positive = z.coerce.number().positive();
const equipmentRow = z.object({ home: z.string().min(1), pv_w_peak: positive, battery_wh: positive, battery_w: positive });

/**
 * Reads every home in a folder, in the order of their names: one CSV file each (see `parseReplay`), and optionally
 * `fleet.csv` with `home,pv_w_peak,battery_wh,battery_w`. Throws `BadInput` with the faults of all files.
 */
export const loadHomes = (folder: string): MeasuredHome[] => {
  const files = filesIn(folder);
  const faults: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const equipment = attempt(() => equipmentIn(folder)) ?? new Map<string, Equipment>();
  const homes = files.flatMap((file) => {
    const path = join(folder, file);
    const name = file.slice(0, -'.csv'.length);
    const replay = attempt(() => parseReplay(readFileSync(path, 'utf8'), path));
    return replay ? [{ name, file: path, ...replay, ...equipment.get(name) }] : [];
  });
  if (faults.length > 0) throw new BadInput(faults);
  return homes;
};

const filesIn = (folder: string): string[] => {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new BadInput(`cannot read the homes in ${folder}: ${messageOf(error)}`);
  }
  const files = names.filter((name) => name.endsWith('.csv') && !NO_HOMES.has(name)).sort();
  if (files.length === 0) throw new BadInput(`no homes in ${folder}: it holds no CSV file with start_utc,load_w,pv_w`);
  return files;
};

type Equipment = Pick<MeasuredHome, 'pvPeakW' | 'batteryWh' | 'batteryW'>;

const equipmentIn = (folder: string): Map<string, Equipment> => {
  const path = join(folder, 'fleet.csv');
  if (!existsSync(path)) return new Map();
  let lines: unknown[];
  try {
    lines = parse(readFileSync(path, 'utf8'), { bom: true, columns: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    if (error instanceof CsvError) throw new BadInput(`${path}:${lineOf(error)}: ${error.message}`);
    throw error;
  }
  return new Map(
    lines.map((line, i) => {
      const row = equipmentRow.safeParse(line, { error: wordsOf });
      if (!row.success)
        throw new BadInput(`${path}:${i + 2}: ${row.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`);
      return [row.data.home, { pvPeakW: row.data.pv_w_peak, batteryWh: row.data.battery_wh, batteryW: row.data.battery_w }];
    }),
  );
};
