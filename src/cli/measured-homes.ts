import { BadInput } from '../kernel/errors.js';
import { DAY_MS } from '../kernel/units.js';
import { loadHomes, type MeasuredHome } from '../simulator/index.js';

/** More gaps of one file than this help nobody. */
const MOST_NAMED = 5;

/** A home must tell of so long without a break: the demo's month of history and a day to run in. */
export const UNBROKEN_MS = 32 * DAY_MS;

/**
 * The measured homes in a folder, to be replayed. A file is refused whose gaps leave no stretch of 32 days: in a gap the
 * meter's counters would stand still, and read as a home that drew nothing. Throws `BadInput` with the faults of all files.
 */
export const measuredHomes = (folder: string): MeasuredHome[] => {
  const homes = loadHomes(folder);
  const faults = homes.filter((home) => home.gaps.length > 0 && longestUnbrokenMs(home) < UNBROKEN_MS).flatMap(gapFaults);
  if (faults.length > 0) throw new BadInput(faults);
  return homes;
};

const longestUnbrokenMs = ({ rows, gaps }: MeasuredHome): number => {
  const begins = [rows[0]!.startMs, ...gaps.map(({ endMs }) => endMs)];
  const ends = [...gaps.map(({ startMs }) => startMs), rows.at(-1)!.endMs];
  return Math.max(...begins.map((beginMs, index) => ends[index]! - beginMs));
};

const gapFaults = ({ file, gaps }: MeasuredHome): string[] => {
  const named = gaps.slice(0, MOST_NAMED).map(({ startMs, endMs }) => `${file}: no rows from ${utc(startMs)} to ${utc(endMs)}; ${MEND}`);
  return gaps.length > MOST_NAMED ? [...named, `${file}: and ${gaps.length - MOST_NAMED} more gaps`] : named;
};

const MEND = 'fill the gap, cut the file there, or take it out of the folder';

const utc = (atMs: number): string => new Date(atMs).toISOString().replace('.000Z', 'Z');
