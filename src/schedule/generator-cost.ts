import type { Interval } from '../kernel/interval.js';
import { type DurationMs, HOUR_MS, SECOND_MS } from '../kernel/units.js';
import type { GeneratorProblem } from './generator-problem.js';
import { warmShares } from './generator-rules.js';

/** What a start costs after a rest; both kinds of start cost together. */
export const startMicroAfter = ({ startMicro, startCosts }: GeneratorProblem, restMs: DurationMs): number => {
  const reached = startCosts.findLast(({ offS }) => offS * SECOND_MS <= restMs) ?? startCosts[0];
  return startMicro + (reached?.micro ?? 0);
};

/** Cost of an hour at a power by `costCurve`, straight between its points. */
const curveMicroPerH = ({ costCurve }: GeneratorProblem, powerW: number): number => {
  if (costCurve.length === 0) return 0;
  const above = costCurve.findIndex((point) => point.powerW >= powerW);
  const [to, from] = above < 0 ? [costCurve.at(-1)!, costCurve.at(-2)] : [costCurve[above]!, costCurve[above - 1]];
  if (!from) return to.microPerH;
  return from.microPerH + ((to.microPerH - from.microPerH) * (powerW - from.powerW)) / (to.powerW - from.powerW);
};

/** Cost of an hour at a power, by curve and square. */
const bentMicroPerH = (generator: GeneratorProblem, powerW: number): number =>
  curveMicroPerH(generator, powerW) + generator.quadraticMicroPerKw2H * (powerW / 1_000) ** 2;

/**
 * What running costs per hour of a step with a mean power, warm for a share of it: while it warms up it costs its no-load
 * alone, after that it gives the whole of its power.
 */
const runningMicroPerH = (generator: GeneratorProblem, powerW: number, warm: number): number => {
  const bent = warm > 0 ? warm * bentMicroPerH(generator, powerW / warm) : 0;
  return bent + (powerW / 1_000) * generator.runningMicroPerKwh;
};

export interface CostPieces {
  /** An hour at minimum power. */
  readonly leastMicroPerH: number;
  /** From there up: how wide, and what a kWh costs. */
  readonly pieces: readonly { readonly widthW: number; readonly microPerKwh: number }[];
  /** Whether each piece is at least as dear as the one before, so that they are filled in order by themselves. */
  readonly convex: boolean;
}

/** A square is cut into so many chords. */
const CHORDS = 20;

/** Curve and square together, cut into straight pieces; `undefined` where there is neither. */
export const costPieces = (generator: GeneratorProblem): CostPieces | undefined => {
  const { minW, maxW, costCurve, quadraticMicroPerKw2H } = generator;
  if (costCurve.length === 0 && quadraticMicroPerKw2H === 0) return undefined;
  const chords = quadraticMicroPerKw2H > 0 ? CHORDS : 1;
  const cuts = [
    ...costCurve.map(({ powerW }) => powerW),
    ...Array.from({ length: chords + 1 }, (_, cut) => minW + ((maxW - minW) * cut) / chords),
  ];
  const within = [...new Set(cuts.filter((powerW) => powerW > minW && powerW < maxW)), maxW].toSorted((a, b) => a - b);
  let fromW = minW;
  const pieces = within.flatMap((toW) => {
    if (toW - fromW < 1e-3) return [];
    const micro = bentMicroPerH(generator, toW) - bentMicroPerH(generator, fromW);
    const piece = { widthW: toW - fromW, microPerKwh: (micro * 1_000) / (toW - fromW) };
    fromW = toW;
    return [piece];
  });
  const convex = pieces.every(({ microPerKwh }, index) => index === 0 || microPerKwh >= pieces[index - 1]!.microPerKwh - 1e-3);
  return { leastMicroPerH: bentMicroPerH(generator, minW), pieces, convex };
};

export interface GeneratorBill {
  readonly startMicro: number;
  readonly noLoadMicro: number;
  readonly runningMicro: number;
  readonly co2Kg: number;
}

/** What one generator's part of a plan costs, and its carbon dioxide. */
export const generatorBill = (
  generator: GeneratorProblem,
  { on, powerW }: { readonly on: readonly boolean[]; readonly powerW: readonly number[] },
  steps: readonly Interval[],
): GeneratorBill => {
  const { initial } = generator;
  const warm = warmShares(generator, on, steps);
  let stoppedMs = initial.on ? undefined : (initial.sinceMs ?? -Infinity);
  const bill = { startMicro: 0, noLoadMicro: 0, runningMicro: 0, co2Kg: 0 };
  steps.forEach(({ startMs, endMs }, step) => {
    if (!on[step]) {
      stoppedMs ??= startMs;
      return;
    }
    if (stoppedMs !== undefined) bill.startMicro += startMicroAfter(generator, startMs - stoppedMs);
    stoppedMs = undefined;
    const hours = (endMs - startMs) / HOUR_MS;
    bill.noLoadMicro += generator.noLoadMicroPerH * hours;
    bill.runningMicro += runningMicroPerH(generator, powerW[step]!, warm[step]!) * hours;
    bill.co2Kg += (generator.noLoadCo2KgPerH + (powerW[step]! / 1_000) * generator.co2KgPerKwh) * hours;
  });
  return bill;
};

/**
 * The dearest a kWh of it can get: at the dearest piece of its cost, or where all of a short run, start included, is spread over
 * its least energy.
 */
export const costliestMicroPerKwh = (generator: GeneratorProblem): number => {
  const bent = costPieces(generator);
  const running = generator.runningMicroPerKwh + Math.max(0, ...(bent?.pieces.map(({ microPerKwh }) => microPerKwh) ?? []));
  const hours = Math.max(1, generator.minUpS / 3_600);
  const runMicro = startMicroAfter(generator, Infinity) + hours * (generator.noLoadMicroPerH + (bent?.leastMicroPerH ?? 0));
  const leastKwh = (Math.max(generator.minW, generator.maxW / 10) / 1_000) * hours;
  return Math.max(running, runMicro / leastKwh);
};
