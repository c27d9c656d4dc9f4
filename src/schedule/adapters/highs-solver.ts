import loadHighs from 'highs';
import type { Highs, Model, ModelData, RunResult } from 'highs';
import { AdapterError } from '../../kernel/errors.js';
import { SECOND_MS } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import type { LinearModel } from '../linear-model.js';
import type { SolveLimits } from '../plan-solver.port.js';
import { LateRows } from './late-rows.js';

export interface LinearSolution {
  readonly values: Float64Array;
  /** Whether the gap asked for was proven; otherwise time was up. */
  readonly proven: boolean;
  readonly gap: number;
  /** What the model costs at these values. */
  readonly cost: number;
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
export const solveLinear = (highs: Highs, linear: LinearModel, limits: SolveLimits): LinearSolution =>
  highs.withModel(dataOf(linear), (model) => new LinearRun(model, linear, limits).solve());

/** Shares of the time that the relaxed model and a first plan may take. */
const RELAXED_SHARE = 0.4;
const FIRST_SHARE = 0.4;
/** And a first plan of a model that is too fine to come to a good one otherwise. */
const SIMPLE_SHARE = 0.75;
/** A first plan need not be better than this. */
const FIRST_GAP = 1e-3;
/** What the rows that are not stated may hide of the gap, and of the time to make up for that. */
const HIDDEN_SHARE = 0.05;
/** Nearer to a whole number than this, a relaxed answer is one. */
const WHOLE = 1e-6;

interface Answer {
  readonly values: Float64Array;
  /** With what the rows that are not stated add to it. */
  readonly cost: number;
}

class LinearRun {
  private readonly endMs: number;
  private readonly late: LateRows;
  private readonly whole: readonly number[];

  constructor(
    private readonly model: Model,
    private readonly linear: LinearModel,
    private readonly limits: SolveLimits,
  ) {
    this.endMs = monotonicMs() + limits.timeLimitS * SECOND_MS;
    this.late = new LateRows(linear.late, linear.colCost.length);
    this.whole = [...linear.integer.keys()].filter((column) => linear.integer[column] === 1);
    model.options.set({ output_flag: false, mip_abs_gap: 1e-6, random_seed: 1 });
  }

  solve(): LinearSolution {
    if (this.whole.length > 0 && this.linear.late.length > 0) return this.stepByStep();
    if (this.linear.seldom.length > 0) this.beginWithoutSeldom();
    const proven = this.run(this.leftS(), this.limits.gap);
    const provenGap = this.whole.length > 0 ? Number(this.model.info.get('mip_gap')) : 0;
    return { ...this.answer(), proven, gap: Number.isFinite(provenGap) ? provenGap : 1 };
  }

  /** A first plan without what there is seldom. */
  private beginWithoutSeldom(): void {
    const indices = this.linear.seldom;
    const nothing = new Float64Array(indices.length);
    this.model.changeColsBounds({ kind: 'set', indices }, nothing, nothing);
    const first = this.tried(() => {
      this.run(SIMPLE_SHARE * this.limits.timeLimitS, Math.max(FIRST_GAP, this.limits.gap));
      return this.answer();
    });
    const upper = Float64Array.from(indices, (column) => this.linear.colUpper[column]!);
    this.model.changeColsBounds({ kind: 'set', indices }, nothing, upper);
    if (first) this.model.setSolution({ colValue: first.values });
  }

  /** The relaxed model says which rows matter, and which whole numbers are as good as settled: those settled give a first plan. */
  private stepByStep(): LinearSolution {
    const { gap, timeLimitS } = this.limits;
    this.model.options.set({ mip_allow_restart: false });
    this.model.clearIntegrality();
    const relaxed = this.tried(() => this.relaxed(RELAXED_SHARE * timeLimitS));
    this.late.stateAround(this.model);
    let best = relaxed && this.firstPlan(relaxed);
    for (;;) {
      this.settle([]);
      if (best) this.model.setSolution({ colValue: best.values });
      best = this.better(best);
      const bound = Number(this.model.info.get('mip_dual_bound'));
      best = this.polished(best);
      const provenGap = Math.max(0, best.cost - bound) / Math.max(1e-9, Math.abs(best.cost));
      if (provenGap <= gap || this.leftS() <= HIDDEN_SHARE * timeLimitS)
        return { ...best, proven: provenGap <= gap, gap: Math.min(1, provenGap) };
    }
  }

