import { MODEL_203 } from '../registers/sunspec/meters.js';
import { MODEL_160 } from '../registers/sunspec/trackers.js';
import type { Watt } from '../kernel/units.js';
import { derContents } from './der-contents.js';
import type { DeviceView } from './device-view.js';
import { phasePowersW } from './phases.js';
import type { VirtualBattery, VirtualHybrid, VirtualMeter, VirtualPv, VirtualSite } from './spec.js';
import {
  counterExponent,
  identity,
  immediate123,
  inverter103,
  inverter113,
  nameplate120,
  OPERATING,
  settings121,
  status122,
  storage124,
  type Terminal,
  wattExponent,
} from './sunspec-contents.js';
import { exponentFor, type LiveValue, type ModelContent } from './sunspec-image.js';

const ONLY_SUN = 4;

export const pvContents = (site: VirtualSite, pv: VirtualPv): ModelContent[] => {
  const terminal: Terminal = {
    acW: ({ state }) => state.powers.pvW,
    dcW: ({ state }) => (state.powers.pvW === undefined ? undefined : state.powers.pvW / 0.97),
    outWh: ({ state }) => state.pv!.producedWh,
    operatingState: ({ state: { powers } }) => sunState(powers.pvW ?? 0, powers.pvAvailableW ?? 0),
  };
  return [
    identity(site, pv.id, pv.unitId, 'Virtual sun inverter'),
    pv.models === '103' ? inverter103(pv.ratedW, terminal) : inverter113(terminal),
    nameplate120(pv.ratedW, ONLY_SUN),
    settings121(site, pv.ratedW),
    status122(pv.ratedW, terminal.outWh),
    immediate123,
  ];
};

const sunState = (pvW: Watt, availableW: Watt): number => {
  if (availableW < 1) return OPERATING.sleeping;
  return pvW < availableW * 0.98 - 5 ? OPERATING.throttled : OPERATING.mppt;
};

export const batteryContents = (site: VirtualSite, battery: VirtualBattery): ModelContent[] => {
  const named = identity(site, battery.id, battery.unitId, 'Virtual battery');
  if (battery.models === '704') return [named, ...derContents(site, battery)];
  const acW = ({ state }: DeviceView): Watt => state.powers.batteryW ?? 0;
  const terminal: Terminal = {
    acW,
    dcW: acW,
    outWh: ({ state }) => state.battery!.dischargedWh,
    operatingState: (view) => (acW(view) === 0 ? OPERATING.standby : OPERATING.mppt),
  };
  return [named, inverter103(battery.ratedW, terminal), settings121(site, battery.ratedW), storage124(battery.pack)];
};

export const hybridContents = (site: VirtualSite, hybrid: VirtualHybrid): ModelContent[] => {
  const acW = ({ state: { powers } }: DeviceView): Watt | undefined =>
    powers.pvW === undefined || powers.batteryW === undefined ? undefined : powers.pvW + powers.batteryW;
  const terminal: Terminal = {
    acW,
    dcW: ({ state: { powers } }) => (powers.pvDcW ?? 0) + (powers.batteryDcW ?? 0),
    outWh: ({ state }) => state.hybrid!.acOutWh,
    operatingState: (view) => (acW(view) === 0 ? OPERATING.standby : OPERATING.mppt),
  };
  return [
    identity(site, hybrid.id, hybrid.unitId, 'Virtual hybrid inverter'),
    inverter103(hybrid.ratedW, terminal),
    settings121(site, hybrid.ratedW),
    immediate123,
    storage124(hybrid.pack),
    trackers160(hybrid),
  ];
};

/**
 * Two strings and the two ways of the battery, named as inverters of this kind name them: the ports of model 160 have no
 * sign, so charging and discharging are a port each.
 */
