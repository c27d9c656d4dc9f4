import { ANSWERED, type Answering, missedPoll, NOT_ASKED_YET } from '../../field/health.js';
import type { SampleValues } from '../../field/sample.js';
import type { DeviceId } from '../../fleet/plant.js';
import { randomStream } from '../../kernel/random.js';
import { type DurationMs, type EpochMs, SECOND_MS } from '../../kernel/units.js';
import { readDevice, type SiteState } from '../../simulator/index.js';
import { type DeviceState, SILENT_DEVICE, withSample } from '../../telemetry/plant-image.js';
import type { LivingSite } from './scenario-plant.js';

/** A moment of the devices, and how far the plant's clock has leapt ahead of it in all. */
export interface PlantTime {
  readonly realMs: EpochMs;
  readonly leaptMs: DurationMs;
}

/** What the plant has heard of its devices, with meters that are late, frozen or silent. */
export class ScenarioPolls {
  readonly states = new Map<DeviceId, DeviceState>();
  private readonly answering = new Map<DeviceId, Answering>();
  private readonly past = new Map<string, { atMs: EpochMs; state: SiteState }[]>();
  private readonly frozen = new Map<DeviceId, SampleValues>();
  private readonly random = randomStream(1);

  /** Keeps what a site was like, as far back as its meter is late. */
  keep({ site, spec, state }: LivingSite, atMs: EpochMs): void {
    const kept = this.past.get(site.id) ?? [];
    kept.push({ atMs, state });
    while (kept.length > 1 && kept[1]!.atMs <= atMs - spec.meterDelay) kept.shift();
    this.past.set(site.id, kept);
  }

  poll(
    living: LivingSite,
    { realMs, leaptMs }: PlantTime,
    isSilent: (id: DeviceId) => boolean,
    { isFrozen, isAlone }: { readonly isFrozen: boolean; readonly isAlone: boolean },
  ): void {
    for (const { id, role, battery } of living.site.devices) {
      if (isSilent(id)) {
        this.missed(id, realMs);
        continue;
      }
      const own = role === 'grid-meter' ? this.meter(living, id, isFrozen) : valuesOf(living, living.state, id);
      const values = battery ? { ...own, 'device.islanded': Number(isAlone) } : own;
      this.answering.set(id, ANSWERED);
      this.states.set(id, withSample(this.states.get(id) ?? SILENT_DEVICE, { deviceId: id, atMs: realMs + leaptMs, values }));
    }
  }

  /** A process that starts again has heard nothing yet. */
  forget(): void {
    this.states.clear();
    this.answering.clear();
  }

  private meter(living: LivingSite, id: DeviceId, isFrozen: boolean): SampleValues {
    const now = valuesOf(living, this.past.get(living.site.id)![0]!.state, id);
    if (!isFrozen) this.frozen.set(id, now);
    return this.frozen.get(id) ?? now;
  }

  private missed(id: DeviceId, atMs: EpochMs): void {
    const answering = missedPoll(this.answering.get(id) ?? NOT_ASKED_YET, 0 + atMs, SECOND_MS, this.random);
    this.answering.set(id, answering);
    const health = answering.health === 'unknown' ? 'stale' : answering.health;
    this.states.set(id, { ...(this.states.get(id) ?? SILENT_DEVICE), health, reason: 'does not answer' });
  }
}

const valuesOf = ({ model, spec }: LivingSite, state: SiteState, id: DeviceId): SampleValues => {
  const { 'pv.availableW': availableW, ...values } = readDevice(model.site, state, id) ?? {};
  const isSaid = availableW !== undefined && spec.roofs.find((roof) => roof.id === id)?.saysAvailable;
  return isSaid ? { ...values, 'pv.availableW': availableW } : values;
};
