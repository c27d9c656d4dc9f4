import { clamp, type DurationMs, HOUR_MS, type Watt, type WattHour } from '../kernel/units.js';
import { rampTo } from './ramp.js';
import type { BatteryPack } from './spec.js';

/** What the electronics of an idle battery take out of its cells. */
export const STANDBY_W = 4;
/** Less than this, into or out of the grid, a battery does not bother to make up for. */
export const DEADBAND_W = 20;
/** From nothing to full power. */
const RAMP_S = 4;

export interface BatteryState {
  storedWh: WattHour;
  /** Power at the end of the last step; discharge is positive. */
  outputW: Watt;
  /** AC energy it has taken in, and given, since it was made. */
  chargedWh: WattHour;
  dischargedWh: WattHour;
}

/** Powers a battery is held within; a setpoint is a window of no width. Discharge is positive. */
export interface PowerWindow {
  readonly minW: Watt;
  readonly maxW: Watt;
}

export const socPctOf = (battery: BatteryState, pack: BatteryPack): number => (battery.storedWh / pack.capacityWh) * 100;

export const initialBattery = (pack: BatteryPack, throughputWh: WattHour): BatteryState => ({
  storedWh: (pack.capacityWh * (pack.startSocPct ?? 50)) / 100,
  outputW: 0,
  chargedWh: Math.round(throughputWh / (pack.chargeEfficiency * pack.dischargeEfficiency)),
  dischargedWh: throughputWh,
});

/** Power that brings the connection to nothing: what the loads lack is given, what is left over is taken. */
export const selfConsumptionW = (residualW: Watt): Watt => (Math.abs(residualW) < DEADBAND_W ? 0 : residualW);

/** `wantedW` within the window and the ratings of the pack; a window that is empty stands the battery still. */
export const withinWindow = (wantedW: Watt, window: PowerWindow, pack: BatteryPack): Watt => {
  const minW = Math.max(window.minW, -pack.maxChargeW);
  const maxW = Math.min(window.maxW, pack.maxDischargeW);
  return minW > maxW ? clamp(0, -pack.maxChargeW, pack.maxDischargeW) : clamp(wantedW, minW, maxW);
};

/**
 * Lets the battery work for `durationMs` towards `targetW`, as far as its cells allow, and returns the mean AC power.
 * Changes `battery`. What it stores is what came in times the charge efficiency, less what went out divided by the
 * discharge efficiency, less standby.
 */
export const stepBattery = (battery: BatteryState, pack: BatteryPack, targetW: Watt, floorPct: number, durationMs: DurationMs): Watt => {
  const hours = durationMs / HOUR_MS;
  const rateWPerS = Math.max(pack.maxChargeW, pack.maxDischargeW) / RAMP_S;
  const ramped = rampTo(battery.outputW, targetW, rateWPerS, durationMs);
  const floorWh = (Math.max(pack.minSocPct, floorPct) * pack.capacityWh) / 100;
  const ceilingWh = (pack.maxSocPct * pack.capacityWh) / 100;
  const mostOutW = (Math.max(0, battery.storedWh - floorWh) * pack.dischargeEfficiency) / hours;
  const mostInW = Math.max(0, ceilingWh - battery.storedWh) / pack.chargeEfficiency / hours;
  const meanW = clamp(ramped.meanW, -mostInW, mostOutW);
  battery.outputW = meanW === ramped.meanW ? ramped.endW : meanW;
  const energy = meanW * hours;
  if (energy >= 0) {
    battery.dischargedWh += energy;
    battery.storedWh -= energy / pack.dischargeEfficiency;
  } else {
    battery.chargedWh -= energy;
    battery.storedWh -= energy * pack.chargeEfficiency;
  }
  const emptyWh = (pack.minSocPct * pack.capacityWh) / 100;
  if (meanW === 0) battery.storedWh = Math.max(Math.min(battery.storedWh, emptyWh), battery.storedWh - STANDBY_W * hours);
  return meanW;
};
