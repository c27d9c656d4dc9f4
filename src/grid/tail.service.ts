import { Injectable } from '@nestjs/common';
import { type Quantity, type Sample, STORED_QUANTITIES } from '../field/sample.js';
import type { Device } from '../fleet/plant.js';
import { BadInput } from '../kernel/errors.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { readingPages } from '../telemetry/reading-pages.js';
import { ReadingStore } from '../telemetry/reading-store.port.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { rowOf } from './reading-formats.js';
import { ReadingTail } from './reading-tail.js';
import { TailPosition } from './tail-position.js';

/** Something is said at least so often, so that both sides notice when the other has gone. */
const HEARTBEAT_MS: DurationMs = 15 * SECOND_MS;
/** Whoever is no further behind than this listens from here on and reads the rest of the past while it does. */
const CLOSE_BEHIND_MS: DurationMs = 5 * SECOND_MS;
/** The gate accepts no reading that is older than this. */
const oldestNewsMs = ({ pollPeriodMs }: Device): DurationMs => Math.max(MINUTE_MS, 10 * pollPeriodMs);
/** A device's clock may be ahead of ours by a little. */
const AHEAD_MS: DurationMs = MINUTE_MS;

export interface AskedTail {
  readonly devices: readonly Device[];
  readonly quantities: readonly Quantity[];
}

/** Accepted readings as they come, told as server-sent events; whoever was away goes on out of the store from where it was. */
@Injectable()
export class TailService {
  constructor(
    private readonly telemetry: TelemetryService,
    private readonly store: ReadingStore,
    private readonly clock: Clock,
  ) {}

  /** Until `gone`. Throws `BadInput` at the first piece where `lastEventId` is not one of these devices'. */
  async *events(asked: AskedTail, lastEventId: string | undefined, gone: AbortSignal): AsyncGenerator<string> {
    const position = lastEventId === undefined ? this.positionNow(asked) : positionAt(lastEventId, asked, this.clock.now() + AHEAD_MS);
    if (lastEventId !== undefined) yield* this.untilCloseBehind(asked, position);
    const tail = new ReadingTail(new Set(asked.devices.map(({ id }) => id)), asked.quantities);
    const listening = this.telemetry.onAccepted.subscribe({ next: (sample) => tail.note(sample), complete: () => tail.close() });
    const leave = (): void => {
      listening.unsubscribe();
      tail.close();
    };
    if (gone.aborted) leave();
    gone.addEventListener('abort', leave, { once: true });
    try {
      // What was accepted while nobody listened may still be on its way into the store.
      if (lastEventId !== undefined) {
        await this.telemetry.flush();
        yield* this.past(asked, position, this.clock.now());
      }
      yield event('open', {}, position);
      yield* eventsOf(tail, asked.quantities, position);
    } finally {
      leave();
    }
  }

  /** What is accepted from now on is newer than what each device last told, which is also where to go on if nothing comes at all. */
  private positionNow({ devices }: AskedTail): TailPosition {
    const nowMs = this.clock.now();
    const image = this.telemetry.image(nowMs);
    return TailPosition.at(
      new Map(devices.map((device) => [device.id, image.devices.get(device.id)?.readAtMs ?? nowMs - oldestNewsMs(device)])),
    );
  }

  private async *untilCloseBehind(asked: AskedTail, position: TailPosition): AsyncGenerator<string> {
    for (let readToMs = -Infinity; this.clock.now() - readToMs > CLOSE_BEHIND_MS;) {
      const nowMs = this.clock.now();
      yield* this.past(asked, position, nowMs);
      readToMs = nowMs;
    }
  }

  /** Device by device, since each goes on from a moment of its own. */
  private async *past({ devices, quantities }: AskedTail, position: TailPosition, toMs: EpochMs): AsyncGenerator<string> {
    const kept = quantities.filter((quantity) => STORED_QUANTITIES.includes(quantity));
    for (const device of devices) {
      const query = { devices: [device], quantities: kept, startMs: position.of(device.id) + 1, endMs: toMs + AHEAD_MS };
      for await (const page of readingPages(this.store, query)) yield samplesEvent(page, quantities, position);
    }
  }
}

const positionAt = (lastEventId: string, { devices }: AskedTail, latestMs: EpochMs): TailPosition => {
  const position = TailPosition.parse(
    lastEventId,
    devices.map(({ id }) => id),
    latestMs,
  );
  if (!position) throw new BadInput('Last-Event-ID: is not of a stream of these devices; leave it out to begin with now');
  return position;
};

async function* eventsOf(tail: ReadingTail, quantities: readonly Quantity[], position: TailPosition): AsyncGenerator<string> {
  for (let haul = await tail.haul(HEARTBEAT_MS); haul; haul = await tail.haul(HEARTBEAT_MS)) {
    if (haul.dropped) yield event('dropped', haul.dropped);
    yield samplesEvent(haul.samples, quantities, position) || ':\n\n';
  }
}

/** Empty where there is nothing new among them. */
const samplesEvent = (samples: readonly Sample[], quantities: readonly Quantity[], position: TailPosition): string => {
  const fresh = position.advance(samples);
  return fresh.length === 0
    ? ''
    : event(
        'samples',
        fresh.map((sample) => rowOf(sample, quantities)),
        position,
      );
};

const event = (type: string, data: object, id?: TailPosition): string =>
  `${id ? `id: ${id.toString()}\n` : ''}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
