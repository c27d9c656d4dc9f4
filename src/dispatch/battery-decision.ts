import type { Device, Site } from '../fleet/plant.js';
import { clamp, type Watt } from '../kernel/units.js';
import { narrow, type PowerBand, wholeWithin, within } from './band.js';
import { batteryBand, followPlan, keepConnection, keepLoad, keepPhases, keepReserve } from './battery-rules.js';
import { type DecisionInput, type DeviceDecision, type GridLimits, leftAlone } from './decision.js';
import { groupsOf } from './device-groups.js';
import { ableDrawW, drawOf, unableDrawW } from './load-limits.js';
import { phaseRoom } from './phase-limit.js';

/** A battery that may be told something now, its part of what its site's grid meter and batteries show, and what it may do. */
export interface BatteryCase {
  readonly device: Device;
  readonly site: Site;
  /** Its part of what several batteries of one site do together, 0 to 1. */
  readonly part: number;
  readonly partW: { readonly gridW: Watt; readonly batteryW: Watt };
  readonly band: PowerBand;
  readonly socPct: number;
}

const NO_LIMITS: GridLimits = {};

/** What is to be known of a battery before it is told anything, or why it is not told anything. `able`: the site's devices that can be. */
export const batteryCase = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): BatteryCase | string => {
  const gridW = input.image.sites.get(site.id)?.powersW.grid;
  if (gridW === undefined) return 'no fresh word from its grid meter';
  const { devices } = input.image;
  const socPct = devices.get(device.id)?.values['battery.socPct'];
  if (socPct === undefined) return 'state of charge unknown';
  const rating = device.battery!;
  const { batteries: mates, maxDischargeW } = groupsOf(able);
  const part = rating.maxDischargeW / maxDischargeW;
  let batteriesW = 0;
  for (const mate of mates) {
    const powerW = devices.get(mate.id)?.values['battery.powerW'];
    if (powerW === undefined) return 'power of the site’s batteries unknown';
    batteriesW += powerW;
  }
  const partW = { gridW: part * gridW, batteryW: part * batteriesW };
  const limits = input.siteLimits.get(site.id) ?? NO_LIMITS;
  // The reserve comes first: a limit binds what we do, and what the house draws by itself is no reason to spend what it keeps.
  let band = keepReserve(batteryBand(rating, socPct), rating, socPct, input.consents.get(site.id)?.reserveFloorPct ?? 0);
  // Loads come before the connection: what batteries may not take up stays on the roof.
  if (limits.loadW !== undefined || limits.dimmingW !== undefined)
    band = keepLoad(band, { part, partW, limits, unableW: unableDrawW(input, site, able), loadsW: ableDrawW(input, able) });
  band = keepConnection(band, 'connection', partW, part * site.importLimitW, part * site.exportLimitW);
  band = keepPhases(band, part, partW.batteryW, phaseRoom(input, site, mates));
  if (limits.importW !== undefined || limits.exportW !== undefined) {
    const { importW = site.importLimitW, exportW = site.exportLimitW } = limits;
    band = keepConnection(band, 'operator', partW, part * importW, part * exportW);
  }
  return { device, site, part, partW, band, socPct };
};

/** What it does without an event or a limit on the fleet: as a person or the plan has it. */
export const decideBattery = (input: DecisionInput, battery: BatteryCase): DeviceDecision => {
  const { device, band } = battery;
  const override = input.overrides.get(device.id);
  if (override?.setpoint.kind === 'battery-power') {
    const { powerW } = override.setpoint;
    const narrowed = narrow(band, 'override', () => `set by ${override.by}`, powerW, powerW);
    return batteryDecision(device, narrowed, powerW, `override:${override.by}`, 'set by an operator');
  }
  const planned = input.planned?.get(device.id);
  if (planned?.kind !== 'battery') return leftAlone(device, 'battery-power', 'no plan for it');
  const wantedW = withoutCars(followPlan(battery.partW, planned.step), () =>
    followPlan({ ...battery.partW, gridW: battery.partW.gridW - battery.part * unplannedDrawW(input, battery.site) }, planned.step),
  );
  return batteryDecision(
    device,
    band,
    wantedW,
    'plan',
    `plan has ${Math.round(planned.step.batteryW)} W and grid ${Math.round(planned.step.gridW)} W`,
  );
};

/** A battery charges from what loads leave, but it is not emptied for what a flexible load draws beyond its plan. */
const withoutCars = (withAllW: Watt, withoutW: () => Watt): Watt => (withAllW <= 0 ? withAllW : clamp(withoutW(), 0, withAllW));

/** What flexible loads of a site draw beyond what is planned for them. */
const unplannedDrawW = (input: DecisionInput, { devices }: Site): Watt =>
  groupsOf(devices).flexibleLoads.reduce((sum, device) => {
    if (input.image.devices.get(device.id)?.values['flexible.powerW'] === undefined) return sum;
    const planned = input.planned?.get(device.id);
    return sum + Math.max(0, drawOf(input, device) - (planned?.kind === 'flexible-load' ? planned.drawW : 0));
  }, 0 as Watt);

export const batteryDecision = (
  device: Device,
  band: PowerBand,
  wantedW: Watt,
  owner: DeviceDecision['owner'],
  reason: string,
): DeviceDecision => ({
  deviceId: device.id,
  control: 'battery-power',
  owner,
  setpoint: { kind: 'battery-power', powerW: wholeWithin(band, wantedW) },
  cuts: band.cuts,
  waitsWithin: owner === 'plan' && within(band, wantedW) === wantedW ? { minW: band.minW, maxW: band.maxW } : undefined,
  reason,
});
