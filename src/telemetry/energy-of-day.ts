import type { Device, DeviceId } from '../fleet/plant.js';
import type { Flow } from '../kernel/flow.js';
import { contains, type Interval, SLOT_MS, slotsOf } from '../kernel/interval.js';
import type { DurationMs, EpochMs, WattHour } from '../kernel/units.js';
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

/** What moved in a number of slots, summed over those that are known, and how far they can be relied on. */
export interface SlotSum {
  /** Absent where no slot is known. */
  readonly toBusWh?: WattHour;
  readonly fromBusWh?: WattHour;
  /** The worst of the slots. */
  readonly quality: EnergyQuality;
  readonly slots: number;
  /** Slots in which at least one device is missing. */
  readonly missingSlots: number;
  /** Slots in which, of at least one device, so much is said (see `IntervalEnergy`). */
  readonly commandedSlots: number;
  readonly importedSlots: number;
  readonly clockUnsureSlots: number;
}

/** A stretch by flow, and as a whole. */
export interface FlowEnergies {
  readonly flows: ReadonlyMap<Flow, SlotSum>;
  /** Over all flows, but for those of flexible loads, which are in the balance already. Where a grid meter tells, `fromBusWh` is what the loads drew: the balance of the slots that are known in whole. */
  readonly all: SlotSum;
}

/**
 * Slots that a stretch is counted in: quarter-hours, which intervals add up to; or the plant's intervals themselves where they do
 * not, since a part of one would be an estimate. Only whole slots count, so the stretch must be made of them.
 */
export const slotLengthMs = ({ startMs, endMs }: Interval, intervalMs: DurationMs): DurationMs =>
  SLOT_MS % intervalMs !== 0 && startMs % intervalMs === 0 && endMs % intervalMs === 0 ? intervalMs : SLOT_MS;

const NO_SLOTS: SlotSum = {
  quality: 'measured',
  slots: 0,
  missingSlots: 0,
  commandedSlots: 0,
  importedSlots: 0,
  clockUnsureSlots: 0,
};

export const NO_ENERGIES: FlowEnergies = { flows: new Map(), all: NO_SLOTS };

/** Sums what some devices moved over the whole slots of a stretch. */
export const energyByFlow = (
  intervals: readonly IntervalEnergy[],
  devices: readonly Pick<Device, 'id' | 'role'>[],
  stretch: Interval,
  slotMs: DurationMs = SLOT_MS,
): FlowEnergies => {
  const tellers = tellersOf(devices);
  const flows = new Map<Flow, SlotSum>([...tellers.keys()].map((flow) => [flow, NO_SLOTS]));
  let all = NO_SLOTS;
  for (const words of wordsOfSlots(intervals, stretch, slotMs).values()) {
    const ofSlot: IntervalEnergy[] = [];
    let expected = 0;
    for (const [flow, ids] of tellers) {
      const told = ids.flatMap((id) => words.get(wordKey(id, flow)) ?? []);
      flows.set(flow, slotSumOf(flows.get(flow)!, slotOf(told, ids.length, energyOf(told.filter(isKnown)))));
      if (flow === 'flexible') continue;
      ofSlot.push(...told);
      expected += ids.length;
    }
    const whole = ofSlot.filter(isKnown).length === expected;
    const balance = whole && tellers.has('grid') ? { fromBusWh: balanceWh(ofSlot) } : {};
    all = slotSumOf(all, slotOf(ofSlot, expected, balance));
  }
  return { flows, all };
};

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
  const { flows, all } = energyByFlow(intervals, devices, day, slotMs);
  return {
    producedWh: sumWh(flows.get('pv')?.toBusWh, flows.get('generator')?.toBusWh),
    importedWh: flows.get('grid')?.toBusWh,
    exportedWh: flows.get('grid')?.fromBusWh,
    chargedWh: flows.get('battery')?.fromBusWh,
    dischargedWh: flows.get('battery')?.toBusWh,
    consumedWh: all.fromBusWh,
    quality: all.quality,
    missingSlots: all.missingSlots,
  };
};

const wordKey = (deviceId: DeviceId, flow: Flow): string => `${deviceId} ${flow}`;

