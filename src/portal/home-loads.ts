import type { Lease } from '../field/setpoint.js';
import { LOAD_STATE, type SampleValues } from '../field/sample.js';
import type { Device, DeviceId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';

/** In the order of the codes of `flexible.state`. */
export const LOAD_WORDS = Object.keys(LOAD_STATE) as (keyof typeof LOAD_STATE)[];
export const HOLDERS = ['limit', 'event', 'operator', 'plan', 'rest'] as const;

/** What a household sees of its car charger or heat pump. */
export interface HomeLoad {
  readonly id: DeviceId;
  readonly name: string;
  readonly state?: keyof typeof LOAD_STATE | undefined;
  /** What it draws; never negative. */
  readonly drawsW?: Watt | undefined;
  /** Whoever lets it draw less than it is made for, and how much. */
  readonly held?: { readonly by: (typeof HOLDERS)[number]; readonly toW: Watt } | undefined;
}

/** A home's flexible loads: what they say of themselves, and who holds them back. */
export const homeLoads = (
  devices: readonly Device[],
  valuesOf: (id: DeviceId) => SampleValues | undefined,
  leases: readonly Lease[],
): HomeLoad[] =>
  devices
    .filter(({ flexibleLoad }) => flexibleLoad)
    .map(({ id, name, ratedW }) => {
      const { 'flexible.powerW': powerW, 'flexible.state': code } = valuesOf(id) ?? {};
      return {
        id,
        name,
        state: LOAD_WORDS.find((word) => LOAD_STATE[word] === code),
        drawsW: powerW === undefined ? undefined : Math.max(0, -powerW),
        held: heldBy(
          leases.find(({ deviceId }) => deviceId === id),
          ratedW,
        ),
      };
    });

const heldBy = (lease: Lease | undefined, ratedW: Watt): HomeLoad['held'] =>
  lease?.setpoint.kind === 'load-limit' && lease.setpoint.maxW < ratedW
    ? { by: holderOf(lease.owner), toW: lease.setpoint.maxW }
    : undefined;

const holderOf = (owner: Lease['owner']): (typeof HOLDERS)[number] => {
  if (owner === 'plan') return 'plan';
  if (owner === 'device') return 'rest';
  if (owner.startsWith('event:')) return 'event';
  return owner.startsWith('override:') ? 'operator' : 'limit';
};
