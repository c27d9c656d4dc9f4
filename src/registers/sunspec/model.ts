import { type NumberType, readNumber, readText, writeNumber, writeText, type Words, WORDS_OF } from '../words.js';

/** The types of SunSpec points (SunSpec Device Information Model Specification 1.2, table 4). */
export type PointType =
  NumberType | 'acc16' | 'acc32' | 'acc64' | 'enum16' | 'enum32' | 'bitfield16' | 'bitfield32' | 'sunssf' | 'count' | 'pad' | 'string';

export interface PointDef {
  readonly name: string;
  readonly type: PointType;
  /** Registers from the start of the group; a model's group starts at its ID register. */
  readonly offset: number;
  readonly words: number;
  readonly unit?: string;
  /** The power of ten the value is in: a constant, or the name of the point that tells it. */
  readonly scaleFactor?: number | string;
  readonly writable: boolean;
  /** Names of enum values, or of bit numbers in a bitfield. */
  readonly symbols: ReadonlyMap<number, string>;
  /** By a quirk of the device: -1 where it counts the other way round, `magnitude` where its sign says nothing. */
  readonly sign?: -1 | 'magnitude';
  /** By a quirk of the device: what it reads is not so. */
  readonly untold?: true;
}

export interface GroupDef {
  readonly name: string;
  readonly points: readonly PointDef[];
  readonly groups: readonly GroupDef[];
  /** Repeats: a fixed number, the name of the point that tells it, or 0 for as many as the model's length leaves room for. */
  readonly count: number | string;
  /** Registers of one repeat, without sub-groups. */
  readonly words: number;
}

export interface SunspecModel extends GroupDef {
  readonly id: number;
}

export type PointValue = number | string;
export interface GroupValues {
  readonly values: Readonly<Record<string, PointValue>>;
  readonly groups: Readonly<Record<string, readonly GroupValues[]>>;
}

const BASE_TYPE: Readonly<Record<Exclude<PointType, 'string' | 'pad'>, NumberType>> = {
  int16: 'int16',
  uint16: 'uint16',
  int32: 'int32',
  uint32: 'uint32',
  int64: 'int64',
  uint64: 'uint64',
  float32: 'float32',
  float64: 'float64',
  acc16: 'uint16',
  acc32: 'uint32',
  acc64: 'uint64',
  enum16: 'uint16',
  enum32: 'uint32',
  bitfield16: 'uint16',
  bitfield32: 'uint32',
  sunssf: 'int16',
  count: 'uint16',
};

/** What a device that lacks a point answers. Accumulators say 0, which one that has not begun says too: see `decodeModel`. */
const NOT_IMPLEMENTED: Readonly<Partial<Record<PointType, number>>> = {
  int16: -0x8000,
  uint16: 0xffff,
  int32: -0x8000_0000,
  uint32: 0xffff_ffff,
  int64: -(2 ** 63),
  uint64: 2 ** 64,
  enum16: 0xffff,
  enum32: 0xffff_ffff,
  bitfield16: 0xffff,
  bitfield32: 0xffff_ffff,
  sunssf: -0x8000,
  count: 0xffff,
};

const SENTINEL_WORDS: Readonly<Partial<Record<PointType, readonly number[]>>> = {
  int16: [0x8000],
  uint16: [0xffff],
  int32: [0x8000, 0],
  uint32: [0xffff, 0xffff],
  int64: [0x8000, 0, 0, 0],
  uint64: [0xffff, 0xffff, 0xffff, 0xffff],
  float32: [0x7fc0, 0],
  float64: [0x7ff8, 0, 0, 0],
  enum16: [0xffff],
  enum32: [0xffff, 0xffff],
  bitfield16: [0xffff],
  bitfield32: [0xffff, 0xffff],
  sunssf: [0x8000],
  count: [0xffff],
  pad: [0x8000],
};

/**
 * Builds a model from its layout: one point a line as `name type [unit|-] [sf=…] [rw] [{NAME=value …}]`, with
 * `string*N` for texts of N registers and `group name [count=…]` … `end` around what repeats. ID and L come by themselves.
 */
export const sunspecModel = (id: number, name: string, layout: string): SunspecModel => {
  const lines = layout
    .trim()
    .split('\n')
    .map((line) => line.trim());
  return { id, ...parseGroup(['ID uint16', 'L uint16', ...lines], name, 1) };
};

const parseGroup = (lines: string[], name: string, count: number | string): GroupDef => {
  const points: PointDef[] = [];
  const groups: GroupDef[] = [];
  let offset = 0;
  for (let line = lines.shift(); line !== undefined && line !== 'end'; line = lines.shift()) {
    const group = /^group (\S+)(?: count=(\S+))?$/.exec(line);
    if (group) {
      const repeats = group[2] ?? '1';
      groups.push(parseGroup(lines, group[1]!, /^\d+$/.test(repeats) ? Number(repeats) : repeats));
      continue;
    }
    const point = parsePoint(line, offset);
    points.push(point);
    offset += point.words;
  }
  return { name, points, groups, count, words: offset };
};

