import { LEASE_MS } from '../../dispatch/lease-writes.js';
import type { Lease, Setpoint } from '../../field/setpoint.js';
import type { DeviceId } from '../../fleet/plant.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../../kernel/units.js';
import { readDevice, type SiteCommands } from '../../simulator/index.js';
import type { ScenarioSite } from './scenario-file.js';
import type { LivingSite } from './scenario-plant.js';
import type { PlantTime } from './scenario-polls.js';
import type { BatteryStory } from './scenario-site.js';

/** A lease, and when it ends by the device's own time, which no clock of the plant changes. */
interface Held {
  readonly lease: Lease;
  readonly endsAtMs: EpochMs;
}

const keyOf = (deviceId: DeviceId, kind: Setpoint['kind']): string => `${deviceId} ${kind}`;

/** Leases on virtual devices without a wire: what devices hold outlives the plant that gave it, until it ends by itself. */
export class ScenarioField {
  /** What the devices hold, and what the plant knows of it. */
  private readonly held = new Map<string, Held>();
  private readonly known = new Map<string, Held>();
  /** What batteries with a mind of their own are at, while they are told something. */
  private readonly following = new Map<DeviceId, Watt>();
  readonly writes = new Map<DeviceId, number>();

  /** Generators that run when a scenario begins were told to by a plant before it. */
  inherit(sites: readonly LivingSite[], nowMs: EpochMs): void {
    for (const { id, runs, minW } of sites.flatMap(({ spec }) => spec.generators)) {
      const setpoint = { kind: 'generator', run: true, powerW: minW } as const;
      const expiresAtMs = nowMs + LEASE_MS;
      if (runs)
        this.held.set(keyOf(id, 'generator'), { lease: { deviceId: id, owner: 'plan', setpoint, expiresAtMs }, endsAtMs: expiresAtMs });
    }
  }

  /** `leaptMs`: how far the plant's clock has leapt ahead of the devices' time. */
  assert(leases: readonly Lease[], leaptMs: DurationMs, isSilent: (deviceId: DeviceId) => boolean): void {
    for (const lease of leases) {
      if (isSilent(lease.deviceId)) continue;
      const key = keyOf(lease.deviceId, lease.setpoint.kind);
      const held = { lease, endsAtMs: lease.expiresAtMs - leaptMs };
      this.held.set(key, held);
      this.known.set(key, held);
      this.writes.set(lease.deviceId, (this.writes.get(lease.deviceId) ?? 0) + 1);
    }
  }

  release(deviceId: DeviceId, kind: Setpoint['kind'], isSilent: (deviceId: DeviceId) => boolean): void {
    const key = keyOf(deviceId, kind);
    if (!isSilent(deviceId)) this.held.delete(key);
    this.known.delete(key);
  }

  releaseAll(isSilent: (deviceId: DeviceId) => boolean): void {
    for (const { lease } of this.known.values()) this.release(lease.deviceId, lease.setpoint.kind, isSilent);
  }

  /** The plant died, and with it what it knew. */
  forget(): void {
    this.known.clear();
  }

  /** Those that still run by the devices' time, ending by the plant's of now. */
  leases({ realMs, leaptMs }: PlantTime): Lease[] {
    return [...this.known.values()].flatMap(({ lease, endsAtMs }) =>
      endsAtMs > realMs ? [{ ...lease, expiresAtMs: endsAtMs + leaptMs }] : [],
    );
  }

  /** What a site's devices do now for the setpoints they hold. Those that follow none, for whatever reason, are `deaf`; the `lost` give nothing. */
  commandsFor(
    { site, spec, model, state }: LivingSite,
    nowMs: EpochMs,
    stepMs: DurationMs,
    { isDeaf, isLost, failingStarts }: Troubles,
  ): SiteCommands {
    const commands: ToldInverters & {
      further: Record<string, ToldInverters>;
      generators: Record<string, { run: boolean; powerW: Watt }>;
      chargersMaxW: Record<string, Watt>;
    } = { further: {}, generators: {}, chargersMaxW: {} };
    const holding = (deviceId: DeviceId, kind: Setpoint['kind']): Setpoint | undefined => {
      const held = this.held.get(keyOf(deviceId, kind));
      if (!held || isDeaf(deviceId)) return undefined;
      return held.endsAtMs > nowMs ? held.lease.setpoint : held.lease.fallback;
    };
    for (const { id, role } of site.devices) {
      const own: ToldInverters = state.further?.[id] ? (commands.further[id] = {}) : commands;
      if (isLost(id)) {
        if (role === 'battery' || role === 'hybrid') own.batteryW = 0;
        if (role === 'pv' || role === 'hybrid') own.pvMaxW = 0;
        if (role === 'flexible-load') commands.chargersMaxW[id] = 0;
        continue;
      }
      const battery = holding(id, 'battery-power');
      if (battery?.kind === 'battery-power')
        own.batteryW = this.follow(
          id,
          battery.powerW,
          storyOf(spec, id),
          readDevice(model.site, state, id)?.['battery.powerW'] ?? 0,
          stepMs,
        );
      else this.following.delete(id);
      const sun = holding(id, 'pv-limit');
      if (sun?.kind === 'pv-limit') own.pvMaxW = sun.maxW;
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

interface ToldInverters {
  batteryW?: Watt;
  pvMaxW?: Watt;
}

const storyOf = ({ roofs, batteries }: ScenarioSite, id: DeviceId): BatteryStory =>
  batteries.find((battery) => battery.id === id) ?? roofs.find((roof) => roof.id === id)!.battery!;

export interface Troubles {
  readonly isDeaf: (deviceId: DeviceId) => boolean;
  readonly isLost: (deviceId: DeviceId) => boolean;
  readonly failingStarts: ReadonlySet<string>;
}