  /** Solves the whole model on from the best plan there is. */
  private better(best: Answer | undefined): Answer {
    const share = 1 - HIDDEN_SHARE;
    const solve = (): Answer => {
      this.run(this.leftS() * share, this.limits.gap * share);
      return this.answer();
    };
    return best ? (this.tried(solve) ?? best) : solve();
  }

  private firstPlan(relaxed: Answer): Answer | undefined {
    this.settle(
      this.whole.filter((column) => Math.abs(relaxed.values[column]! - Math.round(relaxed.values[column]!)) < WHOLE),
      relaxed,
    );
    return this.tried(() => {
      this.run(FIRST_SHARE * this.leftS(), Math.max(FIRST_GAP, this.limits.gap));
      return this.answer();
    });
  }

  /** The same whole numbers with all rows that matter. */
  private polished(answer: Answer): Answer {
    this.settle(this.whole, answer);
    this.model.clearIntegrality();
    return this.tried(() => this.relaxed(this.leftS())) ?? answer;
  }

  /** Makes whole numbers whole, and fixes some of them to those of an answer. */
  private settle(columns: readonly number[], answer?: Answer): void {
    const { lower, upper } = { lower: this.linear.colLower.slice(), upper: this.linear.colUpper.slice() };
    for (const column of columns) lower[column] = upper[column] = Math.round(answer!.values[column]!);
    const indices = this.whole;
    const of = (bounds: Float64Array): Float64Array => Float64Array.from(indices, (column) => bounds[column]!);
    this.model.changeColsBounds({ kind: 'set', indices }, of(lower), of(upper));
    this.model.changeColsIntegrality(
      { kind: 'set', indices },
      Int32Array.from(indices, () => 1),
    );
  }

  /** Without whole numbers: solved, and once more with the rows it breaks, until it breaks none. */
  private relaxed(timeLimitS: number): Answer {
    const untilMs = monotonicMs() + timeLimitS * SECOND_MS;
    for (;;) {
      this.run((untilMs - monotonicMs()) / SECOND_MS, 0);
      const answer = this.answer();
      const broken = this.late.broken(answer.values);
      if (broken.length === 0) return answer;
      this.late.state(
        this.model,
        broken.map(({ row }) => row),
      );
      if (monotonicMs() >= untilMs) return answer;
    }
  }

  private answer(): Answer {
    const values = this.model.getSolution().colValue;
    if (values.length !== this.linear.colCost.length || values.some((value) => !Number.isFinite(value)))
      throw new AdapterError('HiGHS gave no usable values', false);
    const hidden = this.late.broken(values).reduce((sum, { row, by }) => sum + by * this.linear.colCost[row.columns[0]!]!, 0);
    return { values, cost: Number(this.model.info.get('objective_function_value')) + hidden };
  }

  private tried(solve: () => Answer): Answer | undefined {
    try {
      return solve();
    } catch (error) {
      if (error instanceof AdapterError) return undefined;
      throw error;
    }
  }

  private leftS(): number {
    return (this.endMs - monotonicMs()) / SECOND_MS;
  }

  /** Whether it is proven to the gap. */
  private run(timeLimitS: number, gap: number): boolean {
    const { model } = this;
    model.zeroAllClocks();
    model.options.set({ mip_rel_gap: gap, time_limit: Math.max(0.05, timeLimitS) });
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
    return status === OPTIMAL;
  }
}
