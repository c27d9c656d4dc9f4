import type { Model } from 'highs';
import type { LateRow } from '../linear-model.js';

/** In the model's units. */
const BROKEN = 1e-5;
/** Of the rows of one column every so many are stated beforehand, so that an answer far from the relaxed one is priced well too. */
const EVERY = 5;

/** The rows of a model that are stated as answers break them. Those of one column are a family, in order. */
export class LateRows {
  private readonly families: readonly (readonly LateRow[])[];
  private readonly stated = new Set<LateRow>();

  constructor(
    late: readonly LateRow[],
    private readonly columns: number,
  ) {
    const families = new Map<number, LateRow[]>();
    for (const row of late) {
      const family = families.get(row.columns[0]!);
      if (family) family.push(row);
      else families.set(row.columns[0]!, [row]);
    }
    this.families = [...families.values()];
  }

  /** The most broken row of each family, and by how much. */
  broken(values: ArrayLike<number>): { row: LateRow; by: number }[] {
    return this.families.flatMap((family) => {
      let worst: { row: LateRow; by: number } | undefined;
      for (const row of family) {
        const by = row.lower - row.columns.reduce((sum, column, at) => sum + row.coefficients[at]! * values[column]!, 0);
        if (by > (worst?.by ?? BROKEN)) worst = { row, by };
      }
      return worst ? [worst] : [];
    });
  }

  /** States the neighbours of what is stated, and a few of each family. */
  stateAround(model: Model): void {
    this.state(
      model,
      this.families.flatMap((family) =>
        family.filter(
          (_, at) => at % EVERY === 0 || at === family.length - 1 || [at - 1, at + 1].some((near) => this.stated.has(family[near]!)),
        ),
      ),
    );
  }

  state(model: Model, rows: readonly LateRow[]): void {
    const added = rows.filter((row) => !this.stated.has(row));
    if (added.length === 0) return;
    for (const row of added) this.stated.add(row);
    const starts = [0];
    for (const { columns } of added) starts.push(starts.at(-1)! + columns.length);
    model.addRows({
      lower: Float64Array.from(added, ({ lower }) => lower),
      upper: Float64Array.from(added, () => Infinity),
      matrix: {
        format: 'csr',
        numRows: added.length,
        numCols: this.columns,
        starts: Int32Array.from(starts),
        indices: Int32Array.from(added.flatMap(({ columns }) => columns)),
        values: Float64Array.from(added.flatMap(({ coefficients }) => coefficients)),
      },
    });
  }
}
