import { type Device, type DeviceId, isPlannedApart } from '../fleet/plant.js';
import { type Flow, FLOWS } from '../kernel/flow.js';
import type { Interval } from '../kernel/interval.js';
import { ceilTo, floorTo, SLOT_MS } from '../kernel/interval.js';
import { zoneOffsetMs } from '../kernel/local-day.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS, type Watt } from '../kernel/units.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { flowsOfRole } from '../telemetry/metering.js';

/** Mean powers on even slots from `startMs`. A slot that is not known is `undefined`. */
export interface PowerSeries {
  readonly startMs: EpochMs;
  readonly stepMs: DurationMs;
  readonly values: readonly (Watt | undefined)[];
}

/** A site's load, and the sun it had where nothing curtailed it. */
export interface SiteHistory {
  readonly load: PowerSeries;
  readonly pv: PowerSeries;
}

/** What a slot must be covered to count as known. */
const COVERAGE = 0.8;

interface Channel {
  firstMs: EpochMs;
  lastMs: EpochMs;
  readonly coveredMs: Float64Array;
  readonly intoBusWh: Float64Array;
  /** The same, but for what a limit of ours kept back, where the device tells it. */
  readonly allowedWh: Float64Array;
  readonly commanded: Uint8Array;
}

/** A device that a site has, which tells its flows whenever anybody hears it. */
export type Teller = Pick<Device, 'id' | 'role'> & Partial<Pick<Device, 'reversion' | 'flexibleLoad'>>;

/**
 * A site's history on 15-minute slots from its closed intervals. Load is what flowed into the bus less what flowed out of it,
 * over all metering devices, flexible loads that are planned apart left out; a slot in which one of them is silent has no load. The sun of a slot in which a setpoint of
 * ours was on the inverter is what the inverter says the sun allowed, and not known where it does not. A site that never metered sun has
 * none: 0. Of imported slots all `tellers` must be known: a file of the meter alone does not say that there was no sun.
 */
export const historyOf = (told: readonly IntervalEnergy[], period: Interval, tellers: readonly Teller[] = []): SiteHistory => {
  const apart = new Set(tellers.filter(isPlannedApart).map(({ id }) => id));
  const intervals = told.filter(({ flow, deviceId }) => flow !== 'flexible' || apart.has(deviceId));
  const startMs = ceilTo(period.startMs, SLOT_MS);
  const count = Math.max(0, (floorTo(period.endMs, SLOT_MS) - startMs) / SLOT_MS);
  const channels = new Map<string, { flow: IntervalEnergy['flow']; deviceId: DeviceId; channel: Channel }>();
  const imported = new Uint8Array(count);
  for (const interval of intervals) {
    if (interval.imported) forSlots(interval, startMs, count, (slot) => (imported[slot] = 1));
    const key = `${interval.deviceId} ${interval.flow}`;
    let known = channels.get(key);
    if (!known) channels.set(key, (known = { flow: interval.flow, deviceId: interval.deviceId, channel: newChannel(count) }));
    addTo(known.channel, interval, startMs, count);
  }
  const all = [...channels.values()];
  const pvChannels = all.filter(({ flow }) => flow === 'pv').map(({ channel }) => channel);
  const covers = (deviceId: DeviceId, flow: Flow, slot: number): boolean => {
    const known = channels.get(`${deviceId} ${flow}`);
    return known !== undefined && known.channel.coveredMs[slot]! >= COVERAGE * SLOT_MS;
  };
  /** Imported, and not by all that tell of it. */
  const isPartly = (slot: number, flows: readonly Flow[]): boolean =>
    imported[slot] === 1 &&
    tellers.some(
      ({ id, role }) =>
        (role !== 'flexible-load' || apart.has(id)) && flowsOfRole(role).some((flow) => flows.includes(flow) && !covers(id, flow, slot)),
    );
  const load = sumOf(
    all.map(({ channel }) => channel),
    startMs,
    count,
    false,
  ).map((value, slot) => (isPartly(slot, FLOWS) ? undefined : value));
  const pv = (pvChannels.length > 0 ? sumOf(pvChannels, startMs, count, true) : load.map((value) => value && 0)).map((value, slot) =>
    isPartly(slot, ['pv']) ? undefined : value,
  );
  return { load: { startMs, stepMs: SLOT_MS, values: load }, pv: { startMs, stepMs: SLOT_MS, values: pv } };
};

const newChannel = (count: number): Channel => ({
  firstMs: Infinity,
  lastMs: -Infinity,
  coveredMs: new Float64Array(count),
  intoBusWh: new Float64Array(count),
  allowedWh: new Float64Array(count),
  commanded: new Uint8Array(count),
});

const addTo = (channel: Channel, interval: IntervalEnergy, startMs: EpochMs, count: number): void => {
  channel.firstMs = Math.min(channel.firstMs, interval.startMs);
  channel.lastMs = Math.max(channel.lastMs, interval.endMs);
  // What has an unsure hour teaches a wrong one.
  if (interval.quality === 'missing' || interval.clockUnsure || (interval.toBusWh === undefined && interval.fromBusWh === undefined))
    return;
  const lengthMs = interval.endMs - interval.startMs;
  const intoBusWh = (interval.toBusWh ?? 0) - (interval.fromBusWh ?? 0);
  forSlots(interval, startMs, count, (slot, overlapMs) => {
    channel.coveredMs[slot]! += overlapMs;
    channel.intoBusWh[slot]! += (intoBusWh * overlapMs) / lengthMs;
    channel.allowedWh[slot]! += ((interval.availableWh ?? intoBusWh) * overlapMs) / lengthMs;
    if (interval.commanded && interval.availableWh === undefined) channel.commanded[slot] = 1;
  });
};

