import { type Quantity, type Sample, STORED_QUANTITIES } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { floorTo, type Interval } from '../../kernel/interval.js';
import { clamp, DAY_MS, type DurationMs, HOUR_MS, MINUTE_MS } from '../../kernel/units.js';
import type { IntervalRows } from '../../telemetry/interval-rows.js';
import type { IntervalEnergy } from '../../telemetry/interval-energy.js';
import type { RangeAggregate, ReadingStore } from '../../telemetry/reading-store.port.js';

export interface ExportRequest extends Interval {
  readonly deviceIds: readonly DeviceId[];
  /** All that there are, where none are named. */
  readonly quantities: readonly Quantity[];
  /** Single readings without it. */
  readonly step?: { readonly stepMs: DurationMs; readonly aggregate: RangeAggregate };
}

/** The quantities that any of the devices tells in the time asked, in the house's order. */
export const quantitiesToldIn = async (store: ReadingStore, request: ExportRequest): Promise<Quantity[]> => {
  if (request.quantities.length > 0) return STORED_QUANTITIES.filter((quantity) => request.quantities.includes(quantity));
  const told = new Set<Quantity>();
  for (const deviceId of request.deviceIds)
    for (const quantity of STORED_QUANTITIES)
      if (!told.has(quantity) && (await tells(store, deviceId, quantity, request))) told.add(quantity);
  return STORED_QUANTITIES.filter((quantity) => told.has(quantity));
};

/** Single readings go after a while and leave steps behind, so those are looked for where steps are asked. */
const tells = async (
  store: ReadingStore,
  deviceId: DeviceId,
  quantity: Quantity,
  { startMs, endMs, step }: ExportRequest,
): Promise<boolean> => {
  if (!step) return (await store.firstAtOrAfter(deviceId, quantity, startMs, endMs - 1 - startMs)) !== undefined;
  const query = { deviceIds: [deviceId], quantities: [quantity], fromMs: startMs, toMs: endMs, stepMs: DAY_MS, aggregate: 'last' } as const;
  return (await store.range(query)).length > 0;
};

/** Rows in order of time, then of the devices as they were named; so few at a time that they need little memory. */
export async function* readingRows(store: ReadingStore, quantities: readonly Quantity[], request: ExportRequest): AsyncGenerator<Sample[]> {
  const { deviceIds, step, endMs } = request;
  if (quantities.length === 0) return;
  const windowMs = step ? stepWindowMs(step.stepMs) : clamp((6 * HOUR_MS) / deviceIds.length, MINUTE_MS, 6 * HOUR_MS);
  for (let fromMs = request.startMs; fromMs < endMs;) {
    const toMs = Math.min(floorTo(fromMs, windowMs) + windowMs, endMs);
    const query = { deviceIds, quantities, fromMs, toMs };
    const rows = step ? await store.range({ ...query, ...step }) : await store.samples(query);
    if (rows.length > 0) yield deviceIds.length > 1 ? [...rows].sort((a, b) => a.atMs - b.atMs) : [...rows];
    fromMs = toMs;
  }
}

/** A window of whole steps. */
const stepWindowMs = (stepMs: DurationMs): DurationMs => Math.ceil(Math.max(DAY_MS, 500 * stepMs) / stepMs) * stepMs;

/** Closed intervals that begin in the time asked, in order of time, then of device and flow. */
export async function* intervalRows(rows: IntervalRows, { deviceIds, startMs, endMs }: ExportRequest): AsyncGenerator<IntervalEnergy[]> {
  for (let fromMs = startMs; fromMs < endMs; fromMs += DAY_MS) {
    const found = await rows.find({ fromMs, toMs: Math.min(fromMs + DAY_MS, endMs) });
    const asked = found.filter(({ deviceId }) => deviceIds.includes(deviceId));
    if (asked.length > 0) yield asked.sort((a, b) => a.startMs - b.startMs);
  }
}
