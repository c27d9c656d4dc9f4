import type { Fallback, Setpoint } from '../field/setpoint.js';
import type { Consent, Device, DeviceId, Plant, SiteId } from '../fleet/plant.js';
import type { EpochMs, Watt, WattHour } from '../kernel/units.js';
import type { PlantImage } from '../telemetry/image.js';
import { type Cut, NO_CUTS, type Source } from './band.js';
import type { Paces } from './battery-pace.js';
import type { GeneratorNow } from './generator-rules.js';
import type { LoadRun } from './load-runs.js';
import type { Overshoot } from './overshoot.js';
import type { Taking } from './load-taking.js';

/** Operator limits in force at a site or over the fleet; magnitudes in W. Absent means that none is set and none is owed. */
export interface GridLimits {
  readonly importW?: Watt;
  readonly exportW?: Watt;
  /** Most that sun, engines and batteries of the site may give together, at the terminals of their inverters. */
  readonly generationW?: Watt;
  /** Most that its sun may give. */
  readonly sunW?: Watt;
  /** Most that batteries and flexible loads of the site may take together. */
  readonly loadW?: Watt;
  /** Most that they may draw from the grid together, what sun is left over coming on top. */
  readonly dimmingW?: Watt;
}

/** The grid event that runs now. */
export interface RunningEvent {
  readonly id: string;
  readonly direction: 'up' | 'down';
  readonly powerW: Watt;
  /** Mean net import each taking part would have had, fixed before the event. Homes without one do not take part. */
  readonly baselineW: ReadonlyMap<SiteId, Watt>;
  readonly optedOut: ReadonlySet<SiteId>;
  /** What each site has delivered to events of the same billing period: who has given much is asked for less. */
  readonly deliveredBeforeWh?: ReadonlyMap<SiteId, WattHour>;
  /** Until when each battery's energy has to last; where it is absent, shares go by power alone. */
  readonly endMs?: EpochMs;
}

/** What the plan has a battery do in the slot that runs. */
export interface PlannedStep {
  readonly batteryW: Watt;
  readonly gridW: Watt;
}

/** What the plan says of a device in the step that runs. */
export type PlannedDevice =
  /** `sunAtMostW`: of a hybrid, whose sun the plan leaves on the roof. */
  | { readonly kind: 'battery'; readonly step: PlannedStep; readonly sunAtMostW?: Watt }
  | { readonly kind: 'generator'; readonly run: boolean; readonly powerW: Watt }
  | { readonly kind: 'pv'; readonly maxW: Watt }
  /** `toComeWh`: what it is still to draw by plan in the time it has for its need, this step included. */
  | { readonly kind: 'flexible-load'; readonly drawW: Watt; readonly toComeWh: WattHour };

/** What a house may draw besides its flexible loads. */
export interface LoadRange {
  readonly leastW: Watt;
  readonly mostW: Watt;
  /** Most that it was ever seen to draw. */
  readonly mostSeenW: Watt;
}

/** Everything one decision rests on: the same input gives the same decision, so any moment can be replayed. */
export interface DecisionInput {
  readonly atMs: EpochMs;
  readonly plant: Plant;
  readonly image: PlantImage;
  readonly consents: ReadonlyMap<SiteId, Consent>;
  readonly lockedOut: ReadonlySet<DeviceId>;
  readonly siteLimits: ReadonlyMap<SiteId, GridLimits>;
  readonly fleetLimits: GridLimits;
  readonly event?: RunningEvent;
  readonly overrides: ReadonlyMap<DeviceId, { readonly setpoint: Setpoint; readonly by: string }>;
  /** Absent where there is no plan, or none that reaches this moment: devices are then left to themselves. */
  readonly planned?: ReadonlyMap<DeviceId, PlannedDevice>;
  readonly generators: ReadonlyMap<DeviceId, GeneratorNow>;
  readonly loadRuns?: ReadonlyMap<DeviceId, LoadRun>;
  /** What is learnt of flexible loads that take less than they could. */
  readonly takings?: ReadonlyMap<DeviceId, Taking>;
  /** Of sites whose grid meter is silent, as far as it was heard before. */
  readonly silentLoads?: ReadonlyMap<SiteId, LoadRange>;
  /** Of batteries that were bound by a limit and rested beyond it: what they are to stay inside of it, W. */
  readonly overshoots?: ReadonlyMap<DeviceId, Pick<Overshoot, 'way' | 'insideW'>>;
  /** Absent counts as empty: all batteries are quick. */
  readonly paces?: Paces;
  /** Inverters that do not say what their sun could give, and whose sun has not risen where it had room to. */
  readonly restingSun?: ReadonlySet<DeviceId>;
  /** Batteries and flexible loads that have been told something for a while and do something else: others take their part. */
  readonly unfollowing?: ReadonlySet<DeviceId>;
}

/** What one control of a device is to do and why. Without a setpoint it is handed back to the device itself. */
export interface DeviceDecision {
  readonly deviceId: DeviceId;
  /** A hybrid inverter has two, its battery's power and a limit on what leaves its terminal; every other device has one. */
  readonly control: Setpoint['kind'];
  readonly owner: Source | `event:${string}` | `override:${string}` | 'itself';
  readonly setpoint?: Setpoint;
  /** What the device is to fall back to if the plant dies while it holds the setpoint. */
  readonly fallback?: Fallback;
  /** The device is silent: what it holds is neither lifted nor renewed until it speaks again or its lease ends. */
  readonly holds?: true;
  readonly cuts: readonly Cut[];
  /** A limit that lies well above what the device gives: it is told ahead, and holds nothing down. */
  readonly isSlack?: true;
  /** What an engine is to give as soon as others have made room for it, where that is more than it is told now; W. */
  readonly comesToW?: Watt;
  /** Of a limit that others share: one as low as this, and no higher than the setpoint, may stay until its lease is renewed. */
  readonly keepsFromW?: Watt;
  /**
   * Only on the plan's own wish, as nobody had to narrow it: what the device holds may go on for a while instead, where it lies
   * in this range of powers, which is what everybody before the plan allows.
   */
  readonly waitsWithin?: { readonly minW: Watt; readonly maxW: Watt };
  readonly reason: string;
}

/** Why a control gets nothing from us; its device then does what it does by itself. */
export const leftAlone = ({ id: deviceId }: Device, control: Setpoint['kind'], reason: string): DeviceDecision => ({
  deviceId,
  control,
  owner: 'itself',
  cuts: NO_CUTS,
  reason,
});

export interface Decision {
  readonly atMs: EpochMs;
  readonly devices: readonly DeviceDecision[];
  /** What the running event or the fleet limit asked for and what could be shared out; W. */
  readonly shared?: { readonly wantedW: Watt; readonly givenW: Watt };
}
