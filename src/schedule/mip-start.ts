import { SECOND_MS } from '../kernel/units.js';
import { startMicroAfter } from './generator-cost.js';
import type { GeneratorProblem } from './generator-problem.js';
import type { Term } from './linear-model.js';
import type { ModelContext } from './mip-context.js';
import type { CommitmentColumns } from './mip-generator-columns.js';
import { countsOf, MANY_STEPS } from './mip-recent.js';

/**
 * Start costs by time off: every start costs what the coldest does, and gets back the difference where it is matched with a
 * stop not long before. Each stop is matched once and each start once, which is tight, and right for several like units
 * too (the matching of Brandenberg, Huber and Silbernagl 2017; Knueven, Ostrowski and Watson, INFORMS J. Comput. 32(4), 2020).
 */
export const startColumns = (context: ModelContext, generators: readonly GeneratorProblem[], columns: CommitmentColumns): void => {
  const { model, steps } = context;
  const { started, stopped } = columns;
  const kind = generators[0]!;
  const coldMicro = startMicroAfter(kind, Infinity);
  started.forEach((column) => model.addCost(column, coldMicro / 1e6));
  const coldS = kind.startCosts.at(-1)?.offS ?? 0;
  if (coldS === 0) return;
  if (generators.length === 1 && (coldS * SECOND_MS * steps.length) / (steps.at(-1)!.endMs - steps[0]!.startMs) > MANY_STEPS)
    return stillWarm(context, kind, columns);
  const ofStart: Term[][] = steps.map(() => []);
  const warmer = (stoppedMs: number, fromStep: number): Term[] => {
    const terms: Term[] = [];
    for (let step = fromStep; step < steps.length; step += 1) {
      const restMs = steps[step]!.startMs - stoppedMs;
      if (restMs >= coldS * SECOND_MS) break;
      const savedMicro = coldMicro - startMicroAfter(kind, restMs);
      if (restMs < kind.minDownS * SECOND_MS || savedMicro <= 0) continue;
      const matched: Term = [model.column(0, generators.length, -savedMicro / 1e6), 1];
      terms.push(matched);
      ofStart[step]!.push(matched);
    }
    return terms;
  };
  stopped.forEach((column, step) => {
    const terms = warmer(steps[step]!.startMs, step + 1);
    if (terms.length > 0) model.row(-Infinity, 0, [...terms, [column, -1]]);
  });
  for (const { initial } of generators) {
    if (initial.on || initial.sinceMs === undefined) continue;
    const terms = warmer(initial.sinceMs, 0);
    if (terms.length > 0) model.row(-Infinity, 1, terms);
  }
  ofStart.forEach((terms, step) => {
    if (terms.length > 0) model.row(-Infinity, 0, [...terms, [started[step]!, -1]]);
  });
};

/**
 * For one unit: a start is as warm as the last stop says, so that it costs less where there is any stop not long before (Morales-España,
 * Latorre and Ramos, IEEE Trans. Power Systems 28(4), 2013, eq. 15). Stops are counted up, so that a row names but two counts.
 */
const stillWarm = (context: ModelContext, kind: GeneratorProblem, { started, stopped }: CommitmentColumns): void => {
  const { model, steps } = context;
  const counts = countsOf(context, stopped);
  const { on, sinceMs } = kind.initial;
  kind.startCosts.slice(1).forEach(({ offS, micro }, index) => {
    const saved = (micro - kind.startCosts[index]!.micro) / 1e6;
    if (saved <= 0) return;
    started.forEach((start, step) => {
      const fromMs = steps[step]!.startMs - offS * SECOND_MS;
      const rested = !on && sinceMs !== undefined && sinceMs > fromMs ? 1 : 0;
      const warm = model.column(0, 1, -saved);
      model.row(-Infinity, 0, [
        [warm, 1],
        [start, -1],
      ]);
      const gone = steps.findLastIndex(({ startMs }) => startMs <= fromMs);
      const earlier: Term[] = gone >= 0 ? [[counts[gone]!, 1]] : [];
      const until: Term[] = step > 0 ? [[counts[step - 1]!, -1]] : [];
      model.row(-Infinity, rested, [[warm, 1], ...until, ...earlier]);
    });
  });
};
