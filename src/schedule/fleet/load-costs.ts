import type { Home } from './home.js';
import type { Points } from './pieces.js';
import { type NetCurve, sunTaken } from './step-cost.js';

/** A power of the battery, and what loads draw beside the load that cannot be moved. */
export interface Beside {
  readonly powerKw: number;
  readonly drawKw: number;
}

/** Adds to `places` where what a draw costs may bend, beside that. */
export const placeDraws = (
  home: Home,
  step: number,
  { places, powerKw, drawKw }: Beside & { readonly places: Points },
  { net, bestNetKw }: NetCurve,
): void => {
  const restKw = home.loadKw[step]! + drawKw - powerKw;
  const [mostSunKw, leastSunKw] = [sunTaken(home, step, powerKw, -Infinity), home.sunMinKw[step]!];
  for (let corner = 0; corner < net.count; corner += 1) {
    if (net.xs[corner]! >= bestNetKw) places.add(net.xs[corner]! - restKw + mostSunKw);
    if (net.xs[corner]! <= bestNetKw && leastSunKw < mostSunKw) places.add(net.xs[corner]! - restKw + leastSunKw);
  }
};

/** What a step costs, per hour, where so much is drawn beside a power of the battery; without what the battery costs itself. */
export const drawCost = (home: Home, step: number, { powerKw, drawKw }: Beside, { net, bestNetKw }: NetCurve): number => {
  const takenKw = sunTaken(home, step, powerKw, bestNetKw, drawKw);
  return net.valueAt(home.loadKw[step]! + drawKw - takenKw - powerKw) + (home.sunKw[step]! - takenKw) * home.curtailment;
};

/** What a load may draw at most, and what a kWh is worth to it. */
export interface Sink {
  readonly mostKw: number;
  readonly worth: number;
}

/** What net powers cost before sinks, cheapest first, draw what is worth it to them: their pieces and its own in the order of their slopes. */
export const withSinks = (net: Points, sinks: readonly Sink[], found: Points): Points => {
  found.clear();
  let x = sinks.reduce((from, { mostKw }) => from - mostKw, net.xs[0]!);
  let value = sinks.reduce((from, { mostKw, worth }) => from - mostKw * worth, net.values[0]!);
  found.append(x, value);
  const further = (width: number, slope: number): void => {
    if (width <= 0) return;
    x += width;
    value += width * slope;
    found.append(x, value);
  };
  let next = 0;
  for (let corner = 0; corner < net.count; corner += 1) {
    const slope = corner < net.count - 1 ? net.slope(corner) : Infinity;
    for (; next < sinks.length && sinks[next]!.worth <= slope; next += 1) further(sinks[next]!.mostKw, sinks[next]!.worth);
    if (corner < net.count - 1) further(net.xs[corner + 1]! - net.xs[corner]!, slope);
  }
  return found;
};
