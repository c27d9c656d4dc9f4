import type { DeviceRole } from '../../fleet/plant.js';
import type { Profile, ProfilePoint } from '../../registers/profile.js';
import { LOAD_STATE, type SampleValues } from '../sample.js';
import type { Standing } from './device-driver.js';
import { splitSample } from './hybrid-sample.js';
import type { HybridCounters } from './hybrid-split.js';
import { meteredAs } from './metered-as.js';
import { present } from './present.js';
import type { PointValues } from './profile-points.js';

const METERED: readonly ProfilePoint[] = ['powerW', 'importCounterWh', 'exportCounterWh'];

/** What a poll asks of a device for each role it may play. */
const POINTS_OF_ROLE: Readonly<Record<DeviceRole, readonly ProfilePoint[]>> = {
  'grid-meter': [...METERED, 'gridPowerW', 'voltageV', 'frequencyHz', 'currentAA', 'currentBA', 'currentCA', 'islanded'],
  pv: [...METERED, 'pvCounterWh', 'limitPct', 'islanded'],
  battery: [...METERED, 'batteryChargedWh', 'batteryDischargedWh', 'socPct', 'limitPct', 'islanded'],
  hybrid: [
    'powerW',
    'pvPowerW',
    'pvCounterWh',
    'batteryPowerW',
    'batteryChargedWh',
    'batteryDischargedWh',
    'socPct',
    'limitPct',
    'islanded',
  ],
  generator: [...METERED, 'generatorCounterWh', 'generatorState', 'fuelPct', 'limitPct'],
  'flexible-load': [...METERED, 'loadState', 'loadThere'],
};

/** The points of a profile that a role needs. A gateway's own `powerW` is that of its inverters, not of the grid. */
export const pointsOfRole = (role: DeviceRole, { gridPowerW }: Profile['points']): ProfilePoint[] =>
  POINTS_OF_ROLE[role].filter((name) => !(gridPowerW && role === 'grid-meter' && name === 'powerW'));

/** A register-map device's values under the names of its role at the site; `points` are those of its profile. */
export const sampleOf = (standing: Standing, values: PointValues, counters: HybridCounters, points: Profile['points']): SampleValues => ({
  ...(standing.role === 'hybrid' ? hybridSample(values, counters, points.batteryPowerW !== undefined) : meterSample(standing, values)),
  ...present({
    'battery.socPct': values.socPct,
    'generator.state': values.generatorState,
    'generator.fuelPct': values.fuelPct,
    'flexible.state': loadStateOf(values),
    'device.limitPct': values.limitPct,
    'device.islanded': values.islanded,
  }),
});

/** What is not connected neither waits nor draws, whatever the controller says of itself; a failure it may have all the same. */
const loadStateOf = ({ loadState, loadThere }: PointValues): number | undefined =>
  loadThere === 0 && loadState !== LOAD_STATE.failed ? LOAD_STATE.nothingThere : loadState;

const meterSample = (standing: Standing, values: PointValues): SampleValues => {
  const { powerW, gridPowerW, voltageV, frequencyHz, importCounterWh, exportCounterWh } = values;
  return meteredAs(standing, {
    powerW: gridPowerW ?? powerW,
    importWh: values.generatorCounterWh ?? values.pvCounterWh ?? values.batteryDischargedWh ?? importCounterWh,
    exportWh: values.batteryChargedWh ?? exportCounterWh,
    voltageV,
    frequencyHz,
    currentsA: [values.currentAA, values.currentBA, values.currentCA],
  });
};

/**
 * Without what the battery gives nothing is split: what came out of a battery would be taken for sun. A profile that does
 * not tell it at all leaves to the battery what the strings gave and the terminal did not, or the other way round.
 */
const hybridSample = (values: PointValues, counters: HybridCounters, hasBattery: boolean): SampleValues => {
  const { powerW: acW, pvPowerW } = values;
  if (acW === undefined || pvPowerW === undefined) return {};
  const sunDcW = Math.max(pvPowerW, 0);
  const batteryDcW = hasBattery ? values.batteryPowerW : acW - sunDcW;
  if (batteryDcW === undefined) return {};
  const powers = { acW, sunDcW, chargeDcW: Math.max(-batteryDcW, 0), dischargeDcW: Math.max(batteryDcW, 0) };
  const dc = { sunWh: values.pvCounterWh, chargeWh: values.batteryChargedWh, dischargeWh: values.batteryDischargedWh };
  return splitSample(powers, dc, counters);
};
