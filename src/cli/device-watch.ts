import { setTimeout as pause } from 'node:timers/promises';
import type { PointReport } from '../field/commissioning.js';
import { parseDuration, wholeNumber } from './device-arguments.js';
import { onDevice, type OneUnit, print } from './device-bus.js';
import { shown } from './device-read.js';
import { type Size, Table } from './table.js';

interface WatchOptions extends OneUnit {
  readonly every: string;
  readonly count?: string;
}

/** What a person who stands beside the device looks for. */
const WATCHED = /(^|\.)(W|WH|PhV|Hz|SoC|ChaState|TotWhImp|TotWhExp|TotWhInj|TotWhAbs|WMaxLimPct|StorCtl_Mod|OutWRte|InWRte|DCW)$|^[a-z]/;

/** What means nothing while the control that it belongs to is switched off, and the points that switch it. */
const SWITCHED: readonly [RegExp, readonly string[]][] = [
  [/\.WMaxLimPct$/, ['WMaxLim_Ena', 'WMaxLimPctEna']],
  [/\.(OutWRte|InWRte)$/, ['StorCtl_Mod']],
];

/** The points that are looked for, and of a control only what is in force. */
export const watchedPoints = (points: Readonly<Record<string, PointReport>>): [string, PointReport][] =>
  Object.entries(points).filter(([name, { value }]) => {
    if (value === undefined || !WATCHED.test(name)) return false;
    const [, switches] = SWITCHED.find(([of]) => of.test(name)) ?? [];
    const model = name.split('.')[0];
    return !switches || switches.some((by) => Number(points[`${model}.${by}`]?.value ?? 0) !== 0);
  });

/** Shows the main points again and again: in place on a terminal, a line each time elsewhere. */
export const watch = (address: string, options: WatchOptions): Promise<void> => {
  const everyMs = parseDuration('--every', options.every);
  const count = options.count === undefined ? Infinity : wholeNumber('--count', options.count, 1, 1_000_000);
  const inPlace = process.stdout.isTTY && !options.json;
  return onDevice(address, options, async (device) => {
    const table = new Table();
    for (let done = 1; done <= count; done += 1) {
      const points = watchedPoints((await device.report()).points);
      if (inPlace) process.stdout.write(table.redrawn(points.map(row), sizeOf(process.stdout)));
      else if (options.json) print({ points: Object.fromEntries(points) });
      else console.log(points.map(([name, point]) => `${name}=${shown(point)}`).join('  '));
      if (done < count) await pause(everyMs);
    }
  });
};

const row = ([name, point]: [string, PointReport]): string => {
  const [value = '', ...rest] = shown(point).split(' ');
  return `${name.padEnd(28)} ${value.padStart(12)} ${rest.join(' ')}`;
};

/** Some terminals do not tell their size. */
const sizeOf = ({ columns, rows }: { columns: number; rows: number }): Size => ({ columns: columns || 80, rows: rows || 24 });
