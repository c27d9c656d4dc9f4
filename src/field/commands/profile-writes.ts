import { AdapterError, messageOf } from '../../kernel/errors.js';
import { NOMINAL_PHASE_V, type Watt } from '../../kernel/units.js';
import { isFallback, isPower, isTimer, type ProfileCheck, type ProfileWrite } from '../../registers/profile-commands.js';
import { readPlace, type Stretch, stretchOf } from '../../registers/profile-place.js';
import { perHouseUnit } from '../../registers/profile-units.js';
import { readNumber, type WordOrder, type Words, writeNumber, WORDS_OF } from '../../registers/words.js';
import type { CommandOutcome } from '../drivers/device-driver.js';

/** What is asked for: a power in the direction of its case, for so long. */
export interface Asked {
  readonly powerW: Watt;
  readonly leaseS: number;
  /** Phases that a current is on, and their voltage; nominal where the device does not say. */
  readonly phases: 1 | 3;
  readonly voltageV?: number;
  /** What a load may go on with once the lease is over; absent where its site owes nothing. */
  readonly fallbackW?: Watt;
  /** What percentages are of; absent where no write needs it, or the device does not say. */
  readonly ratedW?: Watt;
  /** A limit is never above what was asked, so it is rounded down; everything else to the nearest. */
  readonly round: (raw: number) => number;
}

/** The registers of one write. Throws an `AdapterError` where what is asked does not fit them. */
export const wordsOf = (write: ProfileWrite, asked: Asked | undefined, order: WordOrder): number[] => {
  if (write.words) return write.words;
  try {
    return writeNumber(rawOf(write, asked), write.type, write.wordOrder ?? order);
  } catch (error) {
    throw new AdapterError(`${nameOf(write)}: ${messageOf(error)}`, false, { cause: error });
  }
};

const nameOf = (write: ProfileWrite): string => {
  const { table, at } = stretchOf(write);
  return `${table === 'coil' ? table : 'register'} ${at}`;
};

const SECONDS_PER_MINUTE = 60;
const LARGEST_16_BIT = 65_535;

const rawOf = (write: ProfileWrite, asked: Asked | undefined): number => {
  const { value, scale, sign, most, least = 0 } = write;
  if (typeof value === 'number') return value / (scale * sign);
  if (!asked || value === undefined) throw new AdapterError(`${nameOf(write)} is given nothing to hold`, false);
  if (isPower(write)) return Math.min(Math.max(powerRaw(write, asked), leastOf(write, asked)), most ?? Infinity);
  if (isFallback(write)) return fallbackRaw(write, asked);
  const units = value === 'leaseS' ? asked.leaseS : asked.leaseS / SECONDS_PER_MINUTE;
  // A timer that is too small for the lease ends it early, which is the safe side; 65535 often means "not implemented".
  const largest = most ?? (WORDS_OF[write.type] === 1 ? LARGEST_16_BIT - 1 : Infinity);
  return Math.max(Math.min(Math.ceil(units / (scale * sign)), largest), least);
};

/** A load that may go on with less than it can draw at least draws nothing. */
const fallbackRaw = (write: ProfileWrite, asked: Asked): number => {
  if (asked.fallbackW === undefined) return write.unlessOwed!;
  const raw = Math.min(asked.round(asked.fallbackW / stepW(write, asked)), write.most ?? Infinity);
  return raw < (write.least ?? 0) ? 0 : raw;
};

/** A limit that is enough for the least at nominal voltage is enough for it at a higher one. */
const leastOf = (write: ProfileWrite, asked: Asked): number => (isBelowLeast(write, asked) ? undefined : write.least) ?? -Infinity;

const powerRaw = (write: ProfileWrite, asked: Asked): number => asked.round(asked.powerW / stepW(write, asked));

/** How many W one step of the register is, with its sign. */
const stepW = (write: ProfileWrite, { ratedW, phases, voltageV = NOMINAL_PHASE_V }: Asked): Watt => {
  const step = write.scale * write.sign * perHouseUnit(write.unit);
  if (write.value === 'currentA' || isFallback(write)) return step * voltageV * phases;
  if (write.value !== 'powerPct') return step;
  if (!ratedW) throw new AdapterError('the device does not say its rating, which this is a percentage of', false);
  return (step / 100) * ratedW;
};

/** Whether what is asked is less than the register takes. Least powers are stated at nominal voltage, and hold at any. */
export const isBelowLeast = (write: ProfileWrite, { voltageV: _nominal, ...asked }: Asked): boolean =>
  isPower(write) && write.least !== undefined && powerRaw(write, asked) < write.least;

/** Where a write is read back; a pair that is written raw is a key, not a value, and is not. */
export const readBackOf = (write: ProfileWrite): Stretch | undefined =>
  write.words || !write.readBack ? undefined : stretchOf(write.shownAt ?? write);

/** The registers that show what a write has set. */
export const shownWordsOf = (
  write: ProfileWrite,
  asked: Asked,
  order: WordOrder,
): { readonly at: Stretch; readonly words: number[] } | undefined => {
  const at = readBackOf(write);
  const { type, wordOrder } = { ...write, ...write.shownAt };
  return at && { at, words: writeNumber(rawOf(write, asked), type, wordOrder ?? order) };
};

/** What a register that was written shows: `undefined` where it is as told, otherwise what became of the setpoint. */
export const verdictOf = (write: ProfileWrite, asked: Asked, seen: Words, order: WordOrder): CommandOutcome | undefined => {
  const wordOrder = write.wordOrder ?? order;
  const raw = readNumber(seen, 0, (write.shownAt ?? write).type, wordOrder);
  const wanted = readNumber(wordsOf(write, asked, order), 0, write.type, wordOrder);
  if (raw === undefined || wanted === undefined) return { kind: 'unknown', reason: `${nameOf(write)} does not show what it holds` };
  if (isPower(write)) return Math.abs(raw - wanted) <= 1 ? undefined : { kind: 'clamped', readbackW: raw * stepW(write, asked) };
  if (isTimer(write)) {
    // A timer counts down from what was written; one that shows nothing, or more, is not ours.
    if (raw > 0 && raw <= wanted) return undefined;
    return { kind: 'refused', reason: 'the device keeps no timer: it would never let go by itself' };
  }
  return raw === wanted ? undefined : { kind: 'refused', reason: `${nameOf(write)} holds ${raw} and not ${wanted}` };
};

/** Whether a register holds what it must. */
export const isMet = (check: ProfileCheck, seen: Words, order: WordOrder): boolean => {
  const raw = readPlace(check, seen, 0, order);
  return raw !== undefined && check.oneOf.some((one) => (typeof one === 'number' ? raw === one : raw >= one[0] && raw <= one[1]));
};
