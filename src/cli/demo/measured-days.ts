import { BadInput } from '../../kernel/errors.js';
import { floorTo, type Interval, overlaps, SLOT_MS } from '../../kernel/interval.js';
import { localTime, momentOf } from '../../kernel/local-day.js';
import { DAY_MS, type DurationMs, type EpochMs } from '../../kernel/units.js';
import type { MeasuredHome } from '../../simulator/index.js';
import { HISTORY_DAYS, START_HOUR, START_MINUTE } from './demo-plant.js';

/** What the demo replays around the moment it begins at: its history, and a day to run in. */
const replayedAround = (startMs: EpochMs): Interval => ({ startMs: startMs - HISTORY_DAYS * DAY_MS - SLOT_MS, endMs: startMs + DAY_MS });
const UNBROKEN_DAYS = HISTORY_DAYS + 2;

/**
 * Late morning of the sunniest measured working day around which no home has a gap: in a gap its counters would stand still,
 * and read as a home that drew nothing. Where there is no such day, throws `BadInput` with a line for each gap that is in the
 * way, and for each file that holds too little.
 */
export const sunnyMeasuredMorning = (zone: string, homes: readonly MeasuredHome[]): EpochMs => {
  const sunOfMorning = new Map<EpochMs, number>();
  for (const { startMs, pvW } of homes[0]!.rows) {
    const { date, weekday } = localTime(zone, startMs);
    if (weekday === 0 || weekday === 6) continue;
    const morningMs = floorTo(momentOf(zone, date, START_HOUR, START_MINUTE), SLOT_MS);
    sunOfMorning.set(morningMs, (sunOfMorning.get(morningMs) ?? 0) + pvW);
  }
  const whole = [...sunOfMorning].filter(([morningMs]) => homes.every((home) => covers(home, replayedAround(morningMs))));
  if (whole.length === 0) throw new BadInput(faultsOf(homes));
  return whole.reduce((best, day) => (day[1] > best[1] ? day : best))[0];
};

const covers = ({ rows, gaps }: MeasuredHome, stretch: Interval): boolean =>
  rows[0]!.startMs <= stretch.startMs && rows.at(-1)!.endMs >= stretch.endMs && !gaps.some((gap) => overlaps(gap, stretch));

const NEEDED = `the demo needs ${UNBROKEN_DAYS} days without a break, a working day among the last`;
/** More gaps of one file than this help nobody. */
const MOST_NAMED = 5;

const faultsOf = (homes: readonly MeasuredHome[]): string[] => {
  const broken = homes.filter((home) => longestUnbrokenMs(home) < UNBROKEN_DAYS * DAY_MS);
  if (broken.length === 0) return [`the measured homes have too few days in common: ${NEEDED}, the same in all files`];
  return broken.flatMap(({ file, gaps }) => {
    if (gaps.length === 0) return [`${file}: holds too little; ${NEEDED}`];
    const named = gaps
      .slice(0, MOST_NAMED)
      .map(({ startMs, endMs }) => `${file}: no rows from ${utc(startMs)} to ${utc(endMs)}; ${NEEDED}`);
    return gaps.length > MOST_NAMED ? [...named, `${file}: and ${gaps.length - MOST_NAMED} more gaps`] : named;
  });
};

const longestUnbrokenMs = ({ rows, gaps }: MeasuredHome): DurationMs => {
  const begins = [rows[0]!.startMs, ...gaps.map(({ endMs }) => endMs)];
  const ends = [...gaps.map(({ startMs }) => startMs), rows.at(-1)!.endMs];
  return Math.max(...begins.map((beginMs, index) => ends[index]! - beginMs));
};

const utc = (atMs: EpochMs): string => new Date(atMs).toISOString().replace('.000Z', 'Z');

/** What to say of gaps elsewhere in the files; absent where there are none. */
export const gapNote = (homes: readonly MeasuredHome[]): string | undefined => {
  const broken = homes.filter(({ gaps }) => gaps.length > 0);
  const [first] = broken;
  if (!first) return undefined;
  const { startMs, endMs } = first.gaps[0]!;
  const more = broken.length > 1 || first.gaps.length > 1 ? ', …' : '';
  return `${broken.length} of ${homes.length} measured homes have gaps (${first.name}: ${utc(startMs)} to ${utc(endMs)}${more}); what is replayed has none.`;
};

/** The whole-hour zone whose noon is when the measured sun is at its mean: files carry UTC and no place. */
export const zoneOfSun = ({ rows }: MeasuredHome): string => {
  let [sin, cos] = [0, 0];
  for (const { startMs, endMs, pvW } of rows) {
    const angle = (2 * Math.PI * (((startMs + endMs) / 2) % DAY_MS)) / DAY_MS;
    sin += pvW * Math.sin(angle);
    cos += pvW * Math.cos(angle);
  }
  if (sin === 0 && cos === 0) return 'Etc/GMT';
  const noonUtcH = ((Math.atan2(sin, cos) / (2 * Math.PI)) * 24 + 24) % 24;
  const behindH = Math.round(noonUtcH - 12);
  // The names of these zones count the other way: Etc/GMT+8 is eight hours behind Greenwich.
  return behindH === 0 ? 'Etc/GMT' : `Etc/GMT${behindH > 0 ? '+' : ''}${behindH}`;
};
