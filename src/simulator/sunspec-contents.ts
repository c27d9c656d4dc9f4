import { MODEL_120, MODEL_121, MODEL_122, MODEL_123, MODEL_124 } from '../registers/sunspec/controls.js';
import { MODEL_1 } from '../registers/sunspec/identity.js';
import { MODEL_103, MODEL_113 } from '../registers/sunspec/inverters.js';
import { SECOND_MS, type Watt, type WattHour } from '../kernel/units.js';
import { socPctOf } from './battery.js';
import { ceilingW, chargeReferenceW, CONTROLS_123, controls124 } from './controls.js';
import type { DeviceView } from './device-view.js';
import type { BatteryPack, VirtualSite } from './spec.js';
import { exponentFor, type LiveValues, type ModelContent } from './sunspec-image.js';

/** Watts in a signed register: integers as long as they fit, with half as much again for overload. */
export const wattExponent = (ratedW: Watt): number => exponentFor(ratedW * 1.5, 32_767);
/** Watts of a rating in an unsigned register. */
const ratingExponent = (ratedW: Watt): number => exponentFor(ratedW, 65_534);
/** A 32-bit counter tells tenths of a watt-hour where forty years of full power fit into it, else whole ones or more. */
export const counterExponent = (ratedW: Watt): number => exponentFor(ratedW * 8_766 * 40 * 0.2, 0xffff_fffe, -1);

/** Model 1. Nobody makes these devices, and they say so. */
export const identity = (site: VirtualSite, deviceId: string, unitId: number, model: string): ModelContent => ({
  model: MODEL_1,
  fixed: { Mn: 'Heliograph simulator', Md: model, Vr: '1', SN: `${site.seed}-${deviceId}`, DA: unitId },
});

/** What an inverter's terminal shows. */
export interface Terminal {
  readonly acW: (view: DeviceView) => Watt | undefined;
  readonly dcW: (view: DeviceView) => Watt | undefined;
  /** What has left the terminal since the device was made. */
  readonly outWh: (view: DeviceView) => WattHour;
  /** Operating state of models 103 and 113. */
  readonly operatingState: (view: DeviceView) => number;
}

export const OPERATING = { sleeping: 2, mppt: 4, throttled: 5, standby: 8 } as const;

const livesOf = ({ acW, dcW, outWh, operatingState }: Terminal): LiveValues => {
  const phaseA = (view: DeviceView): number | undefined => {
    const powerW = acW(view);
    return powerW === undefined ? undefined : Math.abs(powerW) / 3 / view.voltageV;
  };
  const phaseV = (view: DeviceView): number => view.voltageV;
  return {
    A: (view) => {
      const current = phaseA(view);
      return current === undefined ? undefined : current * 3;
    },
    AphA: phaseA,
    AphB: phaseA,
    AphC: phaseA,
    PhVphA: phaseV,
    PhVphB: phaseV,
    PhVphC: phaseV,
    W: acW,
    Hz: (view) => view.frequencyHz,
    VA: acW,
    WH: outWh,
    DCW: dcW,
    St: operatingState,
    TmpCab: (view) => 24 + (12 * Math.abs(acW(view) ?? 0)) / 5_000,
  };
};

/** Model 103: the three-phase inverter in integers. */
export const inverter103 = (ratedW: Watt, terminal: Terminal): ModelContent => ({
  model: MODEL_103,
  fixed: {
    A_SF: exponentFor((ratedW * 2) / 230, 65_534, -2),
    V_SF: -1,
    W_SF: wattExponent(ratedW),
    Hz_SF: -2,
    VA_SF: wattExponent(ratedW),
    WH_SF: counterExponent(ratedW),
    DCW_SF: wattExponent(ratedW),
    Tmp_SF: -1,
    Evt1: 0,
    Evt2: 0,
  },
  live: livesOf(terminal),
});

/** Model 113: the same in floating point. */
export const inverter113 = (terminal: Terminal): ModelContent => ({
  model: MODEL_113,
  fixed: { Evt1: 0, Evt2: 0 },
  live: livesOf(terminal),
});

