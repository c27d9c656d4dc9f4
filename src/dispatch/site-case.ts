import type { SampleValues } from '../field/sample.js';
import type { Setpoint } from '../field/setpoint.js';
import type { Consent, Device, DeviceRole, Site } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { SiteNow } from '../telemetry/image.js';
import type { DecisionInput, GridLimits, PlannedDevice } from './decision.js';
import { deliveredAt } from './event-delivery.js';

/** A device as one decision sees it: what it says and what is wanted of it, looked up once, since a fleet has thousands. */
export interface DeviceCase {
  readonly device: Device;
  readonly values: SampleValues;
  /** What a flexible load gives, ≤ 0, or will give once it has come down to what it was told. */
  readonly flexibleW: Watt | undefined;
  readonly planned: PlannedDevice | undefined;
  readonly override: { readonly setpoint: Setpoint; readonly by: string } | undefined;
  /** Why it is told nothing, whatever is wished; `undefined`: it can be told something. */
  readonly obstacle: Obstacle | undefined;
}

/** A site as one decision sees it. */
export interface SiteCase {
  readonly site: Site;
  /** Its place among the sites. */
  readonly index: number;
  readonly now: SiteNow | undefined;
  /** By its meter; `undefined` without its fresh word. */
  readonly gridW: Watt | undefined;
  readonly limits: GridLimits;
  readonly consent: Consent | undefined;
  /** To the running event; see `deliveredAt`. */
  readonly deliveredW: Watt | undefined;
  readonly devices: readonly DeviceCase[];
  /** Those that can be told something now. */
  readonly able: readonly DeviceCase[];
}

/** A control of a device that may be told something now. */
export interface AbleControl {
  readonly site: SiteCase;
  readonly own: DeviceCase;
}

/** Why a device is told nothing. `holds`: it is silent, and keeps what it has. */
export interface Obstacle {
  readonly reason: string;
  readonly holds: boolean;
}

const NO_LIMITS: GridLimits = {};
const NOTHING_SAID: SampleValues = {};

export const sitesOf = (input: DecisionInput): SiteCase[] => input.plant.sites.map((site, index) => siteCase(input, site, index));

const siteCase = (input: DecisionInput, site: Site, index: number): SiteCase => {
  const now = input.image.sites.get(site.id);
  const isAlone = now?.islanded === true;
  const devices = site.devices.map((device) => deviceCase(input, device, isAlone));
  return {
    site,
    index,
    now,
    gridW: now?.powersW.grid,
    limits: input.siteLimits.get(site.id) ?? NO_LIMITS,
    consent: input.consents.get(site.id),
    deliveredW: input.event && deliveredAt(input, input.event, site, now),
    devices,
    able: devices.every(isAble) ? devices : devices.filter(isAble),
  };
};

const isAble = ({ obstacle }: DeviceCase): boolean => !obstacle;

const deviceCase = (input: DecisionInput, device: Device, isAlone: boolean): DeviceCase => {
  const { id } = device;
  const now = input.image.devices.get(id);
  const isFresh = now?.health === 'online' && now.readAtMs !== undefined;
  const values = now?.values ?? NOTHING_SAID;
  return {
    device,
    values,
    flexibleW: device.flexibleLoad && values['flexible.powerW'],
    planned: input.planned?.get(id),
    override: input.overrides.get(id),
    obstacle: obstacleOf(device, input.lockedOut.has(id), isAlone, isFresh),
  };
};

const NEVER_DISPATCHED: Obstacle = { reason: 'not dispatched: nothing would end a setpoint if we fell silent', holds: false };
const LOCKED_OUT: Obstacle = { reason: 'locked out for maintenance', holds: false };
const ALONE: Obstacle = { reason: 'its site runs on its own, cut off from the grid', holds: false };
const SILENT: Obstacle = { reason: 'no fresh word from it', holds: true };

const obstacleOf = ({ reversion }: Device, isLockedOut: boolean, isAlone: boolean, isFresh: boolean): Obstacle | undefined => {
  if (reversion === 'none') return NEVER_DISPATCHED;
  if (isLockedOut) return LOCKED_OUT;
  if (isAlone) return ALONE;
  return isFresh ? undefined : SILENT;
};

export const CONTROLS_OF: Readonly<Record<DeviceRole, readonly Setpoint['kind'][]>> = {
  'grid-meter': [],
  pv: ['pv-limit'],
  battery: ['battery-power'],
  hybrid: ['battery-power', 'pv-limit'],
  generator: ['generator'],
  'flexible-load': ['load-limit'],
};

/** All controls that can be told something, by their kind and in the order of the fleet. */
export const ableControls = (sites: readonly SiteCase[]): Readonly<Record<Setpoint['kind'], readonly AbleControl[]>> => {
  const controls: Record<Setpoint['kind'], AbleControl[]> = { 'battery-power': [], 'pv-limit': [], generator: [], 'load-limit': [] };
  for (const site of sites)
    for (const own of site.able) for (const control of CONTROLS_OF[own.device.role]) controls[control].push({ site, own });
  return controls;
};
