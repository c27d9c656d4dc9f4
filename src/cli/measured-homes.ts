import { BadInput } from '../kernel/errors.js';
import { loadHomes, type MeasuredHome } from '../simulator/index.js';

/** More gaps of one file than this help nobody. */
const MOST_NAMED = 5;

/**
 * The measured homes in a folder, to be replayed. A file with gaps is refused: in a gap the meter's counters would stand
 * still, and read as a home that drew nothing. Throws `BadInput` with the faults of all files.
 */
export const measuredHomes = (folder: string): MeasuredHome[] => {
  const homes = loadHomes(folder);
  const faults = homes.flatMap(gapFaults);
  if (faults.length > 0) throw new BadInput(faults);
  return homes;
};

const gapFaults = ({ file, gaps }: MeasuredHome): string[] => {
  const named = gaps.slice(0, MOST_NAMED).map(({ startMs, endMs }) => `${file}: no rows from ${utc(startMs)} to ${utc(endMs)}; ${MEND}`);
  return gaps.length > MOST_NAMED ? [...named, `${file}: and ${gaps.length - MOST_NAMED} more gaps`] : named;
};

const MEND = 'fill the gap, cut the file there, or take it out of the folder';

const utc = (atMs: number): string => new Date(atMs).toISOString().replace('.000Z', 'Z');
