import type { Fallback } from '../field/setpoint.js';
import { type Device, givesSun, type SafeLimits, type Site } from '../fleet/plant.js';
import { sum } from '../kernel/sum.js';
import type { Watt } from '../kernel/units.js';

/**
 * What a device falls back to when nobody tells it anything any more: a site that owes limits owes them without us too (DESIGN §5.2).
 * Its inverters of sun then share, by their ratings, what they may give or, were nothing drawn in the house, what may leave it, and of what may be
 * generated all that its batteries with inverters of their own do not give, were they at their most; its flexible loads share what loads may draw. What else a house takes from the grid nobody measures then: where it owes a limit on that alone,
 * they draw nothing. `undefined` where the device keeps to all that by its rating.
 */
export const owedFallback = (site: Site, device: Device): Fallback | undefined => {
  const { safeLimits } = site;
  if (!safeLimits) return undefined;
  const isLoad = device.role === 'flexible-load';
  const owedW = isLoad ? loadOwed(safeLimits) : sunOwed(safeLimits, site.devices);
  const sharers = site.devices.filter((each) => (isLoad ? each.flexibleLoad : givesSun(each)));
  const sharedBy = sum(sharers.map(({ ratedW }) => ratedW));
  const maxW: Watt = Math.floor((owedW * device.ratedW) / sharedBy);
  return maxW < device.ratedW ? { kind: isLoad ? 'load-limit' : 'pv-limit', maxW } : undefined;
};

const sunOwed = ({ generationW = Infinity, exportW = Infinity, sunW = Infinity }: SafeLimits, devices: readonly Device[]): Watt => {
  const batteriesW = sum(devices.map(({ role, battery }) => (role === 'battery' && battery ? battery.maxDischargeW : 0)));
  return Math.max(0, Math.min(generationW - batteriesW, exportW, sunW));
};

const loadOwed = ({ loadW, importW }: SafeLimits): Watt => {
  if (loadW === undefined) return importW === undefined ? Infinity : 0;
  return Math.min(loadW, importW ?? Infinity);
};
