import { type GroupDef, isExponent, type PointDef, pointOf, type PointValue, rawPoint, scaled } from '../../registers/sunspec/model.js';
import type { Words } from '../../registers/words.js';
import { blockOf, type BlockLimits, MAX_READ_WORDS, planBlocks, type RegisterRange } from '../block-plan.js';
import type { MappedModel } from '../sunspec-walk.js';

/** One number of a model instance: a point of its group, or of a repeat that starts `groupAt` registers into the model. */
export interface PointRef {
  readonly model: MappedModel;
  readonly group: GroupDef;
  readonly name: string;
  readonly repeat?: { readonly group: GroupDef; readonly groupAt: number };
}

/** Reads one number out of the blocks of a poll; `undefined` where the device does not implement it. */
type PointReader = (blocks: readonly Words[]) => number | undefined;

/** What a poll reads, and how its numbers are found there, in the order they were asked for. */
export interface PointPlan {
  readonly blocks: readonly RegisterRange[];
  readonly readers: readonly PointReader[];
  /** Whether each model still begins where the map has it: else these are another device's registers, or no registers at all. */
  readonly stands: (blocks: readonly Words[]) => boolean;
}

/** Models lie one after another and holes between them are readable: reading some is cheaper than asking twice. */
const SUNSPEC_LIMITS: BlockLimits = { maxWords: MAX_READ_WORDS, maxHoleWords: 64 };

/** ID and length: the registers a model begins with. */
const HEAD_WORDS = 2;

/**
 * Plans the reading of points. All points wanted of one model are read in one request together with their scale factors,
 * so that a value never meets the scale of another moment; and with the model's head, wherever that fits. A point beyond the model's length reads as `undefined`.
 */
export const planPoints = (refs: readonly (PointRef | undefined)[]): PointPlan => {
  const placed = refs.map((ref) => (ref ? place(ref) : undefined));
  const points = placed.filter((point) => point !== undefined);
  const ranges = rangesByModel(points);
  const blocks = planBlocks([...ranges.values()], SUNSPEC_LIMITS);
  const headed = new Map(points.flatMap(({ model }) => (ranges.get(model.at)!.at === model.at ? [[model.at, model] as const] : [])));
  const heads = [...headed.values()].map((model) => headCheck(model, blocks));
  return {
    blocks,
    readers: placed.map((point) => (point ? readerOf(point, blocks) : () => undefined)),
    stands: (read) => heads.every((check) => check(read)),
  };
};

const headCheck = ({ id, at, length }: MappedModel, blocks: readonly RegisterRange[]): ((read: readonly Words[]) => boolean) => {
  const index = blockOf(blocks, { table: 'holding', at, words: HEAD_WORDS });
  const offset = at - blocks[index]!.at;
  return (read) => read[index]![offset] === id && read[index]![offset + 1] === length;
};

interface PlacedPoint {
  readonly model: MappedModel;
  readonly point: PointDef;
  readonly at: number;
  readonly scale?: { readonly point: PointDef; readonly at: number };
}

const place = ({ model, group, name, repeat }: PointRef): PlacedPoint | undefined => {
  const point = pointOf(repeat?.group ?? group, name);
  const at = model.at + (repeat?.groupAt ?? 0) + point.offset;
  const scalePoint = typeof point.scaleFactor === 'string' ? pointOf(group, point.scaleFactor) : undefined;
  const scale = scalePoint && { point: scalePoint, at: model.at + scalePoint.offset };
  const endsAt = model.at + 2 + model.length;
  const fits = at + point.words <= endsAt && (!scale || scale.at + scale.point.words <= endsAt);
  return fits ? { model, point, at, scale } : undefined;
};

const rangesByModel = (points: readonly PlacedPoint[]): Map<number, RegisterRange> => {
  const ranges = new Map<number, RegisterRange>();
  for (const { model, point, at, scale } of points) {
    const known = ranges.get(model.at);
    const starts = [at, scale?.at ?? at, known?.at ?? at];
    const ends = [at + point.words, scale ? scale.at + 1 : 0, known ? known.at + known.words : 0];
    const [first, end] = [Math.min(...starts), Math.max(...ends)];
    const from = end - model.at <= MAX_READ_WORDS ? model.at : first;
    ranges.set(model.at, { table: 'holding', at: from, words: end - from });
  }
  return ranges;
};

const readerOf = ({ point, at, scale }: PlacedPoint, blocks: readonly RegisterRange[]): PointReader => {
  const index = blockOf(blocks, { table: 'holding', at, words: point.words });
  const groupAt = at - point.offset - blocks[index]!.at;
  const raw = (words: Words): number | undefined => {
    const value = rawPoint(point, words, groupAt);
    return typeof value === 'number' ? value : undefined;
  };
  if (!scale) {
    const exponent = typeof point.scaleFactor === 'number' ? point.scaleFactor : 0;
    return (read) => scaledBy(raw(read[index]!), exponent);
  }
  const scaleAt = scale.at - scale.point.offset - blocks[index]!.at;
  return (read) => scaledBy(raw(read[index]!), rawPoint(scale.point, read[index]!, scaleAt));
};

const scaledBy = (raw: number | undefined, exponent: PointValue | undefined): number | undefined =>
  raw === undefined || typeof exponent !== 'number' || !isExponent(exponent) ? undefined : scaled(raw, exponent);
