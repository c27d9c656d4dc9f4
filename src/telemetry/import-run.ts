import { STORED_QUANTITIES, type Quantity, type Sample, type SampleValues } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import { ceilTo, SLOT_MS, slotsOf } from '../kernel/interval.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS } from '../kernel/units.js';
import type { CounterReading } from './counter-step.js';
import { deviceEnergies } from './device-energies.js';
import { flowOfCounter } from './gate-limits.js';
import { Gatekeeper, type MeteredPlace } from './gatekeeper.js';
import { IntervalService } from './interval.service.js';
import type { IntervalEnergy } from './interval-energy.js';
import { COUNTERS, type CounterQuantity, flowsOfRole } from './metering.js';
import { REFUSAL_REASONS } from './quality-gate.js';
import { readingPages } from './reading-pages.js';
import { ReadingStore } from './reading-store.port.js';

/**
 * Why a value of a file is not taken, beyond what the gate refuses. `already-measured`: another value is stored for its moment;
 * `measured-here`: from its moment on the plant itself measures this device.
 */
export const IMPORT_REFUSALS = [...REFUSAL_REASONS, 'already-measured', 'measured-here'] as const;
export type ImportRefusal = (typeof IMPORT_REFUSALS)[number];

/** A value that was not taken, by the place of its sample in the batch. Without a quantity, the whole sample was not. */
export interface RefusedValue {
  readonly index: number;
  readonly quantity?: Quantity;
  readonly reason: ImportRefusal;
}

export interface BatchOutcome {
  /** Values that are stored now, or would be without a dry run. */
  readonly stored: number;
  /** Values that were stored before. */
  readonly known: number;
  /** Values from a time of which single readings are not kept any more: they count for the energies of their quarter-hours. */
  readonly forEnergy: number;
  readonly refused: readonly RefusedValue[];
  /** Counters that went on from elsewhere for so long that they were believed. */
  readonly rebased: number;
}

export interface ImportRequest {
  readonly deviceId: DeviceId;
  /** Usual time between two rows. */
  readonly readingPeriodMs: DurationMs;
  /** Looks at everything and stores nothing. */
  readonly dryRun: boolean;
}

/** The gate remembers counters for as long over the end of the last import as over the end of the last run. */
const MEMORY_MS = 7 * DAY_MS;
/** How far readings are apart that still tell something of the time between them. */
const REACH_MS = 6 * HOUR_MS;
/** Rows that are further apart are no curve, however usual that is in their file. */
const LONGEST_PERIOD_MS = HOUR_MS;
/** Of what is stored so much is looked at in one go, since it may lie much closer than the rows of a file. */
const COMPARED_MS = DAY_MS;

/** One file's rows of one device on their way into the store, in batches and in order of time. */
export class ImportRun {
  private readonly gatekeeper: Gatekeeper;
  /** What intervals are still to be made of. */
  private kept: Sample[] = [];
  private nextSlotMs: EpochMs | undefined;
  private begun = false;
  private intervalsStored = 0;

  constructor(
    private readonly place: MeteredPlace,
    private readonly request: ImportRequest,
    /** From here on the plant itself has measured the device, or is going to. */
    private readonly ownSinceMs: EpochMs,
    private readonly store: ReadingStore,
    private readonly intervals: IntervalService,
  ) {
    this.gatekeeper = new Gatekeeper({
      name: '',
      zone: place.site.zone,
      currency: '',
      households: [],
      sites: [{ ...place.site, devices: [place.device] }],
    });
  }

