import { type Convex, hullOf, type Point, valueAt } from './convex.js';
import type { Home, HomeBattery } from './home.js';

export interface Band {
  readonly low: number;
  readonly high: number;
}

/** What the limits that a home shares charge it for its net power, beside its own tariff: convex, per hour. */
export interface SharedCost {
  readonly at: (netKw: number) => number;
  /** Where its slope changes, or is sampled. */
  readonly kinksKw: readonly number[];
}

/** What one step of a home costs, by what its battery does. */
export interface StepCost {
  /** The net power there may be. */
  readonly netKw: Band;
  /** Cost by the change of the stored energy, kWh: convex, with the lower hull where it is not. */
  readonly byChange: Convex;
  /** Below this net power, sun is better left on the roof. */
  readonly bestNetKw: number;
}

/** The tariff of a home at one step, per hour. */
const tariffCost = (home: Home, step: number, netKw: number): number => {
  const [takenKw, givenKw] = [Math.max(0, netKw), Math.max(0, -netKw)];
  const importOverKw = Math.max(0, takenKw - home.importLimitKw[step]!);
  const exportOverKw = Math.max(0, givenKw - home.exportLimitKw[step]!);
  return takenKw * home.buy[step]! - (givenKw - exportOverKw) * home.sell[step]! + (importOverKw + exportOverKw) * home.beyondLimit;
};

/** What its battery may do in a step: within its inverter, and without what it must not have from or give to the grid. */
const batteryBand = (home: Home, battery: HomeBattery, step: number): Band => {
  const [loadKw, sunKw, sunMinKw] = [home.loadKw[step]!, home.sunKw[step]!, home.sunMinKw[step]!];
  const surplusKw = loadKw > home.inverterKw ? 0 : Math.max(0, sunKw - loadKw);
  const chargeKw = Math.min(battery.chargeKw[step]!, battery.fromGrid ? Infinity : surplusKw, home.inverterKw + sunKw);
  const dischargeKw = Math.min(
    battery.dischargeKw[step]!,
    home.inverterKw - sunMinKw,
    battery.toGrid ? Infinity : Math.max(0, loadKw - sunKw),
  );
  return { low: -chargeKw, high: Math.max(0, dischargeKw) };
};

/** The sun that can be taken beside so much battery power. */
const sunBand = (home: Home, step: number, powerKw: number): Band => {
  const loadKw = home.loadKw[step]!;
  const { battery, inverterKw } = home;
  let high = Math.min(home.sunKw[step]!, inverterKw - powerKw);
  let low = Math.max(home.sunMinKw[step]!, -inverterKw - powerKw);
  if (battery && powerKw < 0 && !battery.fromGrid) low = Math.max(low, loadKw - powerKw);
  high = Math.max(high, home.sunMinKw[step]!);
  return { low: Math.min(low, high), high };
};

/** What a step costs at whatever its battery does, with what is charged for what it shares. */
export const stepCost = (home: Home, step: number, shared?: SharedCost): StepCost => {
  const hours = home.hours[step]!;
  const [loadKw, sunKw, sunMinKw] = [home.loadKw[step]!, home.sunKw[step]!, home.sunMinKw[step]!];
  const { battery } = home;
  const band = battery ? batteryBand(home, battery, step) : { low: 0, high: 0 };
  const netKw = { low: loadKw - sunKw - band.high, high: loadKw - sunMinKw - band.low };
  const kinksKw = [0, home.importLimitKw[step]!, -home.exportLimitKw[step]!, ...(shared?.kinksKw ?? [])].filter(
    (kw) => kw > netKw.low && kw < netKw.high,
  );
  kinksKw.push(netKw.low, netKw.high);
  const net = hullOf(kinksKw.map((kw): Point => [kw, tariffCost(home, step, kw) + (shared?.at(kw) ?? 0)]));
  const bestNetKw = leastNet(net, home.curtailment);
  const cost = (powerKw: number): number => {
    const takenKw = sunTaken(home, step, powerKw, bestNetKw);
    return hours * (valueAt(net, loadKw - takenKw - powerKw) + besideGrid(home, step, powerKw, takenKw));
  };
  if (!battery) {
    const standing: Convex = { from: 0, at: cost(0), widths: [], slopes: [] };
    return { netKw, byChange: standing, bestNetKw };
  }
  const powersKw = powerKinks(home, step, [...kinksKw, bestNetKw]).filter((kw) => kw > band.low && kw < band.high);
  powersKw.push(band.low, band.high);
  const byChange = hullOf(powersKw.map((kw): Point => [changeOf(battery, kw) * hours, cost(kw)]));
  return { netKw, byChange, bestNetKw };
};

/** The sun that is best taken beside so much power of the battery. */
export const sunTaken = (home: Home, step: number, powerKw: number, bestNetKw: number): number => {
  if (home.sunMinKw[step]! >= home.sunKw[step]!) return home.sunKw[step]!;
  const { low, high } = sunBand(home, step, powerKw);
  return Math.min(high, Math.max(low, home.loadKw[step]! - powerKw - bestNetKw));
};

/** What a step costs by the home's own tariff. */
export const ownCost = (home: Home, step: number, powerKw: number, sunKw: number): number =>
  home.hours[step]! * (tariffCost(home, step, home.loadKw[step]! - sunKw - powerKw) + besideGrid(home, step, powerKw, sunKw));

/** Powers of the battery at which the cost may bend, where that of the net power does at `kinksKw`. */
const powerKinks = (home: Home, step: number, kinksKw: readonly number[]): number[] => {
  const [loadKw, sunKw, sunMinKw] = [home.loadKw[step]!, home.sunKw[step]!, home.sunMinKw[step]!];
  const found = [
    0,
    home.battery?.promisedKw[step] ?? 0,
    home.battery?.told[step]?.kw ?? 0,
    home.inverterKw - sunKw,
    -home.inverterKw - sunMinKw,
  ];
  for (const kw of kinksKw) {
    found.push(loadKw - sunKw - kw);
    if (sunMinKw < sunKw) found.push(loadKw - sunMinKw - kw);
  }
  return found;
};

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

/** Below this net power sun is better left: there, taking more of it earns less than leaving it costs. */
const leastNet = ({ from, widths, slopes }: Convex, curtailment: number): number => {
  const first = slopes.findIndex((slope) => slope >= -curtailment);
  return widths.slice(0, first < 0 ? widths.length : first).reduce((x, width) => x + width, from);
};
