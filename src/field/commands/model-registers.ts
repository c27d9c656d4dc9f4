import { AdapterError } from '../../kernel/errors.js';
import { encodePoint, isExponent, pointOf, type PointDef, rawPoint, scaled, type SunspecModel } from '../../registers/sunspec/model.js';
import type { BusUnit } from '../bus.js';
import type { MappedModel } from '../sunspec-walk.js';

type Numbers<Name extends string> = Partial<Record<Name, number>>;

/** One model instance of a device, read and written by the names of its points, in their units. */
export class ModelRegisters {
  private readonly layout: SunspecModel;
  private exponents: Record<string, number> = {};

  constructor(
    private readonly unit: BusUnit,
    private readonly model: MappedModel,
  ) {
    this.layout = model.layout!;
  }

  /** The points that are implemented, together with their scale factors in one request. Throws an `AdapterError`. */
  async read<Name extends string>(...names: readonly Name[]): Promise<Numbers<Name>> {
    const points = names.map((name) => pointOf(this.layout, name));
    const all = [...points, ...points.map((point) => this.scalePointOf(point)).filter((point) => point !== undefined)];
    const from = Math.min(...all.map((point) => point.offset));
    const to = Math.max(...all.map((point) => point.offset + point.words));
    const words = await this.unit.read('holding', this.model.at + from, to - from);
    for (const point of all) {
      const value = point.type === 'sunssf' ? rawPoint(point, words, -from) : undefined;
      if (typeof value === 'number') this.exponents[point.name] = value;
    }
    const values: Numbers<Name> = {};
    for (const [index, point] of points.entries()) {
      const raw = rawPoint(point, words, -from);
      if (typeof raw === 'number') values[names[index]!] = scaled(raw, this.exponentOf(point));
    }
    return values;
  }

  /**
   * Writes neighbouring points in one request. Their scale factors must have been read. Throws an `AdapterError`, also where
   * a value does not fit its register.
   */
  async write(values: Readonly<Record<string, number>>): Promise<void> {
    const points = Object.keys(values).map((name) => pointOf(this.layout, name));
    const words: number[] = [];
    for (const point of points) {
      if (point.offset !== points[0]!.offset + words.length)
        throw new Error(`${point.name} is not next to ${Object.keys(values).join(', ')}`);
      words.push(...this.encoded(point, values[point.name]!));
    }
    await this.unit.write(this.model.at + points[0]!.offset, words);
  }

  private encoded(point: PointDef, value: number): number[] {
    try {
      return encodePoint(point, value, this.exponentOf(point));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new AdapterError(`${point.name} of model ${this.model.id} cannot hold ${value} in its scale`, false, { cause: error });
    }
  }

  /** The smallest step of a point: what rounding may change. */
  stepOf(name: string): number {
    return 10 ** this.exponentOf(pointOf(this.layout, name));
  }

  private exponentOf(point: PointDef): number {
    if (typeof point.scaleFactor !== 'string') return point.scaleFactor ?? 0;
    const exponent = this.exponents[point.scaleFactor];
    if (exponent === undefined)
      throw new AdapterError(`model ${this.model.id} does not tell ${point.scaleFactor}, the scale of ${point.name}`, false);
    if (!isExponent(exponent))
      throw new AdapterError(`model ${this.model.id} tells ${exponent} as ${point.scaleFactor}, which no scale factor is`, false);
    return exponent;
  }

  private scalePointOf(point: PointDef): PointDef | undefined {
    return typeof point.scaleFactor === 'string' ? pointOf(this.layout, point.scaleFactor) : undefined;
  }
}