  /** Stored when it resolves. Throws `AdapterError` where the store or the database is away; running the file again goes on. */
  async take(samples: readonly Sample[]): Promise<BatchOutcome> {
    const [first] = samples;
    if (!first) return { stored: 0, known: 0, forEnergy: 0, refused: [], rebased: 0 };
    if (!this.begun) await this.begin(first.atMs);
    const refused: RefusedValue[] = [];
    let rebased = 0;
    const passed: PassedRow[] = [];
    for (const [index, sample] of samples.entries()) {
      const passage = this.gatekeeper.pass(sample, sample.atMs)!;
      rebased += passage.rebased.length;
      for (const { quantity, reason } of passage.refused) refused.push({ index, ...(quantity ? { quantity } : {}), reason });
      const values = passage.accepted ? storable(passage.accepted.values) : {};
      if (Object.keys(values).length > 0) passed.push({ index, sample: { ...sample, values } });
    }
    const { fresh, standing, known, contradicted } = await this.compared(passed);
    const keepsFromMs = await this.store.keepsFromMs();
    const lasting = fresh.filter(({ atMs }) => atMs >= keepsFromMs);
    if (!this.request.dryRun && lasting.length > 0) await this.store.append(lasting);
    await this.gather(standing);
    return {
      stored: valuesIn(lasting),
      known,
      forEnergy: valuesIn(fresh) - valuesIn(lasting),
      refused: [...refused, ...contradicted],
      rebased,
    };
  }

  /** Closes the last intervals; answers how many are new or better than before, or would be. */
  async finish(): Promise<number> {
    const last = this.kept.at(-1);
    if (last) {
      await this.gather(await this.stored(last.atMs + 1, last.atMs + REACH_MS));
      await this.closeUpTo(this.kept.at(-1)!.atMs);
    }
    return this.intervalsStored;
  }

  /** Goes on from what is stored before the first row, so that a file may follow on another one. */
  private async begin(firstMs: EpochMs): Promise<void> {
    const { device } = this.place;
    const counters: Partial<Record<CounterQuantity, CounterReading>> = {};
    for (const counter of COUNTERS) {
      if (!flowsOfRole(device.role).includes(flowOfCounter(counter))) continue;
      const last = await this.store.lastAtOrBefore(device.id, counter, firstMs - 1, MEMORY_MS);
      if (last) counters[counter] = { atMs: last.atMs, counterWh: last.value };
    }
    this.gatekeeper.remember(device.id, { atMs: firstMs - 1, counters, levels: {}, rivals: {} });
    await this.gather(await this.stored(firstMs - REACH_MS, firstMs));
    this.begun = true;
  }

  /** Parts what passed the gate into what is new, what is known, and what cannot be taken. */
  private async compared(rows: readonly PassedRow[]) {
    const fresh: Sample[] = [];
    const standing: Sample[] = [];
    const contradicted: RefusedValue[] = [];
    let known = 0;
    for (const stretch of stretchesOf(rows)) {
      const before = new Map(
        (await this.stored(stretch[0]!.sample.atMs, stretch.at(-1)!.sample.atMs + 1)).map(({ atMs, values }) => [atMs, values]),
      );
      for (const { index, sample } of stretch) {
        const { taken, left, repeated, refused } = weighed(sample, before.get(sample.atMs), sample.atMs >= this.ownSinceMs);
        if (Object.keys(taken).length > 0) fresh.push({ ...sample, values: taken });
        if (Object.keys(left).length > 0) standing.push({ ...sample, values: left });
        known += repeated;
        for (const [quantity, reason] of refused) contradicted.push({ index, quantity, reason });
      }
    }
    return { fresh, standing, known, contradicted };
  }

  private async stored(startMs: EpochMs, endMs: EpochMs): Promise<Sample[]> {
    const samples: Sample[] = [];
    const query = { devices: [this.place.device], quantities: STORED_QUANTITIES, startMs, endMs };
    for await (const page of readingPages(this.store, query)) samples.push(...page);
    return samples;
  }

  /** Takes samples up for intervals, and closes those that later samples can say nothing more about. */
  private async gather(samples: readonly Sample[]): Promise<void> {
    for (const sample of samples) {
      const last = this.kept.at(-1);
      if (last && sample.atMs - last.atMs > REACH_MS) {
        await this.closeUpTo(last.atMs);
        this.kept = [];
        this.nextSlotMs = undefined;
      }
      this.nextSlotMs ??= ceilTo(sample.atMs, SLOT_MS);
      this.kept.push(sample);
    }
    const last = this.kept.at(-1);
    if (!last || this.nextSlotMs === undefined || last.atMs - this.nextSlotMs < 2 * REACH_MS) return;
    await this.closeUpTo(last.atMs - REACH_MS);
    const fromMs = this.nextSlotMs - REACH_MS;
    this.kept = this.kept.filter(({ atMs }) => atMs >= fromMs);
  }

