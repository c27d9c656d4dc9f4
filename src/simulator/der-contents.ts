import { MODEL_802 } from '../registers/sunspec/batteries.js';
import { MODEL_701, MODEL_702, MODEL_704, MODEL_713 } from '../registers/sunspec/der.js';
import { SECOND_MS, type Watt } from '../kernel/units.js';
import { CONTROLLER_HEARTBEAT_S, controls704, controls802, secondsLeft } from './controls.js';
import type { DeviceView } from './device-view.js';
import type { VirtualBattery, VirtualSite } from './spec.js';
import { chargeStatus, socOf, wattExponent } from './sunspec-contents.js';
import { exponentFor, type ModelContent } from './sunspec-image.js';

const batteryW = ({ state }: DeviceView): Watt => state.powers.batteryW ?? 0;
const THREE_PHASE = 2;
const RUNNING = 3;
const STANDBY = 7;
const LITHIUM_ION = 4;

const measurement701 = (battery: VirtualBattery): ModelContent => ({
  model: MODEL_701,
  fixed: {
    ACType: THREE_PHASE,
    St: 1,
    ConnSt: 1,
    Alrm: 0,
    DERMode: 1,
    A_SF: exponentFor((battery.ratedW * 2) / 230, 32_767, -2),
    V_SF: -1,
    Hz_SF: -3,
    W_SF: wattExponent(battery.ratedW),
    VA_SF: wattExponent(battery.ratedW),
    TotWh_SF: -1,
    Tmp_SF: -1,
    PF_SF: -2,
    Var_SF: 0,
    TotVarh_SF: 0,
  },
  live: {
    InvSt: (view) => (batteryW(view) === 0 ? STANDBY : RUNNING),
    W: batteryW,
    VA: batteryW,
    A: (view) => Math.abs(batteryW(view)) / view.voltageV,
    LNV: (view) => view.voltageV,
    LLV: (view) => view.voltageV * Math.sqrt(3),
    Hz: (view) => view.frequencyHz,
    TotWhInj: (view) => view.state.battery!.dischargedWh,
    TotWhAbs: (view) => view.state.battery!.chargedWh,
    TmpCab: (view) => 22 + (10 * Math.abs(batteryW(view))) / battery.ratedW,
  },
});

/** Bits of CtrlModes: limit and fixed active power. */
const MAX_W_AND_FIXED_W = 0b11;

const capacity702 = (site: VirtualSite, { ratedW, pack }: VirtualBattery): ModelContent => {
  const [chargeW, dischargeW] = [Math.min(pack.maxChargeW, ratedW), Math.min(pack.maxDischargeW, ratedW)];
  return {
    model: MODEL_702,
    fixed: {
      WMaxRtg: ratedW,
      VAMaxRtg: ratedW,
      WChaRteMaxRtg: chargeW,
      WDisChaRteMaxRtg: dischargeW,
      VNomRtg: site.nominalVoltageV ?? 230,
      WMax: ratedW,
      VAMax: ratedW,
      WChaRteMax: chargeW,
      WDisChaRteMax: dischargeW,
      CtrlModes: MAX_W_AND_FIXED_W,
      W_SF: exponentFor(ratedW, 65_534),
      VA_SF: exponentFor(ratedW, 65_534),
      V_SF: -1,
    },
  };
};

const controls704Content = (battery: VirtualBattery): ModelContent => ({
  model: MODEL_704,
  fixed: {
    WMaxLimPct_SF: -2,
    WSet_SF: 0,
    WSetPct_SF: -2,
    PFWInjEna: 0,
    PFWAbsEna: 0,
    VarSetEna: 0,
    PF_SF: -2,
    VarSet_SF: 0,
    VarSetPct_SF: -2,
  },
  live: {
    WMaxLimPctRvrtRem: (view) => secondsLeft(view.controls, '704.WMaxLimPct', view.atMs),
    WSetRvrtRem: (view) => secondsLeft(view.controls, '704.WSet', view.atMs),
  },
  controls: controls704(battery.pack),
});

const capacity713 = ({ pack }: VirtualBattery): ModelContent => ({
  model: MODEL_713,
  fixed: { WHRtg: pack.capacityWh, WH_SF: exponentFor(pack.capacityWh, 65_534), SoH: 98, Sta: 0, Pct_SF: -2 },
  live: { WHAvail: (view) => view.state.battery!.storedWh, SoC: socOf(pack) },
});

const CELLS_V = 51.2;

const battery802 = ({ pack }: VirtualBattery): ModelContent => {
  const highestW = Math.max(pack.maxChargeW, pack.maxDischargeW);
  return {
    model: MODEL_802,
    fixed: {
      AHRtg: pack.capacityWh / CELLS_V,
      AHRtg_SF: exponentFor(pack.capacityWh / CELLS_V, 65_534, -1),
      WHRtg: pack.capacityWh,
      WHRtg_SF: exponentFor(pack.capacityWh, 65_534),
      WChaRteMax: pack.maxChargeW,
      WDisChaRteMax: pack.maxDischargeW,
      WChaDisChaMax_SF: exponentFor(highestW, 65_534),
      SoCMax: pack.maxSocPct,
      SoCMin: pack.minSocPct,
      SoC_SF: -2,
      SoH: 98,
      SoH_SF: 0,
      LocRemCtl: 0,
      AlmRst: 0,
      Typ: LITHIUM_ION,
      State: 3,
      Evt1: 0,
      Evt2: 0,
      EvtVnd1: 0,
      EvtVnd2: 0,
      V_SF: -1,
      CellV_SF: -3,
      A_SF: exponentFor((highestW * 1.5) / CELLS_V, 32_767, -1),
      AMax_SF: 0,
      W_SF: wattExponent(highestW),
      SetOp: 1,
      SetInvState: 3,
    },
    live: {
      SoC: socOf(pack),
      ChaSt: (view) => chargeStatus(view, pack),
      Hb: (view) => Math.floor(view.atMs / SECOND_MS) % CONTROLLER_HEARTBEAT_S,
      V: (view) => CELLS_V - 3 + socOf(pack)(view) / 16,
      A: (view) => batteryW(view) / CELLS_V,
      W: batteryW,
    },
    controls: controls802(pack),
  };
};

/** Models 701, 702, 704, 713 and 802 of a battery that follows IEEE 1547. */
export const derContents = (site: VirtualSite, battery: VirtualBattery): ModelContent[] => [
  measurement701(battery),
  capacity702(site, battery),
  controls704Content(battery),
  capacity713(battery),
  battery802(battery),
];
