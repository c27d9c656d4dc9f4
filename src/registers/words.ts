/**
 * The word codec: 16-bit Modbus registers to numbers and strings, and back. Registers are big-endian; `little` word
 * order puts the low word of a number first, as some meters do.
 */
export const NUMBER_TYPES = ['int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64'] as const;
export type NumberType = (typeof NUMBER_TYPES)[number];
export type WordOrder = 'big' | 'little';
/** Registers as read, or to be written; each 0–65535. */
export type Words = ArrayLike<number>;

export const WORDS_OF: Readonly<Record<NumberType, number>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
};

const scratch = new DataView(new ArrayBuffer(8));

/**
 * The number that starts at register `at`; `undefined` for NaN and for registers that are not there. 64-bit integers
 * above 2^53 lose their last digits, which no energy counter reaches.
 */
export const readNumber = (words: Words, at: number, type: NumberType, order: WordOrder = 'big'): number | undefined => {
  const count = WORDS_OF[type];
  if (at < 0 || at + count > words.length) return undefined;
  if (count === 1) return type === 'int16' ? (words[at]! << 16) >> 16 : words[at]!;
  for (let i = 0; i < count; i += 1) scratch.setUint16(i * 2, words[order === 'big' ? at + i : at + count - 1 - i]!);
  const value = readScratch(type);
  return Number.isNaN(value) ? undefined : value;
};

const readScratch = (type: NumberType): number => {
  switch (type) {
    case 'int32':
      return scratch.getInt32(0);
    case 'uint32':
      return scratch.getUint32(0);
    case 'int64':
      return Number(scratch.getBigInt64(0));
    case 'uint64':
      return Number(scratch.getBigUint64(0));
    case 'float32':
      return scratch.getFloat32(0);
    case 'float64':
      return scratch.getFloat64(0);
    case 'int16':
      return scratch.getInt16(0);
    case 'uint16':
      return scratch.getUint16(0);
  }
};

const LIMITS: Readonly<Partial<Record<NumberType, readonly [number, number]>>> = {
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** The registers of a number. Integers are rounded; one that does not fit its type throws a `RangeError`. */
export const writeNumber = (value: number, type: NumberType, order: WordOrder = 'big'): number[] => {
  const limits = LIMITS[type];
  const stored = limits ? Math.round(value) : value;
  if (limits && !(stored >= limits[0] && stored <= limits[1])) throw new RangeError(`${value} does not fit ${type}`);
  writeScratch(stored, type);
  const words = Array.from({ length: WORDS_OF[type] }, (_, i) => scratch.getUint16(i * 2));
  return order === 'big' ? words : words.reverse();
};

const writeScratch = (value: number, type: NumberType): void => {
  switch (type) {
    case 'int16':
      return scratch.setInt16(0, value);
    case 'uint16':
      return scratch.setUint16(0, value);
    case 'int32':
      return scratch.setInt32(0, value);
    case 'uint32':
      return scratch.setUint32(0, value);
    case 'int64':
      return scratch.setBigInt64(0, BigInt(value));
    case 'uint64':
      return scratch.setBigUint64(0, BigInt(value));
    case 'float32':
      return scratch.setFloat32(0, value);
    case 'float64':
      return scratch.setFloat64(0, value);
  }
};

/** Text of `count` registers, two characters each, ended by the first NUL; trailing blanks are dropped. */
export const readText = (words: Words, at: number, count: number): string | undefined => {
  if (at < 0 || at + count > words.length) return undefined;
  const bytes: number[] = [];
  for (let i = at; i < at + count; i += 1) bytes.push(words[i]! >> 8, words[i]! & 0xff);
  const end = bytes.indexOf(0);
  const text = Buffer.from(end < 0 ? bytes : bytes.slice(0, end))
    .toString('utf8')
    .trimEnd();
  return text === '' ? undefined : text;
};

/** Text as `count` registers, cut to fit and padded with NULs. */
export const writeText = (text: string, count: number): number[] => {
  const bytes = Buffer.alloc(count * 2);
  bytes.write(text, 'utf8');
  return Array.from({ length: count }, (_, i) => bytes.readUInt16BE(i * 2));
};
