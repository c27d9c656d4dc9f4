import type { Device, DeviceId, Site } from '../fleet/plant.js';
import { FLOWS } from '../kernel/flow.js';
import { floorTo, type Interval } from '../kernel/interval.js';
import { localIso } from '../kernel/local-day.js';
import type { DurationMs, EpochMs } from '../kernel/units.js';
import type { FlowEnergies, SlotSum } from '../telemetry/energy-of-day.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import type { EnergyRow } from './energy-query.js';

/** Whose energy is summed: all devices of a site, or one of them. */
export interface EnergySubject {
  readonly site: Site;
  readonly devices: readonly Device[];
  readonly deviceId?: DeviceId;
}

/** A period as far as it is closed. */
export interface ClosedPart {
  readonly stretch: Interval;
  readonly running: boolean;
  readonly zone: string;
}

/** Absent where nothing of the period is closed. */
export const closedPart = (period: Interval, closedMs: EpochMs, slotMs: DurationMs, zone: string): ClosedPart | undefined => {
  const running = period.endMs > closedMs;
  const stretch = running ? { startMs: period.startMs, endMs: floorTo(closedMs, slotMs) } : period;
  return stretch.endMs > stretch.startMs ? { stretch, running, zone } : undefined;
};

interface RowOf {
  readonly siteId: string;
  readonly deviceId?: DeviceId;
  readonly flow: EnergyRow['flow'];
  readonly stretch: Interval;
  readonly zone: string;
}

const rowOf = ({ stretch: { startMs, endMs }, zone, ...subject }: RowOf, sum: SlotSum): EnergyRow => ({
  ...subject,
  startMs,
  endMs,
  start: localIso(zone, startMs),
  end: localIso(zone, endMs),
  ...sum,
});

/** To the milliwatt-hour: sums of thousands of slots end in digits that nobody measured. */
const rounded = ({ toBusWh, fromBusWh, ...counts }: SlotSum): SlotSum => ({
  toBusWh: toBusWh === undefined ? undefined : Math.round(toBusWh * 1_000) / 1_000,
  fromBusWh: fromBusWh === undefined ? undefined : Math.round(fromBusWh * 1_000) / 1_000,
  ...counts,
});

/** One period of a site or device: a row a flow, and for a site with a grid meter what its loads drew. */
export const periodRows = (subject: EnergySubject, { stretch, running, zone }: ClosedPart, { flows, all }: FlowEnergies): EnergyRow[] => {
  const { site, deviceId } = subject;
  const of = { siteId: site.id, ...(deviceId === undefined ? {} : { deviceId }), stretch, zone };
  const row = (flow: EnergyRow['flow'], sum: SlotSum): EnergyRow => ({
    ...rowOf({ ...of, flow }, rounded(sum)),
    ...(running ? { running } : {}),
  });
  const rows = FLOWS.flatMap((flow) => {
    const sum = flows.get(flow);
    return sum ? [row(flow, sum)] : [];
  });
  return deviceId === undefined && flows.has('grid') ? [...rows, row('load', all)] : rows;
};

/** A closed interval as it is kept, as a period of one slot. */
export const intervalRow = (interval: IntervalEnergy, zone: string): EnergyRow => {
  const { siteId, deviceId, flow, toBusWh, fromBusWh, quality, commanded, imported, clockUnsure } = interval;
  return rowOf(
    { siteId, deviceId, flow, stretch: interval, zone },
    {
      toBusWh,
      fromBusWh,
      quality,
      slots: 1,
      missingSlots: Number(quality === 'missing'),
      commandedSlots: Number(commanded),
      importedSlots: Number(imported === true),
      clockUnsureSlots: Number(clockUnsure === true),
    },
  );
};

const COLUMNS = [
  'siteId',
  'deviceId',
  'flow',
  'startMs',
  'endMs',
  'start',
  'end',
  'toBusWh',
  'fromBusWh',
  'quality',
  'slots',
  'missingSlots',
  'commandedSlots',
  'importedSlots',
  'clockUnsureSlots',
  'running',
] as const satisfies readonly (keyof EnergyRow)[];

export const ENERGY_CSV_HEAD = `${COLUMNS.join(',')}\n`;

/** Nothing in a row holds what CSV would need quotes for. */
export const energyCsv = (rows: readonly EnergyRow[]): string =>
  rows.map((row) => `${COLUMNS.map((column) => row[column] ?? '').join(',')}\n`).join('');

export const energyLines = (rows: readonly EnergyRow[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
