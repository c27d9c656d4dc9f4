import type { Quantity, Sample } from '../field/sample.js';
import type { Setpoint } from '../field/setpoint.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { type Interval, overlaps } from '../kernel/interval.js';
import { type DurationMs, MINUTE_MS } from '../kernel/units.js';
import type { CounterReading } from './counter-step.js';
import { counterAt, energyBetween, type EnergyRules, type FlowSeries, type PowerReading, worseQuality } from './energy-from-counters.js';
import type { GateLimits } from './gate-limits.js';
import type { IntervalEnergy } from './interval-energy.js';
import { closeReadingsMs, flowsOfRole, QUANTITIES_OF_FLOW } from './metering.js';

/** A stretch of time in which a setpoint or limit of ours was in force on a control of a device. */
export interface LeaseSpan extends Interval {
  readonly deviceId: DeviceId;
  readonly control: Setpoint['kind'];
}

/** What a control bears upon: a hybrid's battery is told something nearly always, and its sun is the sun's own all the same. */
const FLOW_OF_CONTROL: Readonly<Record<Setpoint['kind'], Flow>> = {
  'battery-power': 'battery',
  'pv-limit': 'pv',
  generator: 'generator',
  'load-limit': 'flexible',
};

export interface MeteringDevice {
  readonly device: Device;
  readonly limits: GateLimits;
  /** Usual time between the samples given, where it is not the device's poll period. */
  readonly readingPeriodMs?: DurationMs;
}

/** Power between two readings is believed over four missed polls, and for two minutes at least. */
export const bridgeMs = (readingPeriodMs: DurationMs): DurationMs => Math.max(2 * MINUTE_MS, 4 * readingPeriodMs);

/**
 * What a device moved in each interval, by flow. The samples are its own, in order of time, and should reach past the
 * intervals on both sides as far as the nearest counter readings. Sun and generation move nothing out of the bus.
 */
export const deviceEnergies = (
  metering: MeteringDevice,
  samples: readonly Sample[],
  intervals: readonly Interval[],
  spans: readonly LeaseSpan[],
): IntervalEnergy[] => {
  const { device, limits } = metering;
  const own = spans.filter(({ deviceId }) => deviceId === device.id);
  return flowsOfRole(device.role).flatMap((flow) => {
    const series = bothDirections(flow, samples);
    const rules: EnergyRules = {
      closeMs: closeReadingsMs(device),
      bridgeMs: bridgeMs(metering.readingPeriodMs ?? device.pollPeriodMs),
      maxPowerW: limits.maxPowerW[flow] ?? 0,
    };
    const available = flow === 'pv' ? powersOf('pv.availableW', samples) : [];
    return intervals.map(({ startMs, endMs }) => {
      const interval = { startMs, endMs };
      const commanded = own.some((span) => FLOW_OF_CONTROL[span.control] === flow && overlaps(span, interval));
      const availableWh = energyBetween({ counters: [], powers: available, direction: 1 }, interval, rules).energyWh;
      return {
        ...interval,
        siteId: device.siteId,
        deviceId: device.id,
        flow,
        ...energies(series, interval, rules),
        commanded,
        availableWh,
      };
    });
  });
};

interface BothDirections {
  /** Absent for flows that never go this way, as below. */
  readonly toBus?: FlowSeries;
  readonly fromBus?: FlowSeries;
}

type Moved = Pick<IntervalEnergy, 'toBusWh' | 'fromBusWh' | 'toBusCounterWh' | 'fromBusCounterWh' | 'quality'>;

const energies = ({ toBus, fromBus }: BothDirections, interval: Interval, rules: EnergyRules): Moved => {
  const into = toBus ? energyBetween(toBus, interval, rules) : undefined;
  const out = fromBus ? energyBetween(fromBus, interval, rules) : undefined;
  const quality = worseQuality(into?.quality ?? 'measured', out?.quality ?? 'measured');
  const counters = {
    toBusCounterWh: toBus ? counterAt(toBus.counters, interval.endMs, rules) : undefined,
    fromBusCounterWh: fromBus ? counterAt(fromBus.counters, interval.endMs, rules) : undefined,
  };
  return quality === 'missing'
    ? { ...counters, quality }
    : { toBusWh: into ? into.energyWh : 0, fromBusWh: out?.energyWh ?? 0, ...counters, quality };
};

const bothDirections = (flow: Flow, samples: readonly Sample[]): BothDirections => {
  const { power, toBusCounter, fromBusCounter } = QUANTITIES_OF_FLOW[flow];
  const powers = powersOf(power, samples);
  return {
    ...(toBusCounter ? { toBus: { powers, counters: countersOf(toBusCounter, samples), direction: 1 } } : {}),
    ...(fromBusCounter ? { fromBus: { powers, counters: countersOf(fromBusCounter, samples), direction: -1 } } : {}),
  };
};

const powersOf = (quantity: Quantity, samples: readonly Sample[]): PowerReading[] =>
  samples.flatMap(({ atMs, values }) => (values[quantity] === undefined ? [] : [{ atMs, powerW: values[quantity] }]));

const countersOf = (quantity: Quantity, samples: readonly Sample[]): CounterReading[] =>
  samples.flatMap(({ atMs, values }) => (values[quantity] === undefined ? [] : [{ atMs, counterWh: values[quantity] }]));
