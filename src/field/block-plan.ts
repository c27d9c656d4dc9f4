import type { RegisterTable } from './modbus-link.port.js';

/** Registers that must come in one request: one number, or values together with their scale factors. */
export interface RegisterRange {
  readonly table: RegisterTable;
  readonly at: number;
  readonly words: number;
}

export interface BlockLimits {
  /** Most registers in one request; Modbus allows 125. */
  readonly maxWords: number;
  /** Most unwanted registers read to save a request. */
  readonly maxHoleWords: number;
  /** Addresses that no request may touch, both ends included. */
  readonly illegal?: Readonly<Record<RegisterTable, readonly (readonly [from: number, to: number])[]>>;
}

/** Most registers that one Modbus request may read (Modbus application protocol 1.1b3, §6.3). */
export const MAX_READ_WORDS = 125;

/**
 * The fewest requests, in order of table and address, that read all ranges under the limits, and among those the ones that read the
 * fewest registers along: each costs bytes on the wire and time to take apart. Never across an address that is illegal. A range is
 * never split; one longer than `maxWords` throws a `RangeError`.
 */
export const planBlocks = (ranges: readonly RegisterRange[], limits: BlockLimits): RegisterRange[] => {
  const sorted = [...ranges].sort((a, b) => a.table.localeCompare(b.table) || a.at - b.at || b.words - a.words);
  /** The best plan of the first so many ranges. */
  const plans: Plan[] = [NOTHING];
  for (const [last, range] of sorted.entries()) {
    if (range.words > limits.maxWords) throw new RangeError(`${range.words} registers do not fit a request of ${limits.maxWords}`);
    let best: Plan | undefined;
    for (let first = last; first >= 0; first -= 1) {
      const block = blockOfAll(sorted.slice(first, last + 1), limits);
      const before = plans[first]!;
      if (block) best = better(best, { before, block, requests: before.requests + 1, words: before.words + block.words });
    }
    plans.push(best!);
  }
  const blocks: RegisterRange[] = [];
  for (let plan = plans.at(-1)!; plan.block; plan = plan.before!) blocks.unshift(plan.block);
  return blocks;
};

interface Plan {
  readonly before?: Plan;
  /** Its last block; absent where it reads nothing. */
  readonly block?: RegisterRange;
  readonly requests: number;
  readonly words: number;
}

const NOTHING: Plan = { requests: 0, words: 0 };

const better = (a: Plan | undefined, b: Plan): Plan =>
  a && (a.requests < b.requests || (a.requests === b.requests && a.words <= b.words)) ? a : b;

/** One request that reads all of them, where one may. */
const blockOfAll = (ranges: readonly RegisterRange[], limits: BlockLimits): RegisterRange | undefined => {
  let block: RegisterRange | undefined = ranges[0];
  for (const range of ranges.slice(1)) block = block && joinedWith(block, range, limits);
  return block;
};

const joinedWith = (block: RegisterRange, range: RegisterRange, limits: BlockLimits): RegisterRange | undefined => {
  if (block.table !== range.table || range.at - (block.at + block.words) > limits.maxHoleWords) return undefined;
  const words = Math.max(block.words, range.at + range.words - block.at);
  return words > limits.maxWords || crossesIllegal(block, words, limits) ? undefined : { ...block, words };
};

const crossesIllegal = ({ table, at }: RegisterRange, words: number, { illegal }: BlockLimits): boolean =>
  illegal?.[table].some(([from, to]) => at <= to && from < at + words) ?? false;

/** The index of the block that holds the whole range; throws where none does. */
export const blockOf = (blocks: readonly RegisterRange[], { table, at, words }: RegisterRange): number => {
  const index = blocks.findIndex((block) => block.table === table && block.at <= at && at + words <= block.at + block.words);
  if (index < 0) throw new RangeError(`registers ${at}+${words} are in no block`);
  return index;
};
