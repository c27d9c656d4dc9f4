import { loadIdOf, needWindowAt } from '../fleet/daily-need.js';
import { type DeviceId, devicesOf, givesSun, type Plant } from '../fleet/plant.js';
import { durationOf, type Interval } from '../kernel/interval.js';
import { type DurationMs, energyWh, type EpochMs, HOUR_MS, type Watt, type WattHour } from '../kernel/units.js';
import { type LoadPlan, type Schedule, stepAt } from '../schedule/schedule.js';
import type { PlannedDevice } from './decision.js';

/** Sun left on the roof by plan counts as curtailment from this power on; less is rounding. */
const CURTAILS_FROM_W = 50;

/** Plans are made every quarter-hour: one this old was made by a plant that is not well, on facts that are not true any more. */
const STALE_AFTER_MS: DurationMs = 6 * HOUR_MS;

/** What the plan has each device do at a moment; `undefined` where there is no plan, it is stale, or it does not reach this far. */
export const plannedNow = (
  plant: Plant,
  schedule: Schedule | undefined,
  atMs: EpochMs,
  staleAfterMs: DurationMs = STALE_AFTER_MS,
): ReadonlyMap<DeviceId, PlannedDevice> | undefined => {
  const step = schedule && atMs - schedule.issuedAtMs <= staleAfterMs ? stepAt(schedule, atMs) : -1;
  if (!schedule || step < 0) return undefined;
  const sites = new Map(schedule.sites.map((site) => [site.siteId, site]));
  const planned = new Map<DeviceId, PlannedDevice>();
  for (const battery of schedule.batteries) {
    const gridW = sites.get(battery.siteId)?.gridW[step] ?? 0;
    planned.set(battery.batteryId, { kind: 'battery', step: { batteryW: battery.powerW[step]!, gridW } });
  }
  for (const generator of schedule.generators)
    planned.set(generator.generatorId, { kind: 'generator', run: generator.on[step]!, powerW: generator.powerW[step]! });
  for (const site of plant.sites) {
    for (const { id, flexibleLoad } of site.devices) {
      const window = flexibleLoad?.need && needWindowAt(flexibleLoad.need, site.zone, atMs);
      const load = window && schedule.loads.find(({ loadId }) => loadId === loadIdOf(id, site.zone, window));
      if (load)
        planned.set(id, {
          kind: 'flexible-load',
          drawW: drawWithin(schedule.steps[step]!, window, load.drawW[step]!),
          toComeWh: toComeWh(schedule, load, atMs),
        });
    }
  }
  for (const device of devicesOf(plant)) {
    const site = givesSun(device) ? sites.get(device.siteId) : undefined;
    if (!site || site.curtailedW[step]! <= CURTAILS_FROM_W) continue;
    const battery = planned.get(device.id);
    if (device.role === 'pv') planned.set(device.id, { kind: 'pv', maxW: site.pvW[step]! });
    else if (battery?.kind === 'battery') planned.set(device.id, { ...battery, sunAtMostW: site.pvW[step]! });
  }
  return planned;
};

/** A plan's power is the mean of a step; of one that lies partly outside of a load's time it is drawn in the rest of it. */
const drawWithin = (step: Interval, { startMs, endMs }: Interval, meanW: Watt): Watt =>
  (meanW * durationOf(step)) / (Math.min(step.endMs, endMs) - Math.max(step.startMs, startMs));

/** What a load is still to draw by plan. */
const toComeWh = ({ steps }: Schedule, { drawW }: LoadPlan, atMs: EpochMs): WattHour =>
  steps.reduce(
    (sum, { startMs, endMs }, index) => sum + energyWh(drawW[index]!, Math.max(0, endMs - Math.max(startMs, atMs))),
    0 as WattHour,
  );
