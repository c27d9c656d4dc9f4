import type { DurationMs, Watt } from '../kernel/units.js';
import { type PowerWindow, selfConsumptionW, stepBattery, withinWindow } from './battery.js';
import { stepPvInverter } from './pv-inverter.js';
import type { InvertersState } from './site-state.js';
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
 * Sun and battery behind one AC terminal, worked out on the DC side. Under a limit the battery gives way first: it takes what
 * the terminal may not let through, as far as its window allows, and only then is the sun curtailed. Changes the battery and
 * the sun's output (both DC) in `state`. Its pack's efficiencies are at the AC terminal, so discharge loses less on this side.
 */
export const stepHybrid = (hybrid: VirtualHybrid, state: InvertersState, inputs: HybridInputs): HybridPowers => {
  const { sunW, durationMs } = inputs;
  const dcRatedW = hybrid.ratedW * DC_OVERSIZE;
  const mostW = Math.max(0, Math.min(hybrid.ratedW, inputs.ceilingW));
  const possibleDcW = Math.min((sunW ?? 0) / INVERTER_EFFICIENCY, dcRatedW);
  const targetW = batteryTarget(hybrid, inputs, possibleDcW * INVERTER_EFFICIENCY, mostW);
  const targetDcW = targetW > 0 ? targetW / INVERTER_EFFICIENCY : targetW;
  const pack = { ...hybrid.pack, dischargeEfficiency: Math.min(1, hybrid.pack.dischargeEfficiency / INVERTER_EFFICIENCY) };
  const batteryDcW = stepBattery(state.battery!, pack, targetDcW, inputs.reservePct, durationMs);
  const sunCeilingDcW = Math.max(0, mostW / INVERTER_EFFICIENCY - batteryDcW);
  const sun = stepPvInverter(state.pvOutputW, possibleDcW, sunCeilingDcW, dcRatedW, durationMs);
  state.pvOutputW = sun.endW;
  // A limit is reached by a ramp; the rating is never passed, not even on the way.
  const pvDcW = Math.max(0, Math.min(sun.meanW, hybrid.ratedW / INVERTER_EFFICIENCY - batteryDcW));
  const dcW = pvDcW + batteryDcW;
  const acW = dcW >= 0 ? dcW * INVERTER_EFFICIENCY : dcW / INVERTER_EFFICIENCY;
  const split = splitAc(acW, pvDcW, batteryDcW);
  return sunW === undefined ? { pvW: undefined, batteryW: acW, pvDcW: undefined, batteryDcW } : { ...split, pvDcW, batteryDcW };
};

/**
 * Shares of the AC output, by the rule of whoever reads such an inverter: what the battery takes it takes on its DC side, the
 * sun gives the rest of the output on top, as far as the modules did; a discharge bears the loss in proportion.
 */
const splitAc = (acW: Watt, pvDcW: Watt, batteryDcW: Watt): { pvW: Watt; batteryW: Watt } => {
  const discharges = batteryDcW > 0 && acW > 0;
  const pvW = discharges ? (acW * pvDcW) / (pvDcW + batteryDcW) : Math.min(Math.max(acW - Math.min(batteryDcW, 0), 0), pvDcW);
  return { pvW, batteryW: acW - pvW };
};

/** What the battery is to do, in AC when it gives and in DC when it takes. */
const batteryTarget = (hybrid: VirtualHybrid, { residualW, window }: HybridInputs, possibleW: Watt, mostW: Watt): Watt => {
  const atBattery = (powerW: Watt): Watt => (powerW < 0 ? powerW / INVERTER_EFFICIENCY : powerW);
  const wantedW = residualW === undefined ? 0 : atBattery(selfConsumptionW(residualW - possibleW));
  const roomW = atBattery(mostW - possibleW);
  const heldW = withinWindow(Math.min(wantedW, Math.max(roomW, -hybrid.pack.maxChargeW)), window, hybrid.pack);
  // Discharge never pushes sun off the terminal.
  return Math.max(-hybrid.ratedW * INVERTER_EFFICIENCY - possibleW, heldW > 0 ? Math.min(heldW, Math.max(0, roomW)) : heldW);
};
