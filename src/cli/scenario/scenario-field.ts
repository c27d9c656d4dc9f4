import { LEASE_MS } from '../../dispatch/lease-writes.js';
import type { Lease, Setpoint } from '../../field/setpoint.js';
import type { DeviceId } from '../../fleet/plant.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../../kernel/units.js';
import type { SiteCommands } from '../../simulator/index.js';
import type { LivingSite } from './scenario-plant.js';

const keyOf = (deviceId: DeviceId, kind: Setpoint['kind']): string => `${deviceId} ${kind}`;

/** Leases on virtual devices without a wire: what devices hold outlives the plant that gave it, until it ends by itself. */
export class ScenarioField {
  /** What the devices hold, and what the plant knows of it. */
  private readonly held = new Map<string, Lease>();
  private readonly known = new Map<string, Lease>();
  /** What batteries with a mind of their own are at, while they are told something. */
  private readonly following = new Map<DeviceId, Watt>();
  readonly writes = new Map<DeviceId, number>();

  /** Generators that run when a scenario begins were told to by a plant before it. */
  inherit(sites: readonly LivingSite[], nowMs: EpochMs): void {
    for (const { id, runs, minW } of sites.flatMap(({ spec }) => spec.generators)) {
      const setpoint = { kind: 'generator', run: true, powerW: minW } as const;
      if (runs) this.held.set(keyOf(id, 'generator'), { deviceId: id, owner: 'plan', setpoint, expiresAtMs: nowMs + LEASE_MS });
    }
  }

  assert(leases: readonly Lease[], isSilent: (deviceId: DeviceId) => boolean): void {
    for (const lease of leases) {
      if (isSilent(lease.deviceId)) continue;
      const key = keyOf(lease.deviceId, lease.setpoint.kind);
      this.held.set(key, lease);
      this.known.set(key, lease);
      this.writes.set(lease.deviceId, (this.writes.get(lease.deviceId) ?? 0) + 1);
    }
  }

  release(deviceId: DeviceId, kind: Setpoint['kind'], isSilent: (deviceId: DeviceId) => boolean): void {
    const key = keyOf(deviceId, kind);
    if (!isSilent(deviceId)) this.held.delete(key);
    this.known.delete(key);
  }

  releaseAll(isSilent: (deviceId: DeviceId) => boolean): void {
    for (const { deviceId, setpoint } of this.known.values()) this.release(deviceId, setpoint.kind, isSilent);
  }

  /** The plant died, and with it what it knew. */
  forget(): void {
    this.known.clear();
  }

  leases(nowMs: EpochMs): Lease[] {
    return [...this.known.values()].filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  /** What a site's devices do now for the setpoints they hold. Those that follow none, for whatever reason, are `deaf`; the `lost` give nothing. */
  commandsFor(
    { site, spec, state }: LivingSite,
    nowMs: EpochMs,
    stepMs: DurationMs,
    { isDeaf, isLost, failingStarts }: Troubles,
  ): SiteCommands {
    const commands: {
      batteryW?: Watt;
      pvMaxW?: Watt;
      generators: Record<string, { run: boolean; powerW: Watt }>;
      chargersMaxW: Record<string, Watt>;
    } = { generators: {}, chargersMaxW: {} };
    const holding = (deviceId: DeviceId, kind: Setpoint['kind']): Setpoint | undefined => {
      const lease = this.held.get(keyOf(deviceId, kind));
      if (!lease || isDeaf(deviceId)) return undefined;
      return lease.expiresAtMs > nowMs ? lease.setpoint : lease.fallback;
    };
    for (const { id, role } of site.devices) {
      if (isLost(id)) {
        if (role === 'battery' || role === 'hybrid') commands.batteryW = 0;
        if (role === 'pv' || role === 'hybrid') commands.pvMaxW = 0;
        if (role === 'flexible-load') commands.chargersMaxW[id] = 0;
        continue;
      }
      const battery = holding(id, 'battery-power');
      if (battery?.kind === 'battery-power')
        commands.batteryW = this.follow(id, battery.powerW, spec.battery!, state.powers.batteryW ?? 0, stepMs);
      else this.following.delete(id);
      const sun = holding(id, 'pv-limit');
      if (sun?.kind === 'pv-limit') commands.pvMaxW = sun.maxW;
      const load = holding(id, 'load-limit');
      if (load?.kind === 'load-limit') commands.chargersMaxW[id] = Math.max(0, load.maxW);
      const generator = holding(id, 'generator');
      if (role === 'generator') commands.generators[id] = generator?.kind === 'generator' ? generator : { run: false, powerW: 0 };
    }
    return { ...commands, failingStarts };
  }

  private follow(
    id: DeviceId,
    wantedW: Watt,
    { ignoresUnderW, rampWPerS }: { ignoresUnderW: Watt; rampWPerS?: number | undefined },
    givesW: Watt,
    stepMs: DurationMs,
  ): Watt {
    const atW = this.following.get(id) ?? givesW;
    const goalW = Math.abs(wantedW - atW) < ignoresUnderW ? atW : wantedW;
    const mostW = rampWPerS === undefined ? Infinity : (rampWPerS * stepMs) / SECOND_MS;
    const nextW = clamp(goalW, atW - mostW, atW + mostW);
    this.following.set(id, nextW);
    return nextW;
  }
}

export interface Troubles {
  readonly isDeaf: (deviceId: DeviceId) => boolean;
  readonly isLost: (deviceId: DeviceId) => boolean;
  readonly failingStarts: ReadonlySet<string>;
}
