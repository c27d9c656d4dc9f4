import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Quantity, Sample } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import { floorTo, type Interval, SLOT_MS } from '../kernel/interval.js';
import { type DurationMs, MINUTE_MS } from '../kernel/units.js';
import type { RangeAggregate, ReadingStore } from './reading-store.port.js';

/** Readings of some devices: as they were read, or one value a step. */
export interface PagesQuery extends Interval {
  readonly devices: readonly Pick<Device, 'id' | 'pollPeriodMs'>[];
  readonly quantities: readonly Quantity[];
  readonly step?: { readonly stepMs: DurationMs; readonly aggregate: RangeAggregate };
}

/** Rows of one page, and rows that are looked at to make it: what memory and the event loop bear without anybody noticing. */
const PAGE_ROWS = 2_000;
const PAGE_LOOKED_AT = 10_000;
/** So many empty pages cost no more than to ask where the store's readings begin and end. */
const FEW_PAGES = 50;

/**
 * Readings of any stretch in pages of bounded size, by time, and by device in the order asked. Every page is yielded, empty ones
 * too: between two of them whoever listens can stop, and nothing is read ahead.
 */
export async function* readingPages(
  store: Pick<ReadingStore, 'samples' | 'range' | 'firstMs' | 'lastMs' | 'oldestMs'>,
  query: PagesQuery,
): AsyncGenerator<Sample[]> {
  const { quantities, step } = query;
  const deviceIds = query.devices.map(({ id }) => id);
  const place = new Map<DeviceId, number>(deviceIds.map((id, index) => [id, index]));
  const pageMs = pageLengthMs(query);
  const { startMs, endMs } = (query.endMs - query.startMs) / pageMs > FEW_PAGES ? await withinStore(store, query) : query;
  for (let fromMs = startMs; fromMs < endMs;) {
    const toMs = Math.min((step ? floorTo(fromMs, step.stepMs) : fromMs) + pageMs, endMs);
    const asked = { deviceIds, quantities, fromMs, toMs };
    const page: Sample[] = step ? await store.range({ ...asked, ...step }) : await store.samples(asked);
    yield page.sort((a, b) => a.atMs - b.atMs || place.get(a.deviceId)! - place.get(b.deviceId)!);
    fromMs = toMs;
    // SQLite answers in this thread, and a reader that is fast never waits: the others get their turn here.
    await nextTurn();
  }
}

/** Readings are looked for where there are any; roll-ups, of which longer steps are made, go further back than single readings. */
const withinStore = async (
  store: Pick<ReadingStore, 'firstMs' | 'lastMs' | 'oldestMs'>,
  { startMs, endMs, step }: PagesQuery,
): Promise<Interval> => {
  if (step && step.stepMs >= MINUTE_MS) {
    const oldestMs = await store.oldestMs();
    return { startMs: oldestMs === undefined ? endMs : Math.max(startMs, floorTo(oldestMs, step.stepMs)), endMs };
  }
  const [firstMs, lastMs] = [await store.firstMs(), await store.lastMs()];
  if (firstMs === undefined || lastMs === undefined) return { startMs, endMs: startMs };
  return { startMs: Math.max(startMs, firstMs), endMs: Math.min(endMs, lastMs + 1) };
};

/** How much time a page takes in, by how densely its devices are read; whole steps where there are any. */
export const pageLengthMs = ({ devices, quantities, step }: Pick<PagesQuery, 'devices' | 'quantities' | 'step'>): DurationMs => {
  const rowsPerMs = (everyMs: (device: Pick<Device, 'pollPeriodMs'>) => DurationMs): number =>
    devices.reduce((sum, device) => sum + 1 / everyMs(device), 0);
  if (!step) return Math.max(Math.floor(PAGE_ROWS / rowsPerMs(({ pollPeriodMs }) => pollPeriodMs)), 1);
  const rolledUpMs = [SLOT_MS, MINUTE_MS].find((lengthMs) => step.stepMs % lengthMs === 0);
  const lookedAt = rowsPerMs(({ pollPeriodMs }) => rolledUpMs ?? pollPeriodMs) * quantities.length;
  const lengthMs = Math.min(PAGE_ROWS / rowsPerMs(() => step.stepMs), PAGE_LOOKED_AT / lookedAt);
  return Math.max(floorTo(lengthMs, step.stepMs), step.stepMs);
};
