import loadHighs from 'highs';
import type { Highs, ModelData, RunResult } from 'highs';
import { AdapterError } from '../../kernel/errors.js';
import type { LinearModel } from '../linear-model.js';
import type { SolveLimits } from '../plan-solver.port.js';

export interface LinearSolution {
  readonly values: Float64Array;
  /** Whether the gap asked for was proven; otherwise time was up. */
  readonly proven: boolean;
  readonly gap: number;
}

const OPTIMAL = 7;
const TIME_LIMIT = 13;
const FEASIBLE = 2;

/** The package's types describe its CommonJS face; what an ES module gets is the loader itself. */
const load = loadHighs as unknown as () => Promise<Highs>;

let runtime: Promise<Highs> | undefined;

/** Compiles the solver once per thread. */
export const highsRuntime = (): Promise<Highs> => (runtime ??= load());

const dataOf = (model: LinearModel): ModelData => ({
  numCols: model.colCost.length,
  numRows: model.rowLower.length,
  offset: model.offset,
  colCost: model.colCost,
  colLower: model.colLower,
  colUpper: model.colUpper,
  rowLower: model.rowLower,
  rowUpper: model.rowUpper,
  matrix: {
    format: 'csr',
    numRows: model.rowLower.length,
    numCols: model.colCost.length,
    starts: model.starts,
    indices: model.columns,
    values: model.coefficients,
  },
  ...(model.integer.some((whole) => whole === 1) ? { integrality: model.integer } : {}),
});

/**
 * Solves one linear or mixed-integer model, blocking its thread. Only a proven optimum, or the best plan found when time
 * was up, is an answer; everything else throws `AdapterError`.
 */
export const solveLinear = (highs: Highs, linear: LinearModel, { gap, timeLimitS }: SolveLimits): LinearSolution =>
  highs.withModel(dataOf(linear), (model): LinearSolution => {
    model.options.set({ output_flag: false, mip_rel_gap: gap, mip_abs_gap: 1e-6, time_limit: Math.max(0.05, timeLimitS), random_seed: 1 });
    let outcome: RunResult;
    try {
      outcome = model.run();
    } catch (error) {
      throw new AdapterError('HiGHS failed', false, { cause: error });
    }
    const status: number = outcome.modelStatus;
    const usable = status === OPTIMAL || (status === TIME_LIMIT && Number(model.info.get('primal_solution_status')) === FEASIBLE);
    if (!usable) {
      const reason = status === TIME_LIMIT ? 'HiGHS found no plan in time' : `HiGHS ended with status ${status}`;
      throw new AdapterError(reason, status === TIME_LIMIT);
    }
    const values = model.getSolution().colValue;
    if (values.length !== linear.colCost.length || values.some((value) => !Number.isFinite(value)))
      throw new AdapterError('HiGHS gave no usable values', false);
    const whole = linear.integer.some((one) => one === 1);
    const provenGap = whole ? Number(model.info.get('mip_gap')) : 0;
    return { values, proven: status === OPTIMAL, gap: Number.isFinite(provenGap) ? provenGap : 1 };
  });
