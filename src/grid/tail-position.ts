import type { Sample } from '../field/sample.js';
import type { DeviceId } from '../fleet/plant.js';
import { seedOf } from '../kernel/random.js';
import type { EpochMs } from '../kernel/units.js';

/**
 * How far somebody has been told, device by device. Devices are read each at its own pace and told a little out of turn, so one
 * moment for all of them would leave some out or tell some twice. Each device's own readings only ever go forward (the gate sees to
 * that), so its last one is enough. As text it is the id of an event: `DEVICES-LATEST-DELTA.DELTA…`, all in base 36.
 */
export class TailPosition {
  private constructor(private readonly toldMs: Map<DeviceId, EpochMs>) {}

  static at(toldMs: ReadonlyMap<DeviceId, EpochMs>): TailPosition {
    return new TailPosition(new Map(toldMs));
  }

  /**
   * Absent where the text is no position of these devices, in this order. None of them is later than `latestMs`: after a clock that
   * was far ahead is right again, nothing would be new for a long time.
   */
  static parse(text: string, deviceIds: readonly DeviceId[], latestMs: EpochMs): TailPosition | undefined {
    const [, devices, newest, deltas] = /^([0-9a-z]+)-([0-9a-z]{1,10})-([0-9a-z.]+)$/.exec(text) ?? [];
    const behind = deltas?.split('.').map((delta) => parseInt(delta, 36)) ?? [];
    if (devices !== markOf(deviceIds) || behind.length !== deviceIds.length || !behind.every(Number.isSafeInteger)) return undefined;
    return new TailPosition(new Map(deviceIds.map((id, i) => [id, Math.min(parseInt(newest!, 36) - behind[i]!, latestMs)])));
  }

  of(deviceId: DeviceId): EpochMs {
    return this.toldMs.get(deviceId)!;
  }

  /** Of these, those that were not told yet, which from now on they are. */
  advance(samples: readonly Sample[]): Sample[] {
    return samples.filter(({ deviceId, atMs }) => {
      if (atMs <= this.of(deviceId)) return false;
      this.toldMs.set(deviceId, atMs);
      return true;
    });
  }

  toString(): string {
    const latestMs = Math.max(...this.toldMs.values());
    const behind = [...this.toldMs.values()].map((toldMs) => (latestMs - toldMs).toString(36));
    return `${markOf([...this.toldMs.keys()])}-${latestMs.toString(36)}-${behind.join('.')}`;
  }
}

const markOf = (deviceIds: readonly DeviceId[]): string => seedOf(...deviceIds).toString(36);
