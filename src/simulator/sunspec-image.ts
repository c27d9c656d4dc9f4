import {
  encodePoint,
  type GroupDef,
  type PointDef,
  type PointValue,
  rawPoint,
  scaled,
  type SunspecModel,
} from '../registers/sunspec/model.js';
import { SUNSPEC_END_ID, SUNSPEC_MARKER } from '../registers/sunspec/models.js';
import type { Words } from '../registers/words.js';
import type { ControlPoint } from './controls.js';
import type { DeviceView } from './device-view.js';

/** A value that changes from moment to moment; `undefined` shows as "not implemented". */
export type LiveValue = (view: DeviceView) => PointValue | undefined;
export type LiveValues = Readonly<Record<string, LiveValue>>;
export type FixedValues = Readonly<Record<string, PointValue>>;

interface GroupContent {
  readonly fixed?: FixedValues;
  readonly live?: LiveValues;
}

/** What one model of a device holds. Points that are named nowhere are not implemented. */
export interface ModelContent extends GroupContent {
  readonly model: SunspecModel;
  /** Points that can be written; they show what the device's controls hold under `model.Point`. */
  readonly controls?: readonly ControlPoint[];
  /** Repeats of the model's groups. */
  readonly repeats?: Readonly<Record<string, readonly GroupContent[]>>;
}

/** Every SunSpec map of the simulator begins here, as those of most inverters do. */
export const SUNSPEC_BASE = 40_000;

interface Placed {
  readonly point: PointDef;
  readonly at: number;
  readonly exponent: number;
}

/**
 * The registers of a SunSpec device: the marker, its models one after another, the end. What never changes is encoded once;
 * the rest when `refresh` is called.
 */
export class SunspecImage {
  private readonly words: Uint16Array;
  private readonly live: (Placed & { readonly value: LiveValue })[] = [];
  private readonly writable = new Map<number, Placed & { readonly control?: ControlPoint }>();

  constructor(models: readonly ModelContent[]) {
    const words: number[] = [...SUNSPEC_MARKER];
    for (const content of models) this.addModel(words, content);
    words.push(SUNSPEC_END_ID, 0);
    this.words = Uint16Array.from(words);
  }

  refresh(view: DeviceView): void {
    for (const { point, at, exponent, value } of this.live) this.words.set(encoded(point, value(view), exponent), at);
  }

  read(address: number, count: number): Words | undefined {
    const at = address - SUNSPEC_BASE;
    return at >= 0 && at + count <= this.words.length ? this.words.subarray(at, at + count) : undefined;
  }

  /**
   * What a write of these registers asks for, by control; or that it falls on registers that are not the client's to write.
   * A point that the model lets be written, but this device does not act on, takes only what it holds already.
   */
  changes(address: number, words: Words): Map<ControlPoint, number> | 'no-such-address' | 'no-such-value' {
    const changes = new Map<ControlPoint, number>();
    const startAt = address - SUNSPEC_BASE;
    for (let at = startAt; at < startAt + words.length;) {
      const placed = this.writable.get(at);
      if (!placed) return 'no-such-address';
      const { point, control } = placed;
      if (at + point.words > startAt + words.length) return 'no-such-value';
      if (control) {
        const raw = rawPoint({ ...point, offset: 0 }, words, at - startAt);
        if (typeof raw !== 'number') return 'no-such-value';
        changes.set(control, scaled(raw, placed.exponent));
      } else if (Array.from({ length: point.words }, (_, i) => words[at - startAt + i] === this.words[at + i]).includes(false))
        return 'no-such-value';
      at += point.words;
    }
    return changes;
  }

  private addModel(words: number[], content: ModelContent): void {
    const { model, controls = [], repeats = {} } = content;
    const startAt = words.length;
    const scales = scalesOf(model, content.fixed ?? {});
    const controlled = new Map(controls.map((control) => [control.key.slice(control.key.indexOf('.') + 1), control]));
    this.addGroup(words, model, content, { scales, controlled });
    for (const group of model.groups) {
      const contents =
        repeats[group.name] ?? (typeof group.count === 'number' && group.count > 0 ? Array.from({ length: group.count }, () => ({})) : []);
      for (const repeat of contents) this.addGroup(words, group, repeat, { scales, controlled: new Map() });
    }
    words[startAt] = model.id;
    words[startAt + 1] = words.length - startAt - 2;
  }

  private addGroup(
    words: number[],
    group: GroupDef,
    { fixed = {}, live = {} }: GroupContent,
    { scales, controlled }: { scales: Readonly<Record<string, number>>; controlled: ReadonlyMap<string, ControlPoint> },
  ): void {
    const groupAt = words.length;
    for (const point of group.points) {
      const exponent = typeof point.scaleFactor === 'string' ? (scales[point.scaleFactor] ?? 0) : (point.scaleFactor ?? 0);
      const placed = { point, at: groupAt + point.offset, exponent };
      const control = controlled.get(point.name);
      const value = control ? (view: DeviceView) => view.controls.values[control.key] : live[point.name];
      if (value) this.live.push({ ...placed, value });
      if (point.writable) this.writable.set(placed.at, { ...placed, control });
      words.push(...encoded(point, fixed[point.name], exponent));
    }
  }
}

const scalesOf = (model: SunspecModel, fixed: FixedValues): Record<string, number> =>
  Object.fromEntries(model.points.filter(({ type }) => type === 'sunssf').map(({ name }) => [name, Number(fixed[name] ?? 0)]));

/** Counters roll over where their registers end; what else does not fit is not available. */
const encoded = (point: PointDef, value: PointValue | undefined, exponent: number): number[] => {
  if (typeof value !== 'number') return encodePoint(point, value, exponent);
  try {
    return encodePoint(point, point.type === 'acc32' ? value % (2 ** 32 * 10 ** exponent) : value, exponent);
  } catch (error) {
    if (error instanceof RangeError) return encodePoint(point, undefined);
    throw error;
  }
};

/** The smallest power of ten, from `least` up, in which `largest` fits into `limit`. */
export const exponentFor = (largest: number, limit: number, least = 0): number => {
  let exponent = least;
  while (largest / 10 ** exponent > limit) exponent += 1;
  return exponent;
};
