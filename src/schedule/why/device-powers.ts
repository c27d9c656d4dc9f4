import type { Schedule } from '../schedule.js';
import type { DeviceReasons } from './reason.js';

/** What a device of a plan does at each step; W. Of sun that is held back, what is left on the roof. */
export const powersOf = (plan: Schedule, kind: DeviceReasons['kind'], id: string): readonly number[] => {
  if (kind === 'battery') return plan.batteries.find(({ batteryId }) => batteryId === id)?.powerW ?? [];
  if (kind === 'generator') return plan.generators.find(({ generatorId }) => generatorId === id)?.powerW ?? [];
  if (kind === 'load') return plan.loads.find(({ loadId }) => loadId === id)?.drawW ?? [];
  const site = plan.sites.find(({ siteId }) => siteId === id);
  return site?.pvW.map((powerW, step) => (site.curtailedW[step]! > 0.5 ? site.curtailedW[step]! : powerW)) ?? [];
};