/** The slots that an interval lies in, and for how long in each. */
const forSlots = (interval: Interval, startMs: EpochMs, count: number, act: (slot: number, overlapMs: DurationMs) => void): void => {
  const first = Math.max(0, Math.floor((interval.startMs - startMs) / SLOT_MS));
  for (let slot = first; slot < count; slot += 1) {
    const slotMs = startMs + slot * SLOT_MS;
    const overlapMs = Math.min(interval.endMs, slotMs + SLOT_MS) - Math.max(interval.startMs, slotMs);
    if (overlapMs <= 0) break;
    act(slot, overlapMs);
  }
};

/** A device is expected from its first interval to its last: before and after that it was not there. `ofSun`: what the sun allowed. */
const sumOf = (channels: readonly Channel[], startMs: EpochMs, count: number, ofSun: boolean): (Watt | undefined)[] =>
  Array.from({ length: count }, (_, slot) => {
    const atMs = startMs + slot * SLOT_MS;
    const present = channels.filter(({ firstMs, lastMs }) => firstMs < atMs + SLOT_MS && lastMs > atMs);
    if (present.length === 0) return undefined;
    let powerW = 0;
    for (const { coveredMs, intoBusWh, allowedWh, commanded } of present) {
      if (coveredMs[slot]! < COVERAGE * SLOT_MS || (ofSun && commanded[slot])) return undefined;
      powerW += ((ofSun ? allowedWh : intoBusWh)[slot]! * HOUR_MS) / coveredMs[slot]!;
    }
    return Math.max(0, powerW);
  });

/** The later series laid over the end of the earlier one; a gap between them is not known. Same step, aligned. */
export const joined = (earlier: PowerSeries, later: PowerSeries, keepMs: DurationMs): PowerSeries => {
  const { stepMs } = later;
  const endMs = Math.max(seriesEndMs(earlier), seriesEndMs(later));
  const startMs = Math.max(Math.min(earlier.startMs, later.startMs), endMs - keepMs);
  const values = new Array<Watt | undefined>((endMs - startMs) / stepMs).fill(undefined);
  for (const series of [earlier, later]) {
    const firstSlot = (series.startMs - startMs) / stepMs;
    series.values.forEach((value, index) => {
      if (firstSlot + index >= 0) values[firstSlot + index] = value;
    });
  }
  return { startMs, stepMs, values };
};

export const seriesEndMs = ({ startMs, stepMs, values }: PowerSeries): EpochMs => startMs + values.length * stepMs;

export const valueAt = ({ startMs, stepMs, values }: PowerSeries, atMs: EpochMs): Watt | undefined => values[(atMs - startMs) / stepMs];

/** How many days' worth of slots are known. */
export const knownDays = ({ stepMs, values }: PowerSeries): number =>
  (values.filter((value) => value !== undefined).length * stepMs) / DAY_MS;

/** What was known at a moment: everything that ended by then. */
export const knownAt = (series: PowerSeries, atMs: EpochMs): PowerSeries => ({
  ...series,
  values: series.values.slice(0, Math.max(0, Math.floor((atMs - series.startMs) / series.stepMs))),
});

/** Local wall-clock time of every slot from `startMs`, so that lags and hours need no calendar look-ups. */
export interface SlotCalendar {
  readonly startMs: EpochMs;
  readonly stepMs: DurationMs;
  /** Local wall clock minus UTC. */
  readonly offsetMs: readonly DurationMs[];
}

/** Offsets change on two days a year: a UTC day that begins and ends with the same offset holds one. */
export const calendarOf = (zone: string, startMs: EpochMs, stepMs: DurationMs, count: number): SlotCalendar => {
  const offsetMs: DurationMs[] = [];
  let dayMs = NaN;
  let wholeDay: DurationMs | undefined;
  for (let slot = 0; slot < count; slot += 1) {
    const atMs = startMs + slot * stepMs;
    if (floorTo(atMs, DAY_MS) !== dayMs) {
      dayMs = floorTo(atMs, DAY_MS);
      const first = zoneOffsetMs(zone, dayMs);
      wholeDay = first === zoneOffsetMs(zone, dayMs + DAY_MS) ? first : undefined;
    }
    offsetMs.push(wholeDay ?? zoneOffsetMs(zone, atMs));
  }
  return { startMs, stepMs, offsetMs };
};

/** Wall-clock milliseconds of a slot, as if its zone were UTC. */
export const wallMs = ({ startMs, stepMs, offsetMs }: SlotCalendar, slot: number): number =>
  startMs + slot * stepMs + (offsetMs[slot] ?? 0);

/** The slot `days` local days before another: same time on the wall, also across a change of the clocks. May be negative. */
export const slotDaysBefore = (calendar: SlotCalendar, slot: number, days: number): number => {
  const perDay = DAY_MS / calendar.stepMs;
  const near = slot - days * perDay;
  if (near < 0) return near;
  const { offsetMs } = calendar;
  const last = offsetMs.length - 1;
  return near + Math.round((offsetMs[Math.min(slot, last)]! - offsetMs[Math.min(near, last)]!) / calendar.stepMs);
};

/** Minutes since local midnight. */
export const minuteOfDay = (calendar: SlotCalendar, slot: number): number => Math.floor((wallMs(calendar, slot) % DAY_MS) / MINUTE_MS);

/** 0 is Sunday. */
export const weekdayOf = (calendar: SlotCalendar, slot: number): number => (Math.floor(wallMs(calendar, slot) / DAY_MS) + 4) % 7;
