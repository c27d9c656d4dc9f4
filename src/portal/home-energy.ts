import type { Device } from '../fleet/plant.js';
import { contains, floorTo, type Interval } from '../kernel/interval.js';
import { type DurationMs, type EpochMs, MINUTE_MS } from '../kernel/units.js';
import { type DayEnergy, dayEnergySum, energyOfDay, slotLengthMs } from '../telemetry/energy-of-day.js';
import type { EnergyQuality, IntervalEnergy } from '../telemetry/interval-energy.js';

/** A home's energy of a local day, as far as it is closed. */
export interface HomeDayEnergy extends DayEnergy {
  /** The quality of the day as if the house had nothing but what produces. */
  readonly producedQuality: EnergyQuality;
}

/** Sums a local day of a home, until `closedMs`, out of metered intervals of the plant's length. */
export const homeDayEnergy = (
  intervals: readonly IntervalEnergy[],
  devices: readonly Pick<Device, 'id' | 'role'>[],
  day: Interval,
  { closedMs, intervalMs }: { readonly closedMs: EpochMs; readonly intervalMs: DurationMs },
): HomeDayEnergy => {
  const ofDay = intervals.filter(({ startMs }) => contains(day, startMs));
  const slotMs = slotLengthMs(day, intervalMs);
  const soFar = { startMs: day.startMs, endMs: Math.min(day.endMs, closedMs) };
  const produced = ofDay.filter(({ flow }) => flow === 'pv' || flow === 'generator');
  return {
    ...energySoFar(ofDay, devices, soFar, slotMs),
    producedQuality: energySoFar(produced, producersOf(devices), soFar, slotMs).quality,
  };
};

/** Whole slots of the day, and what has been closed of the one that runs. */
const energySoFar = (
  intervals: readonly IntervalEnergy[],
  devices: readonly Pick<Device, 'id' | 'role'>[],
  day: Interval,
  slotMs: DurationMs,
): DayEnergy => {
  const wholeMs = Math.max(floorTo(day.endMs, slotMs), day.startMs);
  const whole = energyOfDay(intervals, devices, { startMs: day.startMs, endMs: wholeMs }, slotMs);
  if (wholeMs >= day.endMs) return whole;
  return dayEnergySum(whole, energyOfDay(intervals, devices, { startMs: wholeMs, endMs: day.endMs }, MINUTE_MS));
};

const producersOf = (devices: readonly Pick<Device, 'id' | 'role'>[]): Pick<Device, 'id' | 'role'>[] =>
  devices.flatMap(({ id, role }): Pick<Device, 'id' | 'role'>[] =>
    role === 'pv' || role === 'hybrid' ? [{ id, role: 'pv' }] : role === 'generator' ? [{ id, role }] : [],
  );