/** Which devices tell each flow. */
const tellersOf = (devices: readonly Pick<Device, 'id' | 'role'>[]): Map<Flow, DeviceId[]> => {
  const tellers = new Map<Flow, DeviceId[]>();
  for (const { id, role } of devices) for (const flow of flowsOfRole(role)) tellers.set(flow, [...(tellers.get(flow) ?? []), id]);
  return tellers;
};

const wordsOfSlots = (
  intervals: readonly IntervalEnergy[],
  stretch: Interval,
  slotMs: DurationMs,
): Map<EpochMs, Map<string, IntervalEnergy>> => {
  const slots = new Map(slotsOf(stretch, slotMs).map(({ startMs }) => [startMs, new Map<string, IntervalEnergy>()]));
  for (const interval of resample(intervals, slotMs)) {
    if (contains(stretch, interval.startMs)) slots.get(interval.startMs)?.set(wordKey(interval.deviceId, interval.flow), interval);
  }
  return slots;
};

const isKnown = ({ quality }: IntervalEnergy): boolean => quality !== 'missing';

const energyOf = (known: readonly IntervalEnergy[]): Pick<SlotSum, 'toBusWh' | 'fromBusWh'> =>
  known.length === 0
    ? {}
    : {
        toBusWh: known.reduce((sum, { toBusWh }) => sum + (toBusWh ?? 0), 0),
        fromBusWh: known.reduce((sum, { fromBusWh }) => sum + (fromBusWh ?? 0), 0),
      };

const balanceWh = (known: readonly IntervalEnergy[]): WattHour =>
  known.reduce((sum, { toBusWh, fromBusWh }) => sum + (toBusWh ?? 0) - (fromBusWh ?? 0), 0);

/** One slot of which so many words were expected. */
const slotOf = (told: readonly IntervalEnergy[], expected: number, energy: Pick<SlotSum, 'toBusWh' | 'fromBusWh'>): SlotSum => {
  const known = told.filter(isKnown);
  const missing = known.length < expected;
  return {
    ...energy,
    quality: missing ? 'missing' : known.reduce<EnergyQuality>((worst, { quality }) => worseQuality(worst, quality), 'measured'),
    slots: 1,
    missingSlots: Number(missing),
    commandedSlots: Number(told.some(({ commanded }) => commanded)),
    importedSlots: Number(told.some(({ imported }) => imported)),
    clockUnsureSlots: Number(told.some(({ clockUnsure }) => clockUnsure)),
  };
};

const sumWh = (a?: WattHour, b?: WattHour): WattHour | undefined => (a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0));

const slotSumOf = (a: SlotSum, b: SlotSum): SlotSum => ({
  toBusWh: sumWh(a.toBusWh, b.toBusWh),
  fromBusWh: sumWh(a.fromBusWh, b.fromBusWh),
  quality: worseQuality(a.quality, b.quality),
  slots: a.slots + b.slots,
  missingSlots: a.missingSlots + b.missingSlots,
  commandedSlots: a.commandedSlots + b.commandedSlots,
  importedSlots: a.importedSlots + b.importedSlots,
  clockUnsureSlots: a.clockUnsureSlots + b.clockUnsureSlots,
});

/** Two stretches of the same devices as one. */
export const flowEnergiesSum = (a: FlowEnergies, b: FlowEnergies): FlowEnergies => ({
  flows: new Map([...b.flows].map(([flow, sum]) => [flow, slotSumOf(a.flows.get(flow) ?? NO_SLOTS, sum)])),
  all: slotSumOf(a.all, b.all),
});

/** Two stretches of a day as one. */
export const dayEnergySum = (a: DayEnergy, b: DayEnergy): DayEnergy => ({
  producedWh: sumWh(a.producedWh, b.producedWh),
  importedWh: sumWh(a.importedWh, b.importedWh),
  exportedWh: sumWh(a.exportedWh, b.exportedWh),
  consumedWh: sumWh(a.consumedWh, b.consumedWh),
  chargedWh: sumWh(a.chargedWh, b.chargedWh),
  dischargedWh: sumWh(a.dischargedWh, b.dischargedWh),
  quality: worseQuality(a.quality, b.quality),
  missingSlots: a.missingSlots + b.missingSlots,
});
