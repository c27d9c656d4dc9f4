import type { Device } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';
import { LOAD_STATE } from '../field/sample.js';
import { DECIDED_EVERY_S, paceOf } from './battery-pace.js';
import { followPlan } from './battery-rules.js';
import type { DecisionInput } from './decision.js';
import type { Taking } from './load-taking.js';
import { phaseRoom } from './phase-limit.js';
import type { AbleControl, DeviceCase, SiteCase } from './site-case.js';

/** Whether a load in this state draws, or would if it were let; one that does not say is taken to. */
export const wouldDraw = (state: number | undefined): boolean =>
  state === undefined || state === LOAD_STATE.heldBack || state === LOAD_STATE.draws;

/** A flexible load that may be told something now. */
export interface LoadCase {
  readonly site: SiteCase;
  readonly own: DeviceCase;
  /** What it draws, ≥ 0; what it is rated for where it does not say. */
  readonly drawsW: Watt;
  /** Nothing stands there that would draw. Where it does not say what it would do, it may draw at any moment. */
  readonly isIdle: boolean;
  readonly taking: Taking | undefined;
}

export const loadCase = ({ takings }: DecisionInput, { site, own }: AbleControl): LoadCase => {
  const drawsW = drawOf(own);
  const isIdle = drawsW === 0 && !wouldDraw(own.values['flexible.state']);
  return { site, own, drawsW, isIdle, taking: takings?.get(own.device.id) };
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
export const drawOf = ({ device, flexibleW }: Pick<DeviceCase, 'device' | 'flexibleW'>): Watt =>
  flexibleW === undefined ? device.ratedW : Math.max(0, 0 - flexibleW);

/**
 * What batteries of a site give beyond what the plan has them give: they stand in for loads then, which give way for it. Without a plan what
 * a battery gives is its own. One that does not say is at rest.
 */
export const standInOf = ({ gridW, devices }: SiteCase): Watt => {
  if (gridW === undefined) return 0;
  let standsInW: Watt = 0;
  for (const { device, values, planned, override } of devices) {
    const batteryW = device.battery ? (values['battery.powerW'] ?? 0) : 0;
    if (batteryW <= 0 || planned?.kind !== 'battery' || override) continue;
    const part = device.battery!.maxDischargeW;
    const wantedW = followPlan((gridW * part) / maxDischargeW(devices) + batteryW, planned.step);
    standsInW += Math.max(0, batteryW - Math.max(0, wantedW));
  }
  return standsInW;
};

const maxDischargeW = (devices: readonly DeviceCase[]): Watt => {
  let mostW: Watt = 0;
  for (const { device } of devices) if (device.battery) mostW += device.battery.maxDischargeW;
  return mostW;
};

/** What batteries among these devices take; one that does not say is at rest. */
export const chargeOf = (devices: readonly DeviceCase[]): Watt => {
  let takenW: Watt = 0;
  for (const { device, values } of devices) if (device.battery) takenW += Math.max(0, 0 - (values['battery.powerW'] ?? 0));
  return takenW;
};

/** What batteries among these devices have stopped taking by the next decision, told to: for one that is slow, or does not follow, loads give way. */
export const yieldingChargeOf = (
  devices: readonly DeviceCase[],
  { unfollowing, paces }: Pick<DecisionInput, 'unfollowing' | 'paces'>,
): Watt => {
  let yieldsW: Watt = 0;
  for (const { device, values } of devices) {
    const takesW = device.battery ? Math.max(0, 0 - (values['battery.powerW'] ?? 0)) : 0;
    if (takesW > 0 && !unfollowing?.has(device.id)) yieldsW += Math.min(takesW, DECIDED_EVERY_S * paceOf(paces, device.id));
  }
  return yieldsW;
};

/**
 * What batteries of the site take and flexible loads draw that cannot be told anything now. A load that is never commanded has a control of its
 * own, and a limit on those that are does not speak of it; a battery always counts.
 */
export const unableDrawW = ({ devices, able }: SiteCase): Watt => {
  if (able.length === devices.length) return 0;
  const others = devices.filter(({ obstacle }) => obstacle);
  const loads = others.filter(({ device }) => device.flexibleLoad && device.reversion !== 'none');
  const batteries = others.filter(({ device }) => device.battery);
  const takes = ({ device, values }: DeviceCase): Watt => {
    const powerW = values['battery.powerW'];
    return powerW === undefined ? device.battery!.maxChargeW : Math.max(0, 0 - powerW);
  };
  return sum(loads.map(drawOf)) + sum(batteries.map(takes));
};

/** What flexible loads of the site that can be told something draw: they come first, and batteries charge with what they leave. */
export const ableDrawW = ({ able }: SiteCase): Watt => {
  let drawnW: Watt = 0;
  for (const own of able) if (own.device.flexibleLoad) drawnW += drawOf(own);
  return drawnW;
};

/**
 * What flexible loads of one site may draw together: under an operator's limit on loads or a dimming, which batteries charge within what
 * they leave; and what import limits leave to them once its batteries have stopped charging. A battery is not emptied for a load that can wait.
 * Without the grid meter's word nobody knows what else the house draws: then the loads keep to the limit alone.
 */
export const togetherLimits = (
  input: Pick<DecisionInput, 'unfollowing' | 'paces'>,
  site: SiteCase,
  loads: readonly LoadCase[],
): TogetherLimit[] => {
  const drawsW = sum(loads.map((load) => load.drawsW));
  const { gridW, devices, able } = site;
  const { loadW, dimmingW, importW } = site.limits;
  const yieldsW = yieldingChargeOf(able, input);
  const unableW = unableDrawW(site) + chargeOf(able) - yieldsW;
  const limits: TogetherLimit[] = [];
  const standInW = standInOf(site);
  const importRoomW = (limitW: Watt): Watt => (gridW === undefined ? limitW : drawsW + limitW - gridW + yieldsW - standInW);
  const connectionW = site.site.importLimitW;
  limits.push({ mostW: importRoomW(connectionW), by: 'connection', moves: true, why: () => `the connection takes ${connectionW} W` });
  const phases = phaseRoom(site, isFlexible);
  if (phases) {
    const onAllPhasesW = sum(loads.map((load) => load.drawsW / (load.taking?.share ?? 1)));
    const why = (): string => 'a phase carries all that its fuse allows';
    limits.push({ mostW: onAllPhasesW + phases.importW, by: 'connection', moves: true, isOfPhases: true, why });
  }
  if (loadW !== undefined)
    limits.push({ mostW: loadW - unableW, by: 'operator', moves: false, why: () => `loads take at most ${loadW} W` });
  if (dimmingW !== undefined) {
    // Own sun, and what batteries give, come on top of what is drawn from the grid.
    const ownW = gridW === undefined ? 0 : Math.max(0, drawsW - gridW + chargeOf(devices));
    limits.push({ mostW: dimmingW - unableW + ownW, by: 'operator', moves: false, why: () => `dimmed to ${dimmingW} W from the grid` });
  }
  if (importW !== undefined)
    limits.push({ mostW: importRoomW(importW), by: 'operator', moves: true, why: () => `at most ${importW} W from the grid` });
  return limits;
};

const isFlexible = ({ role }: Device): boolean => role === 'flexible-load';
