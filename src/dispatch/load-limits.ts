import type { Device, Site } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { LOAD_STATE } from '../field/sample.js';
import { followPlan } from './battery-rules.js';
import type { DecisionInput } from './decision.js';
import { groupsOf } from './device-groups.js';
import type { Taking } from './load-taking.js';
import { phaseRoom } from './phase-limit.js';

/** Whether a load in this state draws, or would if it were let; one that does not say is taken to. */
export const wouldDraw = (state: number | undefined): boolean =>
  state === undefined || state === LOAD_STATE.heldBack || state === LOAD_STATE.draws;

/** A flexible load that may be told something now. */
export interface LoadCase {
  readonly site: Site;
  readonly device: Device;
  /** All of its site that can be told something. */
  readonly able: readonly Device[];
  /** What it draws, ≥ 0; what it is rated for where it does not say. */
  readonly drawsW: Watt;
  /** Nothing stands there that would draw. Where it does not say what it would do, it may draw at any moment. */
  readonly isIdle: boolean;
  readonly taking: Taking | undefined;
}

export const loadCase = (input: DecisionInput, { site, device, able }: Pick<LoadCase, 'site' | 'device' | 'able'>): LoadCase => {
  const drawsW = drawOf(input, device);
  const isIdle = drawsW === 0 && !wouldDraw(input.image.devices.get(device.id)?.values['flexible.state']);
  return { site, device, able, drawsW, isIdle, taking: input.takings?.get(device.id) };
};

/** What the loads of one site may draw together, and by whose word. */
export interface TogetherLimit {
  readonly mostW: Watt;
  readonly by: 'connection' | 'operator';
  /** It is measured, and changes with what else the house draws. */
  readonly moves: boolean;
  /** It is about what a phase carries: of a load on one phase of three as much as if it were on all. */
  readonly isOfPhases?: true;
  readonly why: () => string;
}

/** What a flexible load draws; one that does not say counts with all it may. */
export const drawOf = ({ image }: Pick<DecisionInput, 'image'>, { id, ratedW }: Device): Watt => {
  const powerW = image.devices.get(id)?.values['flexible.powerW'];
  return powerW === undefined ? ratedW : Math.max(0, 0 - powerW);
};

/**
 * What batteries of a site give beyond what the plan has them give: they stand in for loads then, which give way for it. Without a plan what
 * a battery gives is its own. One that does not say is at rest.
 */
export const standInOf = (input: DecisionInput, site: Site): Watt => {
  const gridW = input.image.sites.get(site.id)?.powersW.grid;
  if (!input.planned || gridW === undefined) return 0;
  const { batteries, maxDischargeW: mostW } = groupsOf(site.devices);
  let standsInW: Watt = 0;
  for (const { id, battery } of batteries) {
    const batteryW = input.image.devices.get(id)?.values['battery.powerW'] ?? 0;
    if (batteryW <= 0) continue;
    const planned = input.planned.get(id);
    if (planned?.kind !== 'battery' || input.overrides.has(id)) continue;
    const wantedW = followPlan({ gridW: (gridW * battery!.maxDischargeW) / mostW, batteryW }, planned.step);
    standsInW += Math.max(0, batteryW - Math.max(0, wantedW));
  }
  return standsInW;
};

/** What batteries among these devices take; one that does not say is at rest. */
export const chargeOf = ({ image }: DecisionInput, devices: readonly Device[]): Watt => {
  let takenW: Watt = 0;
  for (const { id } of groupsOf(devices).batteries) takenW += Math.max(0, 0 - (image.devices.get(id)?.values['battery.powerW'] ?? 0));
  return takenW;
};

/**
 * What batteries of the site take and flexible loads draw that cannot be told anything now. A load that is never commanded has a control of its
 * own, and a limit on those that are does not speak of it; a battery always counts.
 */
export const unableDrawW = (input: DecisionInput, { devices }: Site, able: readonly Device[]): Watt => {
  if (able.length === devices.length) return 0;
  const others = devices.filter((device) => !able.includes(device));
  const loads = others.filter(({ flexibleLoad, reversion }) => flexibleLoad && reversion !== 'none');
  const batteries = others.filter(({ battery }) => battery);
  const takes = ({ id, battery }: Device): Watt => {
    const powerW = input.image.devices.get(id)?.values['battery.powerW'];
    return powerW === undefined ? battery!.maxChargeW : Math.max(0, 0 - powerW);
  };
  return sum(loads.map((device) => drawOf(input, device))) + sum(batteries.map(takes));
};

/** What flexible loads of the site that can be told something draw: they come first, and batteries charge with what they leave. */
export const ableDrawW = (input: DecisionInput, able: readonly Device[]): Watt =>
  sum(groupsOf(able).flexibleLoads.map((device) => drawOf(input, device)));

/**
 * What flexible loads of one site may draw together: under an operator's limit on loads or a dimming, which batteries charge within what
 * they leave; and what import limits leave to them once its batteries have stopped charging. A battery is not emptied for a load that can wait.
 * Without the grid meter's word nobody knows what else the house draws: then the loads keep to the limit alone.
 */
export const togetherLimits = (input: DecisionInput, site: Site, loads: readonly LoadCase[]): TogetherLimit[] => {
  const able = loads[0]!.able;
  const drawsW = sum(loads.map((load) => load.drawsW));
  const gridW = input.image.sites.get(site.id)?.powersW.grid;
  const { loadW, dimmingW, importW } = input.siteLimits.get(site.id) ?? {};
  const unableW = unableDrawW(input, site, able);
  const limits: TogetherLimit[] = [];
  const standInW = standInOf(input, site);
  const importRoomW = (limitW: Watt): Watt => (gridW === undefined ? limitW : drawsW + limitW - gridW + chargeOf(input, able) - standInW);
  const connectionW = site.importLimitW;
  limits.push({ mostW: importRoomW(connectionW), by: 'connection', moves: true, why: () => `the connection takes ${connectionW} W` });
  const devices = loads.map(({ device }) => device);
  const phases = phaseRoom(input, site, devices);
  if (phases) {
    const onAllPhasesW = sum(loads.map((load) => load.drawsW / (load.taking?.share ?? 1)));
    const why = (): string => 'a phase carries all that its fuse allows';
    limits.push({ mostW: onAllPhasesW + phases.importW, by: 'connection', moves: true, isOfPhases: true, why });
  }
  if (loadW !== undefined)
    limits.push({ mostW: loadW - unableW, by: 'operator', moves: false, why: () => `loads take at most ${loadW} W` });
  if (dimmingW !== undefined) {
    // Own sun, and what batteries give, come on top of what is drawn from the grid.
    const ownW = gridW === undefined ? 0 : Math.max(0, drawsW - gridW + chargeOf(input, site.devices));
    limits.push({ mostW: dimmingW - unableW + ownW, by: 'operator', moves: false, why: () => `dimmed to ${dimmingW} W from the grid` });
  }
  if (importW !== undefined)
    limits.push({ mostW: importRoomW(importW), by: 'operator', moves: true, why: () => `at most ${importW} W from the grid` });
  return limits;
};
