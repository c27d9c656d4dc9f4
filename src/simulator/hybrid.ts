import type { DurationMs, Watt } from '../kernel/units.js';
import { type PowerWindow, selfConsumptionW, stepBattery, withinWindow } from './battery.js';
import { stepPvInverter } from './pv-inverter.js';
import type { SiteState } from './site-state.js';
import type { VirtualHybrid } from './spec.js';

/** Share of its DC power that the inverter gives as AC, and the other way round. */
export const INVERTER_EFFICIENCY = 0.97;
/** Its DC inputs bear this much of the AC rating, since the battery can take what the terminal cannot. */
const DC_OVERSIZE = 1.5;

export interface HybridPowers {
  /** Shares of the AC terminal; they add up to its power exactly. */
  readonly pvW: Watt | undefined;
  readonly batteryW: Watt;
  readonly pvDcW: Watt | undefined;
  readonly batteryDcW: Watt;
}

export interface HybridInputs {
  /** What the loads draw beyond other sources; absent where that is not known. */
  readonly residualW: Watt | undefined;
  readonly sunW: Watt | undefined;
  /** Most that may leave the AC terminal. */
  readonly ceilingW: Watt;
  readonly window: PowerWindow;
  readonly reservePct: number;
  readonly durationMs: DurationMs;
}

/**
 * Sun and battery behind one AC terminal. Under a limit the battery gives way first: it takes what the terminal may not let
 * through, as far as its window allows, and only then is the sun curtailed. Changes the battery and the sun's output in `state`.
 */
export const stepHybrid = (hybrid: VirtualHybrid, state: SiteState, inputs: HybridInputs): HybridPowers => {
  const { sunW, durationMs } = inputs;
  const mostW = Math.max(0, Math.min(hybrid.ratedW, inputs.ceilingW));
  const possibleW = Math.min(sunW ?? 0, hybrid.ratedW * DC_OVERSIZE);
  const batteryTargetW = batteryTarget(hybrid, inputs, possibleW, mostW);
  const batteryW = stepBattery(state.battery!, hybrid.pack, batteryTargetW, inputs.reservePct, durationMs);
  const pv = stepPvInverter(state.pvOutputW, possibleW, Math.max(0, mostW - batteryW), hybrid.ratedW * DC_OVERSIZE, durationMs);
  // A limit is reached by a ramp; the rating is never passed, not even on the way.
  const pvW = Math.max(0, Math.min(pv.meanW, hybrid.ratedW - batteryW));
  state.pvOutputW = pv.endW;
  const acW = pvW + batteryW;
  const dcW = acW >= 0 ? acW / INVERTER_EFFICIENCY : acW * INVERTER_EFFICIENCY;
  const pvDcW = pvW / INVERTER_EFFICIENCY;
  if (sunW === undefined) return { pvW: undefined, batteryW, pvDcW: undefined, batteryDcW: dcW };
  return { pvW, batteryW, pvDcW, batteryDcW: dcW - pvDcW };
};

const batteryTarget = (hybrid: VirtualHybrid, { residualW, window }: HybridInputs, possibleW: Watt, mostW: Watt): Watt => {
  const wantedW = residualW === undefined ? 0 : selfConsumptionW(residualW - possibleW);
  const roomW = mostW - possibleW;
  const heldW = withinWindow(Math.min(wantedW, Math.max(roomW, -hybrid.pack.maxChargeW)), window, hybrid.pack);
  // Discharge never pushes sun off the terminal.
  return Math.max(-hybrid.ratedW - possibleW, heldW > 0 ? Math.min(heldW, Math.max(0, roomW)) : heldW);
};
