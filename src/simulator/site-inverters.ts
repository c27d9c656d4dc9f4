import { type DurationMs, HOUR_MS, type Watt } from '../kernel/units.js';
import { type PowerWindow, selfConsumptionW, stepBattery, withinWindow } from './battery.js';
import { ceilingW, type DeviceControls, reservePct, windowOf } from './controls.js';
import { stepHybrid } from './hybrid.js';
import { stepPvInverter } from './pv-inverter.js';
import type { InvertersState } from './site-state.js';
import type { Inverters } from './spec.js';

/** What is asked of inverters past their registers; what is absent is left to the registers. */
export interface InverterCommands {
  /** Discharge is positive. */
  readonly batteryW?: Watt;
  readonly pvMaxW?: Watt;
}

/** Mean powers in the house's signs; of sun unknown where replayed rows have a gap. */
export interface InverterPowers {
  readonly pvW: Watt | undefined;
  /** What the sun would have allowed. */
  readonly pvAvailableW: Watt | undefined;
  readonly batteryW: Watt;
  /** Of a hybrid: on its DC side, before the inverter. */
  readonly pvDcW?: Watt | undefined;
  readonly batteryDcW?: Watt;
}

interface Piece {
  /** What the site draws beyond what others give. */
  readonly residualW: Watt | undefined;
  readonly sunW: Watt | undefined;
  readonly durationMs: DurationMs;
}

interface Told extends InverterCommands {
  readonly deaf?: ReadonlySet<string> | undefined;
}

type Controls = Readonly<Record<string, DeviceControls>>;

/** Lets what hangs on an inverter work for a while, by its controls or what it is told past them. Changes the state; the powers in it are left to the caller. */
export const stepInverters = (
  inverters: Inverters,
  state: InvertersState,
  controls: Controls,
  told: Told,
  piece: Piece,
): InverterPowers => {
  const powers = { ...(inverters.hybrid ? hybridPiece : separatePiece)(inverters, state, controls, told, piece), pvAvailableW: piece.sunW };
  count(state, powers, piece.durationMs);
  return powers;
};

const batteryWindow = ({ batteryW }: Told, fromRegisters: () => PowerWindow): PowerWindow =>
  batteryW === undefined ? fromRegisters() : { minW: batteryW, maxW: batteryW };

type Stepped = Omit<InverterPowers, 'pvAvailableW'>;

const hybridPiece = (inverters: Inverters, state: InvertersState, all: Controls, told: Told, piece: Piece): Stepped => {
  const hybrid = inverters.hybrid!;
  const controls = controlsOf(all, hybrid.id, told);
  return stepHybrid(hybrid, state, {
    ...piece,
    ceilingW: told.pvMaxW ?? ceilingW(controls, hybrid.ratedW),
    window: batteryWindow(told, () => windowOf(controls, hybrid.pack, hybrid.ratedW)),
    reservePct: reservePct(controls),
  });
};

const separatePiece = (
  { pv, battery }: Inverters,
  state: InvertersState,
  all: Controls,
  told: Told,
  { residualW, sunW, durationMs }: Piece,
): Stepped => {
  let pvW: Watt | undefined = 0;
  if (pv) {
    if (sunW === undefined) {
      [pvW, state.pvOutputW] = [undefined, 0];
    } else {
      const limitW = told.pvMaxW ?? ceilingW(controlsOf(all, pv.id, told), pv.ratedW);
      const output = stepPvInverter(state.pvOutputW, sunW, limitW, pv.ratedW, durationMs);
      [pvW, state.pvOutputW] = [output.meanW, output.endW];
    }
  }
  if (!battery || !state.battery) return { pvW, batteryW: 0 };
  const { id, pack, ratedW } = battery;
  const controls = controlsOf(all, id, told);
  const window = batteryWindow(told, () => windowOf(controls, pack, ratedW));
  const wantedW = residualW === undefined || pvW === undefined ? 0 : selfConsumptionW(residualW - pvW);
  const mostW = Math.min(ratedW, ceilingW(controls, ratedW));
  const targetW = Math.max(-ratedW, Math.min(mostW, withinWindow(wantedW, window, pack)));
  return { pvW, batteryW: stepBattery(state.battery, pack, targetW, reservePct(controls), durationMs) };
};

const NO_CONTROLS: DeviceControls = { values: {}, revertsAtMs: {} };
const controlsOf = (controls: Controls, deviceId: string, { deaf }: Told): DeviceControls =>
  (deaf?.has(deviceId) ? undefined : controls[deviceId]) ?? NO_CONTROLS;

const count = (state: InvertersState, { pvW, batteryW, pvDcW }: Stepped, durationMs: DurationMs): void => {
  const hours = durationMs / HOUR_MS;
  if (state.pv && pvW !== undefined) {
    state.pv.producedWh += pvW * hours;
    state.pv.dcWh += (pvDcW ?? pvW) * hours;
  }
  if (!state.hybrid) return;
  state.hybrid.acOutWh += Math.max(0, (pvW ?? 0) + batteryW) * hours;
  state.hybrid.batteryToBusWh += Math.max(0, batteryW) * hours;
  state.hybrid.batteryFromBusWh += Math.max(0, -batteryW) * hours;
};
