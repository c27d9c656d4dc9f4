import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { Device, DeviceId } from '../fleet/plant.js';
import { randomStream, seedOf } from '../kernel/random.js';
import type { DurationMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { ModbusFieldControl } from './field-control.js';
import { FieldDevices, type LastTold } from './field-devices.js';
import { Poller } from './poller.js';
import { SampleSink } from './sample-sink.port.js';

/** Together with closing, stopping takes less than 3 s. */
const RELEASE_DEADLINE_MS: DurationMs = 2_000;

/** What was handed back when the field stopped. */
export interface FieldStop {
  readonly released: readonly DeviceId[];
  /** These did not say so; their own timers end what they hold. */
  readonly unknown: readonly DeviceId[];
}

/** The wire as a whole: connects devices, polls them, and hands all of them back at the end. */
@Injectable()
export class FieldService implements BeforeApplicationShutdown {
  private readonly poller: Poller;
  private stopping: Promise<FieldStop> | undefined;

  constructor(
    private readonly devices: FieldDevices,
    private readonly control: ModbusFieldControl,
    sink: SampleSink,
    clock: Clock,
  ) {
    this.poller = new Poller(sink, clock, randomStream(seedOf('field', clock.now())));
  }

  /**
   * Begins to poll. Connecting goes on behind; devices that do not answer are told of as such. `lastTold` lets counters that
   * are worked out here go on where an earlier run left them. Throws `BadInput` for a bad profile.
   */
  start(devices: readonly Device[], lastTold: LastTold = new Map()): void {
    this.stopping = undefined;
    this.devices.open(devices, lastTold);
    this.poller.start(this.devices.all());
  }

  /** Ends polling, releases every lease and closes every connection, within 3 s. A second call waits for the first. */
  stop(): Promise<FieldStop> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private async stopOnce(): Promise<FieldStop> {
    // Polls that are on the wire end by themselves or with the connections; releases go before them.
    const polled = this.poller.stop();
    const handedBack = await this.control.releaseAll(RELEASE_DEADLINE_MS);
    this.control.close();
    await this.devices.close();
    await polled;
    return handedBack;
  }
}