const parsePoint = (line: string, offset: number): PointDef => {
  const parsed = /^(\S+) ([a-z0-9]+)(?:\*(\d+))?(?: (?!sf=|rw\b|\{)(\S+))?(?: sf=(\S+))?( rw)?(?: \{(.*)\})?$/.exec(line);
  if (!parsed) throw new Error(`SunSpec layout: cannot read "${line}"`);
  const [, name, type, size, unit, scale, writable, symbols] = parsed as unknown as [string, string, PointType, ...(string | undefined)[]];
  return {
    name,
    type,
    offset,
    words: size ? Number(size) : wordsOf(type),
    writable: writable !== undefined,
    symbols: new Map((symbols?.split(' ') ?? []).map((symbol) => [Number(symbol.split('=')[1]), symbol.split('=')[0]!])),
    ...(unit && unit !== '-' ? { unit: unit.replaceAll('_', ' ') } : {}),
    ...(scale === undefined ? {} : { scaleFactor: /^-?\d+$/.test(scale) ? Number(scale) : scale }),
  };
};

const wordsOf = (type: PointType): number => (type === 'pad' ? 1 : type === 'string' ? 0 : WORDS_OF[BASE_TYPE[type]]);

/** The bare value in a point's registers, before its scale factor; `undefined` where the device does not implement it. */
export const rawPoint = (point: PointDef, words: Words, groupAt: number): PointValue | undefined => {
  const at = groupAt + point.offset;
  if (point.type === 'string') return readText(words, at, point.words);
  if (point.type === 'pad' || point.untold) return undefined;
  const value = readNumber(words, at, BASE_TYPE[point.type]);
  if (value === undefined || value === NOT_IMPLEMENTED[point.type]) return undefined;
  return point.sign === undefined ? value : signed(value, point.sign);
};

const signed = (value: number, sign: NonNullable<PointDef['sign']>): number => (sign === -1 ? 0 - value : Math.abs(value));

/**
 * All implemented points of a model instance, scaled to their units. `words` starts at the model's ID register; what lies
 * beyond its end is absent. A value whose scale factor is not implemented is absent too: without it the number means nothing;
 * and so is an accumulator of 0, which is how SunSpec says that there is none.
 */
export const decodeModel = (model: SunspecModel, words: Words): GroupValues => decodeGroup(model, words, 0, {}).decoded;

type Scales = Readonly<Record<string, number>>;

const decodeGroup = (group: GroupDef, words: Words, at: number, outer: Scales): { decoded: GroupValues; endsAt: number } => {
  const scales = { ...outer, ...scaleFactorsOf(group, words, at) };
  const values: Record<string, PointValue> = {};
  for (const point of group.points) {
    const value = scaledPoint(point, words, at, scales);
    if (value !== undefined) values[point.name] = value;
  }
  const groups: Record<string, GroupValues[]> = {};
  let endsAt = at + group.words;
  for (const inner of group.groups) {
    const repeats = repeatsOf(inner, values, words.length - endsAt);
    groups[inner.name] = [];
    for (let i = 0; i < repeats && endsAt + inner.words <= words.length; i += 1) {
      const repeat = decodeGroup(inner, words, endsAt, scales);
      groups[inner.name]!.push(repeat.decoded);
      endsAt = repeat.endsAt;
    }
  }
  return { decoded: { values, groups }, endsAt };
};

const repeatsOf = (group: GroupDef, values: Readonly<Record<string, PointValue>>, wordsLeft: number): number => {
  if (typeof group.count === 'string') return Number(values[group.count] ?? 0);
  return group.count === 0 ? Math.floor(wordsLeft / group.words) : group.count;
};

/** SunSpec scale factors are powers of ten from -10 to 10 (Device Information Model Specification 1.2, §4.2.8); others are none. */
export const isExponent = (value: number): boolean => Math.abs(value) <= 10;

const scaleFactorsOf = (group: GroupDef, words: Words, at: number): Scales => {
  const scales: Record<string, number> = {};
  for (const point of group.points) {
    if (point.type !== 'sunssf') continue;
    const exponent = rawPoint(point, words, at);
    if (typeof exponent === 'number' && isExponent(exponent)) scales[point.name] = exponent;
  }
  return scales;
};

const scaledPoint = (point: PointDef, words: Words, at: number, scales: Scales): PointValue | undefined => {
  const raw = rawPoint(point, words, at);
  if (raw === 0 && point.type.startsWith('acc')) return undefined;
  if (typeof raw !== 'number' || point.scaleFactor === undefined) return raw;
  const exponent = typeof point.scaleFactor === 'number' ? point.scaleFactor : scales[point.scaleFactor];
  return exponent === undefined ? undefined : scaled(raw, exponent);
};

/** `raw` × 10^`exponent`; division keeps decimal fractions exact where a product would not (0.1 × 3). */
export const scaled = (raw: number, exponent: number): number => (exponent < 0 ? raw / 10 ** -exponent : raw * 10 ** exponent);

/**
 * The registers of one value. `undefined` gives the type's "not implemented" mark (0 for accumulators). `exponent` is the
 * scale factor in force; the value is divided by 10^exponent and rounded. Throws a `RangeError` where it does not fit.
 */
export const encodePoint = (point: PointDef, value: PointValue | undefined, exponent = 0): number[] => {
  if (point.type === 'string') return writeText(String(value ?? ''), point.words);
  if (value === undefined || point.type === 'pad') return [...(SENTINEL_WORDS[point.type] ?? new Array<number>(point.words).fill(0))];
  return writeNumber(exponent < 0 ? Number(value) * 10 ** -exponent : Number(value) / 10 ** exponent, BASE_TYPE[point.type]);
};

/** The point of that name among a group's own points; throws where there is none, since that is a slip of the programmer. */
export const pointOf = (group: GroupDef, name: string): PointDef => {
  const point = group.points.find((candidate) => candidate.name === name);
  if (!point) throw new Error(`${group.name} has no point ${name}`);
  return point;
};
