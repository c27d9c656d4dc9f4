import { Injectable, NotFoundException } from '@nestjs/common';
import type { Sample } from '../field/sample.js';
import { FleetService } from '../fleet/fleet.service.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import { BadInput } from '../kernel/errors.js';
import { localIso } from '../kernel/local-day.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { readingPages } from '../telemetry/reading-pages.js';
import { ReadingStore } from '../telemetry/reading-store.port.js';
import { type AnswerFormat, MOST_VALUES } from './answer-formats.js';
import { askedRange } from './asked-time.js';
import { type AskedReadings, columnsOf, readingCsv, readingCsvHead, readingLines } from './reading-formats.js';
import type { ReadingsAnswer, ReadingsQuery } from './readings-query.js';

/** Steps worth proposing to somebody who asked for too much. */
const PROPOSED: readonly (readonly [text: string, stepMs: number])[] = [
  ['1m', MINUTE_MS],
  ['5m', 5 * MINUTE_MS],
  ['15m', 15 * MINUTE_MS],
  ['1h', HOUR_MS],
  ['1d', DAY_MS],
];

/** Readings out of the store, of several devices at once. */
@Injectable()
export class ReadingsService {
  constructor(
    private readonly fleet: FleetService,
    private readonly store: ReadingStore,
    private readonly clock: Clock,
  ) {}

  asked({ devices: ids, quantities, from, to, step: stepMs, aggregate = 'mean' }: ReadingsQuery): AskedReadings {
    const devices = this.devicesOf(ids);
    const zone = this.zoneOf(devices);
    return { devices, quantities, zone, ...askedRange(from, to, zone), ...(stepMs === undefined ? {} : { step: { stepMs, aggregate } }) };
  }

  /** Throws where one of them is not in the plant. */
  devicesOf(ids: readonly DeviceId[]): Device[] {
    return ids.map((id) => {
      const device = this.fleet.device(id);
      if (!device) throw new NotFoundException(`There is no device "${id}".`);
      return device;
    });
  }

  /**
   * All of it at once, or what was found until whoever asked has gone. Throws `BadInput` where it would be too much, and says what
   * to ask instead.
   */
  async series(asked: AskedReadings, gone: AbortSignal): Promise<ReadingsAnswer> {
    const samples: Sample[] = [];
    let values = 0;
    for await (const page of this.pages(asked)) {
      for (const sample of page) {
        values += Object.keys(sample.values).length;
        if (values > MOST_VALUES) throw new BadInput(tooMuch(asked, sample));
        samples.push(sample);
      }
      if (gone.aborted) break;
    }
    return columnsOf(asked, samples);
  }

  /** Row by row, as it is read. */
  async *rows(asked: AskedReadings, format: Exclude<AnswerFormat, 'json'>): AsyncGenerator<string> {
    if (format === 'csv') yield readingCsvHead(asked.quantities);
    for await (const page of this.pages(asked)) yield format === 'csv' ? readingCsv(page, asked) : readingLines(page, asked.quantities);
  }

  /** Nothing is looked for in times to come; a device's clock may be ahead of ours a little. */
  private pages(asked: AskedReadings): AsyncGenerator<Sample[]> {
    return readingPages(this.store, { ...asked, endMs: Math.min(asked.endMs, this.clock.now() + MINUTE_MS) });
  }

  /** The one that all these devices share, else the plant's. */
  private zoneOf(devices: readonly Device[]): string {
    const zones = new Set(devices.map(({ siteId }) => this.fleet.site(siteId)?.zone));
    const [zone] = zones;
    return zones.size === 1 && zone !== undefined ? zone : this.fleet.plant().zone;
  }
}

const tooMuch = ({ devices, quantities, startMs, endMs, zone, step }: AskedReadings, { atMs }: Sample): string => {
  const columns = devices.length * quantities.length;
  const fits = PROPOSED.find(
    ([, stepMs]) => stepMs > (step?.stepMs ?? 0) && ((endMs - startMs) / stepMs + 1) * columns <= MOST_VALUES,
  )?.[0];
  const proposal = fits === undefined ? 'ask for less' : `ask for ${step ? 'a longer step' : 'a step'} (step=${fits})`;
  const most = MOST_VALUES.toLocaleString('en');
  return `to: more than ${most} values by ${localIso(zone, atMs)}; ${proposal}, or for a stream (Accept: application/x-ndjson or text/csv)`;
};
