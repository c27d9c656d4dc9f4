import { type CostPieces, costPieces } from './generator-cost.js';
import type { GeneratorProblem } from './generator-problem.js';
import type { Term } from './linear-model.js';
import { type ModelContext, priceOf } from './mip-context.js';

/** Power of like units in a step, and how many of them are warm, as terms. */
interface Output {
  readonly power: number;
  readonly warm: readonly Term[];
  readonly count: number;
}

const times = (terms: readonly Term[], factor: number): Term[] =>
  terms.map(([column, coefficient]): Term => [column, factor * coefficient]);

/** What curve and square cost on top of each kWh and hour. */
export const costRows = (context: ModelContext, kind: GeneratorProblem, output: Output, step: number): void => {
  const bent = costPieces(kind);
  if (!bent) return;
  const hour = context.hours[step]!;
  for (const [column, count] of output.warm) context.model.addCost(column, (bent.leastMicroPerH / 1e6) * hour * count);
  if (bent.convex) chords(context, kind, bent, output, hour);
  else piecesInOrder(context, kind, bent, output, hour);
};

/**
 * A convex cost lies above each of its chords, drawn on to both sides; with as many units warm, above each times their number, which
 * is the tightest there is (Frangioni and Gentile, Mathematical Programming 106, 2006). Few chords ever matter.
 */
const chords = (context: ModelContext, kind: GeneratorProblem, { pieces }: CostPieces, { power, warm }: Output, hour: number): void => {
  const { model, unitW } = context;
  const prices = pieces.map(({ microPerKwh }) => priceOf(context, microPerKwh));
  const [least, most] = [prices[0]!, prices.at(-1)!];
  model.addCost(power, least * hour);
  for (const [column, factor] of times(warm, (-least * hour * kind.minW) / unitW)) model.addCost(column, factor);
  if (!(most > least)) return;
  // Counted in units of power at the dearest chord's price beyond the cheapest's.
  const dearer = model.column(0, Infinity, (most - least) * hour);
  let fromW = kind.minW;
  let lowered = 0;
  prices.forEach((price, index) => {
    const slope = (price - least) / (most - least);
    const before = index === 0 ? 0 : (prices[index - 1]! - least) / (most - least);
    lowered += ((slope - before) * fromW) / unitW;
    fromW += pieces[index]!.widthW;
    if (slope > before) model.lateRow(0, [[dearer, 1], [power, -slope], ...times(warm, lowered)]);
  });
};

/** The power above the minimum fills the pieces of the cost in order: where a later one is cheaper it waits until the one below it is full. */
const piecesInOrder = (
  context: ModelContext,
  kind: GeneratorProblem,
  bent: CostPieces,
  { power, warm, count }: Output,
  hour: number,
): void => {
  const { model, unitW } = context;
  const widths = bent.pieces.map(({ widthW }) => widthW / unitW);
  const pieces = bent.pieces.map(({ microPerKwh }, index) => model.column(0, count * widths[index]!, priceOf(context, microPerKwh) * hour));
  model.row(0, 0, [[power, 1], ...times(warm, -kind.minW / unitW), ...pieces.map((piece): Term => [piece, -1])]);
  pieces.forEach((piece, index) => {
    model.row(-Infinity, 0, [[piece, 1], ...times(warm, -widths[index]!)]);
    if (index === 0) return;
    const full = model.binary();
    model.row(0, Infinity, [
      [pieces[index - 1]!, 1],
      [full, -widths[index - 1]!],
    ]);
    model.row(-Infinity, 0, [
      [piece, 1],
      [full, -widths[index]!],
    ]);
  });
};
