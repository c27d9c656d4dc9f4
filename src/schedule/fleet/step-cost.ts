import type { Held, Home, HomeBattery } from './home.js';
import { Points } from './pieces.js';

/**
 * What the limits that a home shares charge it for its net power at a step, beside its own tariff: convex, per hour. It is at one step at
 * a time.
 */
export interface Charge {
  /** Goes to a step, at which net power lies between two bounds. Whether anything is charged there. */
  readonly turnTo: (step: number, lowKw: number, highKw: number) => boolean;
  readonly at: (netKw: number) => number;
  /** Adds where its slope changes, or is sampled. */
  readonly kinks: (places: Points) => void;
}

/** The tariff of a home at one step, per hour. */
const tariffCost = (home: Home, step: number, netKw: number): number => {
  const takenKw = Math.max(0, netKw);
  const givenKw = Math.max(0, -netKw);
  const importOverKw = Math.max(0, takenKw - home.importLimitKw[step]!);
  const exportOverKw = Math.max(0, givenKw - home.exportLimitKw[step]!);
  const shortKw = missing(home.heldUp, step, netKw) + missing(home.heldDown, step, -netKw);
  return (
    takenKw * home.buy[step]! -
    (givenKw - exportOverKw) * home.sell[step]! +
    (importOverKw + exportOverKw) * home.beyondLimit +
    shortKw * home.shortfall
  );
};

/** What of its share of a reserve a connection does not let pass. */
const missing = (held: Held | undefined, step: number, netKw: number): number =>
  held ? Math.min(held.kw[step]!, Math.max(0, held.kw[step]! - held.passesKw[step]! - netKw)) : 0;

const besideAt = ({ besideKw }: Home, step: number): number => besideKw?.[step] ?? 0;

/** Most that its battery may take in a step: within its inverter, and without what it must not have from the grid; kW. */
const mostTaken = (home: Home, { chargeKw, fromGrid }: HomeBattery, step: number): number => {
  const [loadKw, sunKw] = [home.loadKw[step]!, home.sunKw[step]!];
  const inverterKw = home.inverterInKw[step]!;
  const surplusKw = loadKw > inverterKw ? 0 : Math.max(0, sunKw - loadKw);
  return Math.min(chargeKw[step]!, fromGrid ? Infinity : surplusKw, inverterKw + sunKw);
};

/** Most that it may give, likewise. */
const mostGiven = (home: Home, { dischargeKw, toGrid }: HomeBattery, step: number): number => {
  const missingKw = toGrid ? Infinity : Math.max(0, home.loadKw[step]! + besideAt(home, step) - home.sunKw[step]!);
  return Math.max(0, Math.min(dischargeKw[step]!, home.inverterOutKw[step]! - home.sunMinKw[step]!, missingKw));
};

/** Between which net powers a step may lie: with all that sun and battery can give, and with all that the battery can take; kW. */
const leastNet = (home: Home, step: number): number =>
  home.loadKw[step]! - home.sunKw[step]! - (home.battery ? mostGiven(home, home.battery, step) : 0);
const mostNet = (home: Home, step: number): number =>
  home.loadKw[step]! + besideAt(home, step) - home.sunMinKw[step]! + (home.battery ? mostTaken(home, home.battery, step) : 0);

/** Whether anything beside its tariff is charged of a home at a step. */
export const isCharged = (home: Home, step: number, charge: Charge): boolean =>
  charge.turnTo(step, leastNet(home, step), mostNet(home, step));

/** What net powers cost at a step, per hour, and below which of them sun is better left on the roof. */
export interface NetCurve {
  readonly net: Points;
  bestNetKw: number;
}

/** Used for one step after another, of all homes: its net power, and its battery's. */
const nets = new Points();
const powers = new Points();

/**
 * Sets `changes` to what a step costs by the change of the energy held, kWh: convex, with the lower hull where it is not. `net`: what
 * net powers cost there. Returns the net power below which sun is better left on the roof, kW.
 */
export const bendStep = (home: Home, step: number, net: Points, changes: Points): number => {
  const curve = { net, bestNetKw: bestNet(home, net) };
  changes.clear();
  const { battery } = home;
  if (!battery) {
    changes.append(0, costAt(home, step, curve, 0));
    return curve.bestNetKw;
  }
  placePowers(home, battery, step, curve);
  for (let index = powers.count - 1; index >= 0; index -= 1) {
    const powerKw = powers.xs[index]!;
    changes.append(changeOf(battery, powerKw) * home.hours[step]!, costAt(home, step, curve, powerKw));
  }
  changes.bend();
  return curve.bestNetKw;
};

/**
 * What each net power costs, with what is charged for it, per hour. `charge` is at that step; absent: nothing is charged beside the tariff.
 * It is done with when another step's is asked for.
 */
