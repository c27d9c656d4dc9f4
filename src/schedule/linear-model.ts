/** One term of a row: a column and its coefficient. */
export type Term = readonly [column: number, coefficient: number];

/** `lower ≤ Σ terms`. */
export interface LateRow {
  readonly lower: number;
  readonly columns: readonly number[];
  readonly coefficients: readonly number[];
}

/** A mixed-integer linear model as plain arrays: minimise cost·x with rows and columns within bounds, rows in compressed form. */
export interface LinearModel {
  readonly colCost: Float64Array;
  readonly colLower: Float64Array;
  readonly colUpper: Float64Array;
  readonly integer: Int32Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly coefficients: Float64Array;
  readonly offset: number;
  /** Rows that hold too, but need be stated only where an answer breaks them. */
  readonly late: readonly LateRow[];
  /** Columns that are nothing in a first answer, which is found sooner then. */
  readonly seldom: readonly number[];
}

/** Collects columns and rows. A coefficient that is not a finite number is a mistake of ours and throws at once. */
export class LinearModelBuilder {
  private readonly cost: number[] = [];
  private readonly lower: number[] = [];
  private readonly upper: number[] = [];
  private readonly whole: number[] = [];
  private readonly rowLower: number[] = [];
  private readonly rowUpper: number[] = [];
  private readonly starts: number[] = [0];
  private readonly columns: number[] = [];
  private readonly coefficients: number[] = [];
  private readonly late: LateRow[] = [];
  private readonly seldom: number[] = [];
  private offset = 0;
  private weight = 1;

  /** Costs that are stated from now on count so many times. */
  weigh(weight: number): void {
    if (!(weight > 0 && Number.isFinite(weight))) throw new Error(`costs cannot count ${weight} times`);
    this.weight = weight;
  }

  column(lower: number, upper: number, cost = 0, integer = false): number {
    if (Number.isNaN(lower) || Number.isNaN(upper) || !Number.isFinite(cost) || lower > upper)
      throw new Error(`column ${this.cost.length} is malformed: [${lower}, ${upper}] at ${cost}`);
    this.cost.push(cost * this.weight);
    this.lower.push(lower);
    this.upper.push(upper);
    this.whole.push(integer ? 1 : 0);
    return this.cost.length - 1;
  }

  binary(cost = 0, upper = 1): number {
    return this.column(0, upper, cost, true);
  }

  /** `lower ≤ Σ terms ≤ upper`. A column named twice counts with the sum of its coefficients. */
  row(lower: number, upper: number, terms: readonly Term[]): void {
    if (Number.isNaN(lower) || Number.isNaN(upper)) throw new Error(`row ${this.rowLower.length} has no bounds`);
    const merged = new Map<number, number>();
    for (const [column, coefficient] of terms) {
      if (!Number.isFinite(coefficient) || !(column >= 0 && column < this.cost.length))
        throw new Error(`row ${this.rowLower.length} is malformed: ${coefficient} of column ${column}`);
      merged.set(column, (merged.get(column) ?? 0) + coefficient);
    }
    this.rowLower.push(lower);
    this.rowUpper.push(upper);
    for (const [column, coefficient] of merged) {
      this.columns.push(column);
      this.coefficients.push(coefficient);
    }
    this.starts.push(this.columns.length);
  }

  /** `lower ≤ Σ terms`, one of many of which few matter. Each column is named once. */
  lateRow(lower: number, terms: readonly Term[]): void {
    this.late.push({ lower, columns: terms.map(([column]) => column), coefficients: terms.map(([, coefficient]) => coefficient) });
  }

  /** Leaves a column at nothing in a first answer. */
  nothingAtFirst(column: number): void {
    this.seldom.push(column);
  }

  addCost(column: number, cost: number): void {
    if (!Number.isFinite(cost)) throw new Error(`column ${column} would cost ${cost}`);
    this.cost[column]! += cost * this.weight;
  }

  addOffset(cost: number): void {
    this.offset += cost * this.weight;
  }

  /** How much a column may be at most. */
  upperOf(column: number): number {
    return this.upper[column]!;
  }

  build(): LinearModel {
    return {
      colCost: Float64Array.from(this.cost),
      colLower: Float64Array.from(this.lower),
      colUpper: Float64Array.from(this.upper),
      integer: Int32Array.from(this.whole),
      rowLower: Float64Array.from(this.rowLower),
      rowUpper: Float64Array.from(this.rowUpper),
      starts: Int32Array.from(this.starts),
      columns: Int32Array.from(this.columns),
      coefficients: Float64Array.from(this.coefficients),
      offset: this.offset,
      late: this.late,
      seldom: this.seldom,
    };
  }
}
