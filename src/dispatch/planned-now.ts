import { type DeviceId, devicesOf, type Plant } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { type Schedule, stepAt } from '../schedule/schedule.js';
import type { PlannedDevice } from './decision.js';

/** Sun left on the roof by plan counts as curtailment from this power on; less is rounding. */
const CURTAILS_FROM_W = 50;

/** What the plan has each device do at a moment; `undefined` where there is no plan or it does not reach this far. */
export const plannedNow = (
  plant: Plant,
  schedule: Schedule | undefined,
  atMs: EpochMs,
): ReadonlyMap<DeviceId, PlannedDevice> | undefined => {
  const step = schedule ? stepAt(schedule, atMs) : -1;
  if (!schedule || step < 0) return undefined;
  const sites = new Map(schedule.sites.map((site) => [site.siteId, site]));
  const planned = new Map<DeviceId, PlannedDevice>();
  for (const battery of schedule.batteries) {
    const gridW = sites.get(battery.siteId)?.gridW[step] ?? 0;
    planned.set(battery.batteryId, { kind: 'battery', step: { batteryW: battery.powerW[step]!, gridW } });
  }
  for (const generator of schedule.generators)
    planned.set(generator.generatorId, { kind: 'generator', run: generator.on[step]!, powerW: generator.powerW[step]! });
  for (const device of devicesOf(plant)) {
    const site = device.role === 'pv' ? sites.get(device.siteId) : undefined;
    if (site && site.curtailedW[step]! > CURTAILS_FROM_W) planned.set(device.id, { kind: 'pv', maxW: site.pvW[step]! });
  }
  return planned;
};
