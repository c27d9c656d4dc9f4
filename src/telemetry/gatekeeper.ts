import type { Sample } from '../field/sample.js';
import type { Device, DeviceId, Plant, Site } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { type GateLimits, gateLimits } from './gate-limits.js';
import { gate, type GateState, type Rebase, type Refusal } from './quality-gate.js';

export interface Passage {
  readonly device: Device;
  readonly accepted?: Sample;
  readonly refused: readonly Refusal[];
  readonly rebased: readonly Rebase[];
}

export interface MeteredPlace {
  readonly site: Site;
  readonly device: Device;
  readonly limits: GateLimits;
}

/** Every device of a plant with its limits. */
export const meteredPlaces = (plant: Plant): Map<DeviceId, MeteredPlace> =>
  new Map(
    plant.sites.flatMap((site) => site.devices.map((device) => [device.id, { site, device, limits: gateLimits(device, site) }] as const)),
  );

/** The quality gate with its memory: one for the live stream, one for each stretch of history that is made. */
export class Gatekeeper {
  private readonly places: ReadonlyMap<DeviceId, MeteredPlace>;
  private readonly states = new Map<DeviceId, GateState>();

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
    const { accepted, refused, rebased, state } = gate(sample, this.states.get(sample.deviceId), place.limits, nowMs);
    if (state) this.states.set(sample.deviceId, state);
    return { device: place.device, accepted, refused, rebased };
  }
}
