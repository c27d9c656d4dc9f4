import type { DeviceId } from '../fleet/plant.js';
import { type DurationMs, SECOND_MS } from '../kernel/units.js';
import type { FieldDevice } from './field-devices.js';

/** SunSpec wants its heartbeats counted up each second. */
const PERIOD_MS: DurationMs = SECOND_MS;

/** Shows devices that their controller lives, as long as it holds a lease on them; those that do not ask are left alone. */
export class Heartbeats {
  private readonly beating = new Map<DeviceId, NodeJS.Timeout | undefined>();

  /** `isHeld`: whether a lease of ours is in force. Where the control loop has died no heart may go on beating. */
  constructor(private readonly isHeld: (deviceId: DeviceId) => boolean) {}

  /** Goes on by itself while a lease is in force. */
  start(field: FieldDevice): void {
    if (this.beating.has(field.device.id)) return;
    this.beating.set(field.device.id, undefined);
    void this.beat(field);
  }

  stopAll(): void {
    for (const timer of this.beating.values()) clearTimeout(timer);
    this.beating.clear();
  }

  private async beat(field: FieldDevice): Promise<void> {
    const { id } = field.device;
    if (!this.isHeld(id)) return void this.beating.delete(id);
    // A device that did not take this one may take the next.
    const wanted = await field.driver.beat().catch(() => true);
    if (!this.beating.has(id)) return;
    if (!wanted) return;
    this.beating.set(
      id,
      setTimeout(() => void this.beat(field), PERIOD_MS),
    );
  }
}
