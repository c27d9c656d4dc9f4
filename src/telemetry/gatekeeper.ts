import type { Quantity, Sample } from '../field/sample.js';
import type { Device, DeviceId, Plant, Site } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { type GateLimits, gateLimits } from './gate-limits.js';
import { gate, type GateState, type Rebase, type Refusal } from './quality-gate.js';
import { suspect, type Suspicion, type SuspicionState } from './suspicion.js';
import { TwinMeters } from './twin-meters.js';

export interface Passage {
  readonly device: Device;
  /** What is believed; absent where nothing is. */
  readonly accepted?: Sample;
  readonly refused: readonly Refusal[];
  readonly rebased: readonly Rebase[];
  /** What stands against the device now; absent where the sample came too late or too early to tell. */
  readonly doubts?: Doubts;
}

/** Whether or not they are sure enough for something to be refused. */
export interface Doubts {
  readonly suspected: ReadonlySet<Suspicion>;
  /** The device earlier in the fleet file that this one repeats. */
  readonly twinOf?: DeviceId;
}

export interface MeteredPlace {
  readonly site: Site;
  readonly device: Device;
  readonly limits: GateLimits;
  /** Its place in the fleet file. */
  readonly rank: number;
}

/** Every device of a plant with its limits. */
export const meteredPlaces = (plant: Plant): Map<DeviceId, MeteredPlace> =>
  new Map(
    plant.sites
      .flatMap((site) => site.devices.map((device) => ({ site, device, limits: gateLimits(device, site) })))
      .map((place, rank) => [place.device.id, { ...place, rank }] as const),
  );

/** The quality gate with its memory, of single devices and of what they say together: one for the live stream, one for each stretch of history that is made. */
export class Gatekeeper {
  private readonly places: ReadonlyMap<DeviceId, MeteredPlace>;
  private readonly states = new Map<DeviceId, GateState>();
  private readonly suspicions = new Map<DeviceId, SuspicionState>();
  private readonly twins = new TwinMeters();

  constructor(plant: Plant) {
    this.places = meteredPlaces(plant);
  }

  /** Takes up where an earlier run ended. */
  remember(deviceId: DeviceId, state: GateState): void {
    this.states.set(deviceId, state);
  }

  /** Absent for a device that is not in the plant. */
  pass(sample: Sample, nowMs: EpochMs): Passage | undefined {
    const place = this.places.get(sample.deviceId);
    if (!place) return undefined;
    const before = this.states.get(sample.deviceId);
    const { accepted, refused, rebased, state } = gate(sample, before, place.limits, nowMs);
    if (state) this.states.set(sample.deviceId, state);
    const passage = { device: place.device, refused, rebased };
    if (!accepted) return passage;
    const believed = this.believe(accepted, place, refused);
    // A counter that goes on after it had stopped is held against the last that was believed.
    if (state && before && !believed.accepted) this.states.set(sample.deviceId, { ...state, counters: before.counters });
    return { ...passage, ...believed };
  }

  /** What single values cannot show: words that contradict each other, or that another device says too. */
  private believe(passed: Sample, { device, limits, rank }: MeteredPlace, refused: readonly Refusal[]): Believed {
    const { deviceId, atMs } = passed;
    const state = suspect(passed, device, this.suspicions.get(deviceId));
    this.suspicions.set(deviceId, state);
    const twinOf = this.twins.follow(passed, device, rank, limits);
    const doubts: Doubts = { suspected: state.suspected, twinOf };
    const whole = state.frozen ? 'frozen' : twinOf === undefined ? undefined : 'twin-meter';
    if (whole) return { refused: [...refused, { deviceId, atMs, reason: whole }], doubts };
    const told = state.distrusted.filter((quantity) => passed.values[quantity] !== undefined);
    if (told.length === 0) return { accepted: passed, refused, doubts };
    const aside = told.map((quantity): Refusal => ({ deviceId, atMs, quantity, value: passed.values[quantity], reason: 'contradicted' }));
    const values = Object.fromEntries(Object.entries(passed.values).filter(([quantity]) => !told.includes(quantity as Quantity)));
    return { accepted: { ...passed, values }, refused: [...refused, ...aside], doubts };
  }
}

type Believed = Pick<Passage, 'accepted' | 'refused' | 'doubts'>;