  private async closeUpTo(endMs: EpochMs): Promise<void> {
    const { device, limits } = this.place;
    const slots = slotsOf({ startMs: this.nextSlotMs!, endMs: Math.min(endMs, this.ownSinceMs) });
    if (slots.length === 0) return;
    this.nextSlotMs = slots.at(-1)!.endMs;
    const readingPeriodMs = Math.min(this.request.readingPeriodMs, LONGEST_PERIOD_MS);
    const energies = deviceEnergies({ device, limits, readingPeriodMs }, this.kept, slots, []);
    const known = energies.flatMap((energy): IntervalEnergy[] => (energy.quality === 'missing' ? [] : [{ ...energy, imported: true }]));
    const query = { siteIds: [device.siteId], fromMs: slots[0]!.startMs, toMs: this.nextSlotMs };
    const closed = new Map((await this.intervals.intervalsOf(query)).map((energy) => [keyOf(energy), energy]));
    const fresh = known.filter((energy) => !closed.has(keyOf(energy)));
    const better = known.filter((energy) => isBetter(energy, closed.get(keyOf(energy))));
    this.intervalsStored += fresh.length + better.length;
    if (this.request.dryRun) return;
    if (fresh.length > 0) await this.intervals.storeAll(fresh);
    if (better.length > 0) await this.intervals.improveImported(better);
  }
}

/** A row of a file, which has a cell for each quantity, as what was told. */
export const valuesOfRow = (quantities: readonly Quantity[], cells: readonly (number | null)[]): SampleValues => {
  const values: SampleValues = {};
  for (const [column, quantity] of quantities.entries()) {
    const value = cells[column];
    if (value !== null && value !== undefined) values[quantity] = value;
  }
  return values;
};

interface PassedRow {
  readonly index: number;
  readonly sample: Sample;
}

const valuesIn = (samples: readonly Sample[]): number => samples.reduce((sum, { values }) => sum + Object.keys(values).length, 0);

const keyOf = ({ deviceId, flow, startMs }: IntervalEnergy): string => `${startMs} ${flow} ${deviceId}`;

/** An estimate out of one file gives way to what another has measured. What the plant itself has closed stands. */
const isBetter = ({ quality }: IntervalEnergy, closed: IntervalEnergy | undefined): boolean =>
  quality === 'measured' && closed?.imported === true && closed.quality === 'estimated';

const storable = (values: SampleValues): SampleValues =>
  Object.fromEntries(STORED_QUANTITIES.flatMap((quantity) => (values[quantity] === undefined ? [] : [[quantity, values[quantity]]])));

/** A row's values beside those stored for its moment. `left` is what holds of it: the new and the known. */
const weighed = (sample: Sample, before: SampleValues | undefined, measuredHere: boolean) => {
  const taken: SampleValues = {};
  const left: SampleValues = {};
  const refused: [Quantity, ImportRefusal][] = [];
  let repeated = 0;
  for (const [quantity, value] of Object.entries(sample.values) as [Quantity, number][]) {
    const stands = before?.[quantity];
    if (stands === value) repeated += 1;
    else if (stands !== undefined) refused.push([quantity, 'already-measured']);
    else if (measuredHere) refused.push([quantity, 'measured-here']);
    else taken[quantity] = value;
    if (stands === value || taken[quantity] !== undefined) left[quantity] = value;
  }
  return { taken, left, repeated, refused };
};

const stretchesOf = (rows: readonly PassedRow[]): PassedRow[][] => {
  const stretches: PassedRow[][] = [];
  for (const row of rows) {
    const current = stretches.at(-1);
    if (current && row.sample.atMs - current[0]!.sample.atMs < COMPARED_MS) current.push(row);
    else stretches.push([row]);
  }
  return stretches;
};
