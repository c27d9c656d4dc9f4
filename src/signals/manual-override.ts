import type { Setpoint } from '../field/setpoint.js';
import type { DeviceId } from '../fleet/plant.js';
import { contains, type Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';

/** A person's setpoint for one device, in force in `[startMs, endMs)` unless withdrawn. It ranks above the plan and below all limits. */
export interface ManualOverride extends Interval {
  readonly id: number;
  readonly deviceId: DeviceId;
  readonly setpoint: Setpoint;
  readonly reason: string;
  readonly setBy: string;
  readonly setAtMs: EpochMs;
  readonly withdrawnAtMs?: EpochMs;
}

/** The override in force on each device: the one set last. */
export const overridesAt = (overrides: readonly ManualOverride[], nowMs: EpochMs): ReadonlyMap<DeviceId, ManualOverride> => {
  const holding = overrides.filter(
    (override) => contains(override, nowMs) && (override.withdrawnAtMs === undefined || nowMs < override.withdrawnAtMs),
  );
  return new Map(holding.sort((a, b) => a.setAtMs - b.setAtMs || a.id - b.id).map((override) => [override.deviceId, override]));
};
