import type { Quantity } from '../field/sample.js';
import type { Device, Site } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { DAY_MS, type DurationMs, energyWh, HOUR_MS, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
import { COUNTERS, DC_COUNTERS, flowsOfRole, QUANTITIES_OF_FLOW } from './metering.js';

type Range = readonly [min: number, max: number];

/** What a device can tell at all, worked out once from its ratings and its site's connection. */
export interface GateLimits {
  readonly ranges: Readonly<Partial<Record<Quantity, Range>>>;
  /** Most power either way, by which a counter's rise is judged. */
  readonly maxPowerW: Readonly<Partial<Record<Flow, Watt>>>;
  /** How fast a level moves at most. */
  readonly slopes: Readonly<Partial<Record<LevelQuantity, Slope>>>;
  readonly maxAgeMs: DurationMs;
}

/** What moves slowly on every device that has it. */
export const LEVELS = ['battery.socPct', 'generator.fuelPct', 'grid.frequencyHz'] as const satisfies readonly Quantity[];
export type LevelQuantity = (typeof LEVELS)[number];

/** Two readings differ by at most `slack`, and by `perHour` in the time between them. */
export interface Slope {
  readonly slack: number;
  readonly perHour: number;
}

/** Ratings are nominal and clouds have bright edges: power up to a fifth and 100 W above the rating is believed. */
const aboveRatingW = (ratedW: Watt): Watt => ratedW * 1.2 + 100;

/** Inverters draw a little at night: up to 2 % of the rating and 20 W is believed of sun, 5 % of a generator's auxiliaries. */
const standbyW = (ratedW: Watt, share: number): Watt => -(ratedW * share + 20);

/** No counter has run at full power for longer than equipment lasts. */
const COUNTER_LIFE_MS = 50 * 365 * DAY_MS;

/** One phase may carry all that the connection bears, at the lowest voltage that mains have. */
const PHASE_CURRENTS = ['grid.currentAA', 'grid.currentBA', 'grid.currentCA'] as const satisfies readonly Quantity[];
const LOWEST_PHASE_V = 100;

/** A hybrid's strings and battery may give more than its terminal, but not this much more. */
const DC_OVERSIZE = 3;

/** Limits of one device. The main fuse, not the agreed limit, bounds a grid connection, hence its wider margin. */
export const gateLimits = (device: Device, site: Pick<Site, 'importLimitW' | 'exportLimitW'>): GateLimits => {
  const powers = powerRanges(device, site);
  const ranges: Partial<Record<Quantity, Range>> = { ...RANGES_OF_ANY_DEVICE };
  const maxPowerW: Partial<Record<Flow, Watt>> = {};
  for (const flow of flowsOfRole(device.role)) {
    const [minW, maxW] = powers[flow];
    maxPowerW[flow] = Math.max(-minW, maxW);
    ranges[QUANTITIES_OF_FLOW[flow].power] = powers[flow];
  }
  if (maxPowerW.pv !== undefined) ranges['pv.availableW'] = [0, maxPowerW.pv];
  if (maxPowerW.grid !== undefined) for (const current of PHASE_CURRENTS) ranges[current] = [0, maxPowerW.grid / LOWEST_PHASE_V];
  for (const counter of COUNTERS) {
    const most = maxPowerW[flowOfCounter(counter)];
    if (most !== undefined) ranges[counter] = [0, energyWh(most, COUNTER_LIFE_MS)];
  }
  if (device.role === 'hybrid')
    for (const counter of DC_COUNTERS) ranges[counter] = [0, energyWh(DC_OVERSIZE * maxPowerW[flowOfCounter(counter)]!, COUNTER_LIFE_MS)];
  return { ranges, maxPowerW, slopes: slopesOf(device, maxPowerW.battery), maxAgeMs: Math.max(MINUTE_MS, 10 * device.pollPeriodMs) };
};

/**
 * Charge is bounded by the battery's power (half as much again, since capacity is a nominal figure too), and corrected by a few
 * per cent now and then; fuel sloshes; the frequency of a grid that still stands changes by 4 Hz a second at most.
 */
const slopesOf = ({ battery }: Device, maxPowerW: Watt | undefined): GateLimits['slopes'] => ({
  ...(battery && maxPowerW !== undefined ? { 'battery.socPct': { slack: 5, perHour: (1.5 * 100 * maxPowerW) / battery.capacityWh } } : {}),
  'generator.fuelPct': { slack: 10, perHour: 100 },
  'grid.frequencyHz': { slack: 0.5, perHour: (4 * HOUR_MS) / SECOND_MS },
});

type Counter = (typeof COUNTERS)[number] | (typeof DC_COUNTERS)[number];
const FLOWS_OF_COUNTERS = Object.fromEntries(
  [...COUNTERS, ...DC_COUNTERS].map((counter) => [counter, counter.slice(0, counter.indexOf('.'))]),
) as Readonly<Record<Counter, Flow>>;

export const flowOfCounter = (counter: Counter): Flow => FLOWS_OF_COUNTERS[counter];

const powerRanges = (device: Device, site: Pick<Site, 'importLimitW' | 'exportLimitW'>): Record<Flow, Range> => {
  const { ratedW, battery, generator } = device;
  const gridW = 1.5 * Math.max(ratedW, site.importLimitW, site.exportLimitW) + 500;
  return {
    grid: [-gridW, gridW],
    pv: [standbyW(ratedW, 0.02), aboveRatingW(Math.max(ratedW, device.pvPeakW ?? 0))],
    battery: [-aboveRatingW(battery?.maxChargeW ?? ratedW), aboveRatingW(battery?.maxDischargeW ?? ratedW)],
    generator: [standbyW(ratedW, 0.05), aboveRatingW(generator?.maxW ?? ratedW)],
    // A car may give back a little as its charger lets go of it.
    flexible: [-aboveRatingW(ratedW), -standbyW(ratedW, 0.02)],
  };
};

const RANGES_OF_ANY_DEVICE: Partial<Record<Quantity, Range>> = {
  'grid.voltageV': [0, 1_500],
  'grid.voltageAV': [0, 1_500],
  'grid.voltageBV': [0, 1_500],
  'grid.voltageCV': [0, 1_500],
  'grid.frequencyHz': [0, 100],
  'battery.socPct': [0, 100],
  'generator.fuelPct': [0, 100],
  'generator.state': [0, 4],
  'flexible.state': [0, 4],
  'device.limitPct': [0, 150],
  'device.islanded': [0, 1],
};
