import type { Device, DeviceId } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { contains, type Interval, SLOT_MS, slotsOf } from '../kernel/interval.js';
import type { DurationMs, WattHour } from '../kernel/units.js';
import { worseQuality } from './energy-from-counters.js';
import type { EnergyQuality, IntervalEnergy } from './interval-energy.js';
import { flowsOfRole } from './metering.js';
import { resample } from './resample.js';

/** A site's energy over a day, or over any other whole number of slots. */
export interface DayEnergy {
  /** Sun and generators. */
  readonly producedWh?: WattHour;
  readonly importedWh?: WattHour;
  readonly exportedWh?: WattHour;
  /** By balance: what came in, less what went out, in the slots in which every device is known. */
  readonly consumedWh?: WattHour;
  readonly chargedWh?: WattHour;
  readonly dischargedWh?: WattHour;
  /** The worst of the day's slots. */
  readonly quality: EnergyQuality;
  /** Slots in which at least one device is missing. */
  readonly missingSlots: number;
}

interface Totals {
  readonly toBusWh: Map<Flow, WattHour>;
  readonly fromBusWh: Map<Flow, WattHour>;
}

/**
 * Sums one site's intervals over the whole slots of a day. Sums are over what is known: `missingSlots` says how much is
 * not. What no device of the site can tell is absent.
 */
export const energyOfDay = (
  intervals: readonly IntervalEnergy[],
  devices: readonly Pick<Device, 'id' | 'role'>[],
  day: Interval,
  slotMs: DurationMs = SLOT_MS,
): DayEnergy => {
  const expected = devices.flatMap(({ id, role }) => flowsOfRole(role).map((flow) => wordKey(id, flow)));
  const slots = new Map(slotsOf(day, slotMs).map(({ startMs }) => [startMs, new Map<string, IntervalEnergy>()]));
  for (const interval of resample(intervals, slotMs)) {
    if (contains(day, interval.startMs)) slots.get(interval.startMs)?.set(wordKey(interval.deviceId, interval.flow), interval);
  }
  const totals: Totals = { toBusWh: new Map(), fromBusWh: new Map() };
  let consumedWh: WattHour | undefined;
  let quality: EnergyQuality = 'measured';
  let missingSlots = 0;
  for (const words of slots.values()) {
    const known = expected.flatMap((key) => words.get(key) ?? []).filter((word) => word.quality !== 'missing');
    for (const word of known) {
      add(totals, word);
      quality = worseQuality(quality, word.quality);
    }
    if (known.length < expected.length) missingSlots += 1;
    else if (expected.some((key) => key.endsWith(' grid'))) consumedWh = (consumedWh ?? 0) + balanceWh(known);
  }
  if (missingSlots > 0) quality = 'missing';
  return { ...named(totals), consumedWh, quality, missingSlots };
};

const wordKey = (deviceId: DeviceId, flow: Flow): string => `${deviceId} ${flow}`;

const add = ({ toBusWh, fromBusWh }: Totals, { flow, ...moved }: IntervalEnergy): void => {
  toBusWh.set(flow, (toBusWh.get(flow) ?? 0) + (moved.toBusWh ?? 0));
  fromBusWh.set(flow, (fromBusWh.get(flow) ?? 0) + (moved.fromBusWh ?? 0));
};

const balanceWh = (known: readonly IntervalEnergy[]): WattHour =>
  known.reduce((sum, { toBusWh, fromBusWh }) => sum + (toBusWh ?? 0) - (fromBusWh ?? 0), 0);

const named = ({ toBusWh, fromBusWh }: Totals): Omit<DayEnergy, 'consumedWh' | 'quality' | 'missingSlots'> => {
  const sun = toBusWh.get('pv');
  const generated = toBusWh.get('generator');
  return {
    producedWh: sun === undefined && generated === undefined ? undefined : (sun ?? 0) + (generated ?? 0),
    importedWh: toBusWh.get('grid'),
    exportedWh: fromBusWh.get('grid'),
    chargedWh: fromBusWh.get('battery'),
    dischargedWh: toBusWh.get('battery'),
  };
};

/** Two stretches of a day as one. */
export const dayEnergySum = (a: DayEnergy, b: DayEnergy): DayEnergy => {
  const sum = (x?: WattHour, y?: WattHour): WattHour | undefined => (x === undefined && y === undefined ? undefined : (x ?? 0) + (y ?? 0));
  return {
    producedWh: sum(a.producedWh, b.producedWh),
    importedWh: sum(a.importedWh, b.importedWh),
    exportedWh: sum(a.exportedWh, b.exportedWh),
    consumedWh: sum(a.consumedWh, b.consumedWh),
    chargedWh: sum(a.chargedWh, b.chargedWh),
    dischargedWh: sum(a.dischargedWh, b.dischargedWh),
    quality: worseQuality(a.quality, b.quality),
    missingSlots: a.missingSlots + b.missingSlots,
  };
};