export const netCost = (home: Home, step: number, charge: Charge | undefined): Points => {
  nets.within(leastNet(home, step), mostNet(home, step));
  nets.add(0);
  nets.add(home.importLimitKw[step]!);
  nets.add(-home.exportLimitKw[step]!);
  if (home.heldUp) addTurns(home.heldUp, step, 1);
  if (home.heldDown) addTurns(home.heldDown, step, -1);
  charge?.kinks(nets);
  for (let index = 0; index < nets.count; index += 1) {
    const netKw = nets.xs[index]!;
    nets.values[index] = tariffCost(home, step, netKw) + (charge ? charge.at(netKw) : 0);
  }
  nets.bend();
  return nets;
};

/** Where what passes begins to fall short of a share, and where nothing passes. */
const addTurns = ({ kw, passesKw }: Held, step: number, sign: 1 | -1): void => {
  nets.add(sign * (kw[step]! - passesKw[step]!));
  nets.add(-sign * passesKw[step]!);
};

/** Below it, taking more of the sun earns less than leaving it costs. */
export const bestNet = ({ curtailment }: Home, net: Points): number => {
  let corner = 0;
  while (corner < net.count - 1 && net.slope(corner) < -curtailment) corner += 1;
  return net.xs[corner]!;
};

/** Powers of the battery at which the cost may bend, where that of the net power does. */
const placePowers = (home: Home, battery: HomeBattery, step: number, { net, bestNetKw }: NetCurve): void => {
  const [loadKw, sunKw, sunMinKw] = [home.loadKw[step]!, home.sunKw[step]!, home.sunMinKw[step]!];
  powers.within(-mostTaken(home, battery, step), mostGiven(home, battery, step));
  powers.add(0);
  powers.add(battery.promisedKw[step] ?? 0);
  powers.add(battery.told[step]?.kw ?? 0);
  powers.add(home.inverterOutKw[step]! - sunKw);
  powers.add(-home.inverterInKw[step]! - sunMinKw);
  powers.add(loadKw - sunKw - bestNetKw);
  powers.add(loadKw - sunMinKw - bestNetKw);
  for (let corner = 0; corner < net.count; corner += 1) {
    powers.add(loadKw - sunKw - net.xs[corner]!);
    if (sunMinKw < sunKw) powers.add(loadKw - sunMinKw - net.xs[corner]!);
  }
};

/** What a step costs at a power of the battery, with what is charged. */
const costAt = (home: Home, step: number, { net, bestNetKw }: NetCurve, powerKw: number): number => {
  const takenKw = sunTaken(home, step, powerKw, bestNetKw);
  return home.hours[step]! * (net.valueAt(home.loadKw[step]! - takenKw - powerKw) + besideGrid(home, step, powerKw, takenKw));
};

/** The sun that is best taken beside so much power of the battery, and so much that is drawn beside the load. */
export const sunTaken = (home: Home, step: number, powerKw: number, bestNetKw: number, besideKw = 0): number => {
  const { battery } = home;
  const [loadKw, sunKw, sunMinKw] = [home.loadKw[step]! + besideKw, home.sunKw[step]!, home.sunMinKw[step]!];
  if (sunMinKw >= sunKw) return sunKw;
  const high = Math.max(sunMinKw, Math.min(sunKw, home.inverterOutKw[step]! - powerKw));
  let low = Math.max(sunMinKw, -home.inverterInKw[step]! - powerKw);
  if (battery && powerKw < 0 && !battery.fromGrid) low = Math.max(low, loadKw - powerKw);
  return Math.min(high, Math.max(low, loadKw - powerKw - bestNetKw));
};

/** What a step costs by the home's own tariff. */
export const ownCost = (home: Home, step: number, powerKw: number, sunKw: number): number =>
  home.hours[step]! * (tariffCost(home, step, home.loadKw[step]! - sunKw - powerKw) + besideGrid(home, step, powerKw, sunKw));

/** How fast the stored energy changes with a power of the battery; kW. */
const changeOf = ({ chargeEfficiency, dischargeEfficiency }: HomeBattery, powerKw: number): number =>
  powerKw < 0 ? -powerKw * chargeEfficiency : -powerKw / dischargeEfficiency;

/** Which power makes the stored energy change so fast; kW. */
export const powerOf = ({ chargeEfficiency, dischargeEfficiency }: HomeBattery, changeKw: number): number =>
  changeKw > 0 ? -changeKw / chargeEfficiency : -changeKw * dischargeEfficiency;

/** What a step costs beside what is exchanged with the grid, per hour. */
const besideGrid = ({ battery, curtailment, sunKw }: Home, step: number, powerKw: number, takenKw: number): number => {
  const left = curtailment * (sunKw[step]! - takenKw);
  if (!battery) return left;
  const promisedKw = battery.promisedKw[step] ?? null;
  const changed = promisedKw === null ? 0 : Math.abs(powerKw - promisedKw) * battery.change;
  const told = battery.told[step];
  const astray = told ? Math.abs(powerKw - told.kw) * told.price : 0;
  return left + astray + Math.max(0, powerKw) * battery.wear + Math.abs(powerKw) * battery.calm + changed;
};