const trackers160 = (hybrid: VirtualHybrid): ModelContent => {
  const port = (id: number, name: string, powerW: LiveValue, counterWh: LiveValue, voltageV: number) => ({
    fixed: { ID: id, IDStr: name, DCEvt: 0 },
    live: {
      DCW: powerW,
      DCWH: counterWh,
      DCV: () => voltageV,
      DCA: (view: DeviceView) => Number(powerW(view) ?? 0) / voltageV,
      DCSt: (view: DeviceView) => (Number(powerW(view) ?? 0) > 0 ? OPERATING.mppt : OPERATING.standby),
    },
  });
  const string = (share: number): [LiveValue, LiveValue] => [
    ({ state }) => (state.powers.pvDcW === undefined ? undefined : state.powers.pvDcW * share),
    ({ state }) => state.pv!.dcWh * share,
  ];
  const batteryDcW = ({ state }: DeviceView): Watt => state.powers.batteryDcW ?? 0;
  return {
    model: MODEL_160,
    fixed: {
      DCA_SF: -2,
      DCV_SF: -1,
      DCW_SF: wattExponent(hybrid.ratedW),
      DCWH_SF: counterExponent(hybrid.ratedW),
      Evt: 0,
      N: 4,
    },
    repeats: {
      module: [
        port(1, 'MPPT 1', ...string(0.5), 380),
        port(2, 'MPPT 2', ...string(0.5), 380),
        port(
          3,
          'StCha 3',
          (view) => Math.max(0, -batteryDcW(view)),
          ({ state }) => state.battery!.chargedWh,
          400,
        ),
        port(
          4,
          'StDisCha 4',
          (view) => Math.max(0, batteryDcW(view)),
          ({ state }) => state.battery!.dischargedWh,
          400,
        ),
      ],
    },
  };
};

/** Model 203. Import is positive for a meter whose clamps look the right way. */
export const meterContents = (site: VirtualSite, meter: VirtualMeter, largestW: Watt): ModelContent[] => {
  const away = meter.direction === -1;
  const gridW: (view: DeviceView) => Watt | undefined = ({ state: { powers } }) =>
    powers.gridW === undefined || !away ? powers.gridW : 0 - powers.gridW;
  const phaseW =
    (phase: number) =>
    (view: DeviceView): number | undefined => {
      const powerW = phasePowersW(view.site, view.state)?.[phase];
      return powerW === undefined || !away ? powerW : 0 - powerW;
    };
  const voltage: LiveValue = (view) => view.voltageV;
  const lineVoltage: LiveValue = (view) => view.voltageV * Math.sqrt(3);
  const current =
    (valueW: (view: DeviceView) => Watt | undefined) =>
    (view: DeviceView): number | undefined => {
      const powerW = valueW(view);
      return powerW === undefined ? undefined : powerW / view.voltageV;
    };
  return [
    identity(site, meter.id, meter.unitId, 'Virtual meter'),
    {
      model: MODEL_203,
      fixed: {
        A_SF: exponentFor((largestW * 1.5) / 230, 32_767, -2),
        V_SF: -1,
        Hz_SF: -2,
        W_SF: exponentFor(largestW, 32_767),
        VA_SF: exponentFor(largestW, 32_767),
        TotWh_SF: counterExponent(largestW),
        Evt: 0,
      },
      live: {
        A: current(gridW),
        AphA: current(phaseW(0)),
        AphB: current(phaseW(1)),
        AphC: current(phaseW(2)),
        PhV: voltage,
        PhVphA: voltage,
        PhVphB: voltage,
        PhVphC: voltage,
        PPV: lineVoltage,
        PhVphAB: lineVoltage,
        PhVphBC: lineVoltage,
        PhVphCA: lineVoltage,
        Hz: (view) => view.frequencyHz,
        W: gridW,
        WphA: phaseW(0),
        WphB: phaseW(1),
        WphC: phaseW(2),
        VA: gridW,
        TotWhExp: ({ state }) => (away ? state.meter.importWh : state.meter.exportWh),
        TotWhImp: ({ state }) => (away ? state.meter.exportWh : state.meter.importWh),
      },
    },
  ];
};
