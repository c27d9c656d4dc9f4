import type { Device, Site } from '../fleet/plant.js';
import { clamp, type Watt } from '../kernel/units.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';

const givesSun = ({ role }: Device): boolean => role === 'pv' || role === 'hybrid';
const ratedSumW = (devices: readonly Device[]): Watt => devices.reduce((sum, { ratedW }) => sum + ratedW, 0);

/**
 * Sun is left alone unless a limit, an override or the plan holds it down. Inverters of one site share its limits by their
 * ratings; what one gives that cannot be told anything is taken off first. A hybrid is held at its terminal, where its
 * battery's power leaves as well. `able`: the site's devices that can be told something now.
 */
export const decideSun = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): DeviceDecision => {
  const caps: { maxW: Watt; owner: DeviceDecision['owner']; reason: string }[] = [];
  const generationW = generationCap(input, site, device, able);
  const exportW = exportCap(input, site, device, able);
  if (generationW !== undefined) caps.push({ maxW: generationW, owner: 'operator', reason: 'generation limit' });
  if (exportW !== undefined) caps.push({ maxW: exportW, owner: 'connection', reason: 'export limit' });
  const override = input.overrides.get(device.id);
  const planned = input.planned?.get(device.id);
  if (override?.setpoint.kind === 'pv-limit')
    caps.push({ maxW: override.setpoint.maxW, owner: `override:${override.by}`, reason: 'set by an operator' });
  else if (planned?.kind === 'pv') caps.push({ maxW: planned.maxW, owner: 'plan', reason: 'the plan curtails' });
  const tightest = caps.sort((a, b) => a.maxW - b.maxW)[0];
  if (!tightest) return leftAlone(device, 'pv-limit', 'no limit on its sun');
  const maxW = Math.round(clamp(tightest.maxW, 0, device.ratedW));
  const { owner, reason } = tightest;
  const setpoint = { kind: 'pv-limit', maxW } as const;
  const mostW = Math.min(...caps.filter((cap) => cap.owner !== 'plan').map((cap) => cap.maxW), device.ratedW);
  const waits = owner === 'plan' ? { waitsWithin: { minW: 0, maxW: mostW } } : {};
  return { deviceId: device.id, control: 'pv-limit', owner, setpoint, ...fallbackOf(site, device), cuts: [], ...waits, reason };
};

/** A site that owes a limit on its generation owes it without us too: inverters then share it by their ratings, hearing of nobody. */
const fallbackOf = ({ safeLimits, devices }: Site, device: Device): Pick<DeviceDecision, 'fallback'> => {
  if (safeLimits?.generationW === undefined) return {};
  const maxW = Math.min(device.ratedW, Math.floor(partOf(device, devices) * safeLimits.generationW));
  return { fallback: { kind: 'pv-limit', maxW } };
};

const partOf = (device: Device, able: readonly Device[]): number => device.ratedW / ratedSumW(able.filter(givesSun));

const generationCap = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): Watt | undefined => {
  const limitW = input.siteLimits.get(site.id)?.generationW;
  if (limitW === undefined) return undefined;
  const others = site.devices.filter((other) => givesSun(other) && !able.includes(other));
  const othersW = others.reduce((sum, { id, ratedW }) => sum + (input.image.devices.get(id)?.values['pv.powerW'] ?? ratedW), 0);
  return partOf(device, able) * Math.max(0, limitW - othersW);
};

/** Headroom below which sun is held, as a share of the inverter's rating: let go sooner, it would swing over the limit and back. */
const HELD_WITHIN = 0.2;

/**
 * The output that brings the connection just to its export limit; `undefined` where that is out of reach. Without the grid
 * meter's word nobody knows what the house draws: then no more may leave the inverters than the connection bears.
 */
const exportCap = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): Watt | undefined => {
  const limitW = Math.min(site.exportLimitW, input.siteLimits.get(site.id)?.exportW ?? Infinity);
  const gridW = input.image.sites.get(site.id)?.powersW.grid;
  const outputW = outputOf(input, device);
  const part = partOf(device, able);
  if (gridW === undefined || outputW === undefined) return ratedSumW(site.devices.filter(givesSun)) > limitW ? part * limitW : undefined;
  const headroomW = part * (gridW + limitW);
  return headroomW < HELD_WITHIN * device.ratedW ? outputW + headroomW : undefined;
};

/** What leaves the inverter's terminal. */
const outputOf = (input: DecisionInput, { id, role }: Device): Watt | undefined => {
  const { 'pv.powerW': pvW, 'battery.powerW': batteryW } = input.image.devices.get(id)?.values ?? {};
  if (role === 'pv' || pvW === undefined) return pvW;
  return batteryW === undefined ? undefined : pvW + batteryW;
};
