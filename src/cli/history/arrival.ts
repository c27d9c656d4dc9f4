import type { Sample } from '../../field/sample.js';
import type { Device } from '../../fleet/plant.js';
import { clamp, HOUR_MS, type Watt } from '../../kernel/units.js';
import { SLOT_MS } from '../../kernel/interval.js';
import { readDevice, type SimulatedValues, type SiteState, type VirtualSite } from '../../simulator/index.js';

/** Battery power over the next step that brings its charge evenly to `targetWh` in `stepsLeft` steps. */
export const steeringPowerW = (device: Device, storedWh: number, targetWh: number, stepsLeft: number): Watt => {
  const { chargeEfficiency, dischargeEfficiency, maxChargeW, maxDischargeW } = device.battery!;
  const missingWh = (targetWh - storedWh) / stepsLeft;
  const hours = SLOT_MS / HOUR_MS;
  const powerW = missingWh > 0 ? -missingWh / chargeEfficiency / hours : (-missingWh * dischargeEfficiency) / hours;
  return clamp(powerW, -maxChargeW, maxDischargeW);
};

type CounterKey = Extract<keyof SimulatedValues, `${string}CounterWh`>;
const isCounter = (key: string): key is CounterKey => key.endsWith('CounterWh');

/**
 * What to add to each counter reading of a stretch that ends at `end`, so that it runs on into a later stretch that began at
 * `next`: by device and quantity. The later one was made first, so the earlier is reckoned back from it.
 */
export const counterShifts = (
  sites: readonly VirtualSite[],
  end: readonly SiteState[],
  next: readonly SiteState[],
): Map<string, SimulatedValues> => {
  const shifts = new Map<string, SimulatedValues>();
  sites.forEach((site, index) => {
    const ids = [site.meter, site.pv, site.battery, site.hybrid, ...(site.generators ?? []), ...(site.chargers ?? [])].flatMap((device) =>
      device ? [device.id] : [],
    );
    for (const id of ids) {
      const [ours, theirs] = [readDevice(site, told(end[index]!), id), readDevice(site, told(next[index]!), id)];
      const shift: SimulatedValues = {};
      for (const key of Object.keys(theirs ?? {})) if (isCounter(key)) shift[key] = theirs![key]! - (ours?.[key] ?? theirs![key]!);
      shifts.set(id, shift);
    }
  });
  return shifts;
};

/** A device says nothing in a step whose power is not known; its counters stand all the same. */
const told = (state: SiteState): SiteState => ({ ...state, powers: { gridW: 0, pvW: 0, batteryW: 0, ...state.powers } });

export const shifted = (sample: Sample, shift: SimulatedValues | undefined): Sample => {
  if (!shift) return sample;
  const values = { ...sample.values };
  for (const [key, byWh] of Object.entries(shift)) if (isCounter(key) && values[key] !== undefined) values[key] += byWh;
  return { ...sample, values };
};