export const nameplate120 = (ratedW: Watt, derType: number): ModelContent => {
  const exponent = ratingExponent(ratedW);
  return {
    model: MODEL_120,
    fixed: {
      DERTyp: derType,
      WRtg: ratedW,
      WRtg_SF: exponent,
      VARtg: ratedW,
      VARtg_SF: exponent,
      VArRtgQ1: 0,
      VArRtgQ2: 0,
      VArRtgQ3: 0,
      VArRtgQ4: 0,
      VArRtg_SF: 0,
      ARtg: ratedW / 3 / 230,
      ARtg_SF: exponentFor(ratedW / 690, 65_534, -1),
      PFRtgQ1: 1,
      PFRtgQ2: 1,
      PFRtgQ3: 1,
      PFRtgQ4: 1,
      PFRtg_SF: -2,
    },
  };
};

export const settings121 = (site: VirtualSite, ratedW: Watt): ModelContent => ({
  model: MODEL_121,
  fixed: {
    WMax: ratedW,
    WMax_SF: ratingExponent(ratedW),
    VRef: site.nominalVoltageV ?? 230,
    VRef_SF: -1,
    VRefOfs: 0,
    VRefOfs_SF: -1,
    VAMax: ratedW,
    VAMax_SF: ratingExponent(ratedW),
    ECPNomHz: site.nominalFrequencyHz ?? 50,
    ECPNomHz_SF: -1,
  },
});

const CONNECTED_AVAILABLE = 0b011;
const OPERATES = 0b100;
/** SunSpec counts seconds from here. */
const SUNSPEC_EPOCH_MS = Date.UTC(2000, 0, 1);

/** Model 122 of a sun inverter: with what the sun would have allowed. */
export const status122 = (ratedW: Watt, outWh: (view: DeviceView) => WattHour): ModelContent => ({
  model: MODEL_122,
  fixed: { StorConn: 0, ECPConn: 1, WAval_SF: wattExponent(ratedW * 1.5), TmSrc: 'RTC' },
  live: {
    PVConn: (view) => CONNECTED_AVAILABLE | ((view.state.powers.pvW ?? 0) > 0 ? OPERATES : 0),
    ActWh: (view) => Math.floor(outWh(view)),
    WAval: (view) => view.state.powers.pvAvailableW,
    StActCtl: (view) => (ceilingW(view.controls, ratedW) < Infinity ? 1 : 0),
    Tms: (view) => Math.max(0, Math.floor((view.atMs - SUNSPEC_EPOCH_MS) / SECOND_MS)),
  },
});

export const immediate123: ModelContent = {
  model: MODEL_123,
  fixed: { WMaxLimPct_SF: -2, OutPFSet: 1, OutPFSet_SF: -2, OutPFSet_Ena: 0, VArPct_Ena: 0, VArPct_SF: -2 },
  controls: CONTROLS_123,
};

/** ChaSt of models 124 and 802. */
export const chargeStatus = ({ state }: DeviceView, pack: BatteryPack): number => {
  const battery = state.battery!;
  if (battery.outputW > 1) return 3;
  if (battery.outputW < -1) return 4;
  const socPct = socPctOf(battery, pack);
  if (socPct <= pack.minSocPct + 0.1) return 2;
  return socPct >= pack.maxSocPct - 0.1 ? 5 : 6;
};

export const socOf =
  (pack: BatteryPack) =>
  ({ state }: DeviceView): number =>
    socPctOf(state.battery!, pack);

export const storage124 = (pack: BatteryPack): ModelContent => ({
  model: MODEL_124,
  fixed: {
    WChaMax: chargeReferenceW(pack),
    WChaMax_SF: ratingExponent(chargeReferenceW(pack)),
    WChaGra: 25,
    WDisChaGra: 25,
    WChaDisChaGra_SF: 0,
    ChaGriSet: 1,
    MinRsvPct_SF: -2,
    ChaState_SF: -2,
    InBatV_SF: -1,
    InOutWRte_SF: -2,
  },
  live: { ChaState: socOf(pack), ChaSt: (view) => chargeStatus(view, pack), InBatV: (view) => 48 + socOf(pack)(view) / 20 },
  controls: controls124(pack),
});
