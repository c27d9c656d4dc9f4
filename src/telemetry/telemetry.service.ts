import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import type { HealthChange, Sample, SelfWord } from '../field/sample.js';
import { SampleSink } from '../field/sample-sink.port.js';
import { type Device, type DeviceId, devicesOf, type Plant } from '../fleet/plant.js';
import { PlantDirectory } from '../fleet/plant-directory.js';
import { DAY_MS, type EpochMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { ClockWatch } from '../platform/clock-watch.js';
import type { CounterReading } from './counter-step.js';
import { flowOfCounter } from './gate-limits.js';
import { Gatekeeper } from './gatekeeper.js';
import type { PlantImage } from './image.js';
import { NegativeLoads } from './negative-loads.js';
import { COUNTERS, type CounterQuantity, flowsOfRole } from './metering.js';
import { type DeviceState, plantImage, SILENT_DEVICE, withSample } from './plant-image.js';
import { ReadingStore } from './reading-store.port.js';
import { ReadingWriter } from './reading-writer.js';
import { TelemetryAlarms } from './telemetry-alarms.js';

/** Counters older than this say nothing about whether today's can follow. */
const MEMORY_MS = 7 * DAY_MS;
/** Readings that are further ahead of the clock come from a clock that was wrong altogether. */
const LONGEST_STEP_BACK_MS = DAY_MS;

/** Takes the field's samples through the gate into the image of now and into the store. */
@Injectable()
export class TelemetryService extends SampleSink implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly plant: Plant;
  private readonly gatekeeper: Gatekeeper;
  private readonly devices: ReadonlyMap<DeviceId, Device>;
  private readonly states = new Map<DeviceId, DeviceState>();
  private readonly negativeLoads = new NegativeLoads();
  private readonly images = new Subject<PlantImage>();
  private readonly samples = new Subject<Sample>();
  /** Samples that came before the gate remembered the last run; absent once it does. */
  private early: Sample[] | undefined = [];

  constructor(
    plants: PlantDirectory,
    private readonly store: ReadingStore,
    private readonly writer: ReadingWriter,
    private readonly alarms: TelemetryAlarms,
    private readonly clock: Clock,
    private readonly clocks: ClockWatch,
  ) {
    super();
    this.plant = plants.plant();
    this.gatekeeper = new Gatekeeper(this.plant);
    this.devices = new Map(devicesOf(this.plant).map((device) => [device.id, device]));
  }

  accept(sample: Sample): void {
    if (this.early) this.early.push(sample);
    else this.take(sample);
  }

  healthChanged(change: HealthChange): void {
    const { deviceId, health, reason } = change;
    const device = this.devices.get(deviceId);
    if (device) this.alarms.health(device, change);
    this.states.set(deviceId, { ...(this.states.get(deviceId) ?? SILENT_DEVICE), health, reason });
  }

  saidOfItself({ deviceId, ratedW, clockAheadMs }: SelfWord): void {
    const device = this.devices.get(deviceId);
    if (!device) return;
    if (ratedW !== undefined) this.alarms.rating(device, ratedW);
    if (clockAheadMs !== undefined) this.clocks.heard({ who: deviceId, aheadMs: clockAheadMs });
  }

  /** The frozen image of the plant at a moment: cheap enough for every control cycle. */
  image(nowMs: EpochMs): PlantImage {
    return plantImage(this.plant, this.states, nowMs);
  }

  /** The image of now, at most once a second. */
  get onImage(): Observable<PlantImage> {
    return this.images.asObservable();
  }

  /**
   * Samples that passed the gate, as they come. Who listens is called inside the polling's turn and must do no more than note
   * them; nothing that decides or controls may hang on this.
   */
  get onAccepted(): Observable<Sample> {
    return this.samples.asObservable();
  }

  /** Sends the image of now to whoever watches. */
  publish(): void {
    if (this.images.observed) this.images.next(this.image(this.clock.now()));
  }

  /** Holds what the devices of each site say together against what a household can be. */
  weighSites(): void {
    const image = this.image(this.clock.now());
    this.alarms.negativeLoads(this.plant.sites, this.negativeLoads.follow(image));
    this.alarms.islanded(this.plant.sites.filter(({ id }) => image.sites.get(id)?.islanded));
  }

  /** Brings what is queued into the store; never throws. */
  flush(): Promise<void> {
    return this.writer.flush();
  }

  /**
   * The way in for history made on virtual time: the same gate with a memory of its own, so that filling in last month does
   * not disturb today. Each sample's moment is its "now".
   */
  openHistory(): HistoryIngest {
    return new HistoryIngest(this.plant, this.store, this.alarms);
  }

  /** Recalls each device's counters from the store, so that the gate goes on where the last run ended. */
  async onApplicationBootstrap(): Promise<void> {
    try {
      const devices = devicesOf(this.plant);
      await this.goOnInTime();
      const latest = await this.store.latest(devices.map(({ id }) => id));
      for (const device of devices) {
        const last = latest.get(device.id);
        if (last && last.atMs <= this.clock.now())
          this.gatekeeper.remember(device.id, {
            atMs: last.atMs,
            counters: await this.lastCounters(device, last.atMs),
            levels: {},
            rivals: {},
          });
      }
    } catch (error) {
      // Readings go on without the past; the store's absence is reported by the writer.
      this.alarms.failed('recalling the last readings', error);
    } finally {
      const early = this.early ?? [];
      this.early = undefined;
      for (const sample of early) this.take(sample);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.writer.flush();
    await this.alarms.save();
  }

  async onApplicationShutdown(): Promise<void> {
    this.images.complete();
    this.samples.complete();
    await this.writer.flush();
    await this.store.close();
  }

  /** A clock that was set back while the plant was off does not make it begin before its own readings. */
  private async goOnInTime(): Promise<void> {
    const lastMs = (await this.store.lastMs()) ?? -Infinity;
    const aheadMs = lastMs - this.clock.now();
    if (aheadMs > 0 && aheadMs <= LONGEST_STEP_BACK_MS) this.clock.goOnFrom(lastMs);
    else if (aheadMs > 0) this.alarms.readingsAhead(lastMs);
  }

  private take(sample: Sample): void {
    const passage = this.gatekeeper.pass(sample, this.clock.now());
    if (!passage) return;
    this.alarms.passed(passage);
    const { device, accepted } = passage;
    if (!accepted) return;
    const state = this.states.get(device.id) ?? SILENT_DEVICE;
    if (Object.keys(accepted.values).length === 0) {
      this.states.set(device.id, { ...state, health: 'online', reason: undefined });
      return;
    }
    this.states.set(device.id, withSample(state, accepted));
    this.samples.next(accepted);
    this.writer.add(accepted);
  }

  private async lastCounters(device: Device, atMs: EpochMs): Promise<Partial<Record<CounterQuantity, CounterReading>>> {
    const counters: Partial<Record<CounterQuantity, CounterReading>> = {};
    for (const counter of COUNTERS) {
      if (!flowsOfRole(device.role).includes(flowOfCounter(counter))) continue;
      const last = await this.store.lastAtOrBefore(device.id, counter, atMs, MEMORY_MS);
      if (last) counters[counter] = { atMs: last.atMs, counterWh: last.value };
    }
    return counters;
  }
}

/** One stretch of history on its way into the store, in order of time. */
export class HistoryIngest {
  private readonly gatekeeper: Gatekeeper;

  constructor(
    plant: Plant,
    private readonly store: ReadingStore,
    private readonly alarms: TelemetryAlarms,
  ) {
    this.gatekeeper = new Gatekeeper(plant);
  }

  /** Answers what passed the gate; it is stored when this resolves. Throws `AdapterError` when the store is away. */
  async ingest(samples: readonly Sample[]): Promise<Sample[]> {
    const accepted: Sample[] = [];
    for (const sample of samples) {
      const passage = this.gatekeeper.pass(sample, sample.atMs);
      if (!passage) continue;
      // What it doubts of the past says nothing about the device of today.
      this.alarms.passed({ ...passage, doubts: undefined });
      if (passage.accepted && Object.keys(passage.accepted.values).length > 0) accepted.push(passage.accepted);
    }
    await this.store.append(accepted);
    return accepted;
  }
}
