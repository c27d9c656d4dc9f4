import type { Setpoint } from '../field/setpoint.js';
import { type Device, type DeviceId, givesSun, type Site } from '../fleet/plant.js';
import { type Interval, overlaps } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';
import type { BatteryProblem, FlexibleLoad, GeneratorProblem, SiteProblem } from './problem.js';

/** What a person has set a device to, in force until `endMs`. */
export interface PlannedOverride {
  readonly deviceId: DeviceId;
  readonly setpoint: Setpoint;
  readonly endMs: EpochMs;
  readonly by: string;
}

type Kind = Setpoint['kind'];
type Of<K extends Kind> = PlannedOverride & { readonly setpoint: Extract<Setpoint, { kind: K }> };

const overrideOf = <K extends Kind>(overrides: readonly PlannedOverride[], id: DeviceId, kind: K): Of<K> | undefined =>
  overrides.find((one): one is Of<K> => one.deviceId === id && one.setpoint.kind === kind);

/** A step counts to it by its middle: where it ends steps are cut, but for what would be too short. */
const holdsIn = ({ endMs }: PlannedOverride, step: Interval): boolean => (step.startMs + step.endMs) / 2 < endMs;

/** `served`: events that its site takes part in, which come before an override. */
export const batteryOverrideOf = (
  { id }: Device,
  overrides: readonly PlannedOverride[],
  steps: readonly Interval[],
  served: readonly Interval[],
): Pick<BatteryProblem, 'override'> => {
  const override = overrideOf(overrides, id, 'battery-power');
  if (!override) return {};
  const isFree = (step: Interval): boolean =>
    !holdsIn(override, step) || served.some((event) => event.startMs < step.endMs && step.startMs < event.endMs);
  return { override: { powerW: steps.map((step) => (isFree(step) ? null : override.setpoint.powerW)), by: override.by } };
};

/** What it is told to run at is at least a watt, since 0 has it stand. */
export const generatorOverrideOf = (
  { id, generator }: Device,
  overrides: readonly PlannedOverride[],
  steps: readonly Interval[],
): Pick<GeneratorProblem, 'override'> => {
  const override = overrideOf(overrides, id, 'generator');
  if (!override) return {};
  const { run, powerW } = override.setpoint;
  const toldW = run ? Math.max(powerW, generator?.minW ?? 0, 1) : 0;
  return { override: { powerW: steps.map((step) => (holdsIn(override, step) ? toldW : null)), by: override.by } };
};

/** What a load is let draw in the time of its need, of which it can draw this share; nothing to plan with where that begins after it. */
export const loadOverrideOf = (
  { id }: Device,
  window: Interval,
  overrides: readonly PlannedOverride[],
  steps: readonly Interval[],
  share: number,
): Pick<FlexibleLoad, 'override'> => {
  const override = overrideOf(overrides, id, 'load-limit');
  const maxW = steps.map((step) => (override && holdsIn(override, step) ? Math.max(0, share * override.setpoint.maxW) : null));
  const isHeld = maxW.some((mostW, step) => mostW !== null && overlaps(steps[step]!, window));
  return override && isHeld ? { override: { maxW, by: override.by } } : {};
};

/**
 * What persons let the sun of a site give. A hybrid alone is held at its terminal. Of several inverters each gives its rating's part of
 * the site's sun, or what it may if that is less.
 */
export const sunOverrideOf = (
  { devices }: Site,
  overrides: readonly PlannedOverride[],
  { steps, pvW, unavailable }: { steps: readonly Interval[]; pvW: readonly Watt[]; unavailable: ReadonlySet<DeviceId> },
): Pick<SiteProblem, 'pvOverride'> => {
  const inverters = devices.filter(givesSun);
  const held = inverters.map((device) =>
    device.reversion === 'none' || unavailable.has(device.id) ? undefined : overrideOf(overrides, device.id, 'pv-limit'),
  );
  const first = held.find((override) => override !== undefined);
  if (!first) return {};
  const ratedW = inverters.reduce((sum, device) => sum + device.ratedW, 0);
  const maxW = steps.map((step, at) => {
    const now = held.map((override) => (override && holdsIn(override, step) ? Math.max(0, override.setpoint.maxW) : undefined));
    if (now.every((mostW) => mostW === undefined)) return null;
    if (inverters.length === 1) return now[0]!;
    return inverters.reduce((sum, device, index) => sum + Math.min(now[index] ?? Infinity, (pvW[at]! * device.ratedW) / ratedW), 0);
  });
  return { pvOverride: { maxW, by: first.by } };
};
