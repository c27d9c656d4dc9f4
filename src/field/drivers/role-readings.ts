import type { SunspecModel } from '../../registers/sunspec/model.js';
import type { SampleValues } from '../sample.js';
import type { MappedModel, SunspecMap } from '../sunspec-walk.js';
import type { Standing } from './device-driver.js';
import { meteredAs } from './metered-as.js';
import { present } from './present.js';
import type { PointRef } from './sunspec-points.js';

/** The points a role wants of a device, and what their values, in the same order, come to. */
export interface RoleReadings {
  readonly refs: readonly (PointRef | undefined)[];
  assemble(values: readonly (number | undefined)[]): SampleValues;
}

export type Value = number | undefined;

const METERS = [201, 202, 203, 204, 211, 212, 213];
const INVERTERS = [101, 102, 103, 111, 112, 113];
const DER_MEASUREMENT = 701;

/** The first of these models that a device has. */
export const modelAmong = (map: SunspecMap, ids: readonly number[]): MappedModel | undefined =>
  map.models.find((model) => ids.includes(model.id));

/** A point of that name, or nothing where the device lacks the model or the model's layout the point. */
export const ref = (model: MappedModel | undefined, name: string): PointRef | undefined => {
  const group = model?.layout;
  return group?.points.some((point) => point.name === name) ? { model: model!, group, name } : undefined;
};

/** The active-power limit in force: of model 123, else of 704. */
export const limitRefs = (map: SunspecMap): [PointRef | undefined, PointRef | undefined] => {
  const immediate = modelAmong(map, [123]);
  if (immediate) return [ref(immediate, 'WMaxLim_Ena'), ref(immediate, 'WMaxLimPct')];
  const der = modelAmong(map, [704]);
  return [ref(der, 'WMaxLimPctEna'), ref(der, 'WMaxLimPct')];
};

export const limitPctOf = (enabled: Value, limitPct: Value): Value => {
  if (enabled === undefined) return undefined;
  return enabled === 1 ? limitPct : 100;
};

/** What a DER says of its mode (701, DERMode), and whether that is to be a grid of its own. */
export const modeRef = (map: SunspecMap): PointRef | undefined => ref(modelAmong(map, [DER_MEASUREMENT]), 'DERMode');

const GRID_FOLLOWING = 1 << 0;
const GRID_FORMING = 1 << 1;

/** One that forms the grid as a part of a larger one has both bits set. */
export const islandedOf = (mode: Value): Value =>
  mode === undefined ? undefined : Number((mode & (GRID_FOLLOWING | GRID_FORMING)) === GRID_FORMING);

const METERED = ['W', 'TotWhImp', 'TotWhExp'];
/** What only the grid's meter is asked. */
const METERED_AT_GRID = ['PhV', 'Hz', 'AphA', 'AphB', 'AphC', 'PhVphA', 'PhVphB', 'PhVphC'];

/** What a SunSpec meter, whatever it meters, is asked. */
const meterReadings = (map: SunspecMap, standing: Standing): RoleReadings | undefined => {
  const meter = modelAmong(map, METERS);
  if (!meter) return undefined;
  const names = standing.role === 'grid-meter' ? [...METERED, ...METERED_AT_GRID] : METERED;
  return {
    refs: names.map((name) => ref(meter, name)),
    assemble: ([powerW, importWh, exportWh, voltageV, frequencyHz, ...phases]) =>
      meteredAs(standing, {
        powerW,
        importWh,
        exportWh,
        voltageV,
        frequencyHz,
        currentsA: phases.slice(0, 3),
        phaseVoltagesV: phases.slice(3),
      }),
  };
};

const pvReadings = (map: SunspecMap): RoleReadings | undefined => {
  const inverter = modelAmong(map, INVERTERS);
  const der = modelAmong(map, [DER_MEASUREMENT]);
  if (!inverter && !der) return undefined;
  const output = inverter ? [ref(inverter, 'W'), ref(inverter, 'WH')] : [ref(der, 'W'), ref(der, 'TotWhInj')];
  return {
    refs: [...output, ref(modelAmong(map, [122]), 'WAval'), ...limitRefs(map), modeRef(map)],
    assemble: ([powerW, producedWh, availableW, limitEnabled, limitPct, mode]) =>
      present({
        'pv.powerW': powerW,
        'pv.toBusCounterWh': producedWh,
        'pv.availableW': availableW,
        'device.limitPct': limitPctOf(limitEnabled, limitPct),
        'device.islanded': islandedOf(mode),
      }),
  };
};

/** Where a device tells its state of charge: 713, else 802, else 124. */
export const socRef = (map: SunspecMap): PointRef | undefined => {
  const der = modelAmong(map, [713]) ?? modelAmong(map, [802]);
  return der ? ref(der, 'SoC') : ref(modelAmong(map, [124]), 'ChaState');
};

const batteryReadings = (map: SunspecMap): RoleReadings | undefined => {
  const der = modelAmong(map, [DER_MEASUREMENT]);
  const inverter = modelAmong(map, INVERTERS);
  if (!der && !inverter) return undefined;
  // Inverter models count only what leaves the terminal: a battery behind one has no counter of its charging.
  const energies = der ? [ref(der, 'TotWhInj'), ref(der, 'TotWhAbs')] : [ref(inverter, 'WH'), undefined];
  return {
    refs: [ref(der ?? inverter, 'W'), ...energies, socRef(map), modeRef(map)],
    assemble: ([powerW, dischargedWh, chargedWh, socPct, mode]) =>
      present({
        'battery.powerW': powerW,
        'battery.toBusCounterWh': dischargedWh,
        'battery.fromBusCounterWh': chargedWh,
        'battery.socPct': socPct,
        'device.islanded': islandedOf(mode),
      }),
  };
};

/**
 * What is asked of a device of this standing; a meter may stand in any place. `undefined` where the map holds no model that
 * tells it. Hybrids are read by `hybrid-readings.ts`.
 */
export const readingsOf = (map: SunspecMap, standing: Standing): RoleReadings | undefined => {
  if (standing.role === 'hybrid') return undefined;
  const own = { pv: pvReadings, battery: batteryReadings, 'grid-meter': undefined, generator: undefined, 'flexible-load': undefined }[
    standing.role
  ];
  return own?.(map) ?? meterReadings(map, standing);
};

/** Registers from the start of a model to its `index`-th repeat of a group. */
export const repeatAt = (
  model: SunspecModel,
  groupName: string,
  index: number,
): { group: SunspecModel['groups'][number]; groupAt: number } => {
  const group = model.groups.find((candidate) => candidate.name === groupName)!;
  return { group, groupAt: model.words + index * group.words };
};
