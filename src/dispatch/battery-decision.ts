import type { Device } from '../fleet/plant.js';
import { clamp, type Watt } from '../kernel/units.js';
import { narrow, type PowerBand, wholeWithin, within } from './band.js';
import { batteryBand, followPlan, keepConnection, keepLoad, keepPhases, keepReserve } from './battery-rules.js';
import { type NetRange, silentNet, widestNet } from './silent-net.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { generationRoom } from './generation-room.js';
import { ableDrawW, drawOf, unableDrawW } from './load-limits.js';
import { phaseRoom } from './phase-limit.js';
import type { AbleControl, DeviceCase, SiteCase } from './site-case.js';
import { leftToSunW } from './sun-decision.js';

/** A battery that may be told something now, its part of what its site's grid meter and batteries show, and what it may do. */
export interface BatteryCase {
  /** Its place among them. */
  readonly index: number;
  readonly own: DeviceCase;
  readonly site: SiteCase;
  /** Its part of what several batteries of one site do together, 0 to 1. */
  readonly part: number;
  readonly partW: { readonly gridW: Watt; readonly batteryW: Watt };
  readonly band: PowerBand;
  /** What a limit on generation leaves to it; it may be told less for another reason. */
  readonly generationW: Watt;
  readonly socPct: number;
}

/** What is to be known of a battery before it is told anything, or why it is not told anything. */
export const batteryCase = (input: DecisionInput, { site, own }: AbleControl, index: number): BatteryCase | string => {
  const { limits, consent, able } = site;
  const net = connectionOf(input, site);
  if (!net) return 'no fresh word from its grid meter';
  const socPct = own.values['battery.socPct'];
  if (socPct === undefined) return 'state of charge unknown';
  const rating = own.device.battery!;
  let [batteriesW, maxDischargeW] = [0 as Watt, 0 as Watt];
  for (const { device, values } of able) {
    if (!device.battery) continue;
    const powerW = values['battery.powerW'];
    if (powerW === undefined) return 'power of the site’s batteries unknown';
    batteriesW += powerW;
    maxDischargeW += device.battery.maxDischargeW;
  }
  const part = rating.maxDischargeW / maxDischargeW;
  const partW = { gridW: part * net.likely.leastW, batteryW: part * batteriesW };
  const connection = { net: { leastW: part * net.widest.leastW, mostW: part * net.widest.mostW }, batteryW: partW.batteryW };
  const { importLimitW, exportLimitW } = site.site;
  // The reserve comes first: a limit binds what we do, and what the house draws by itself is no reason to spend what it keeps.
  let band = keepReserve(batteryBand(rating, socPct), rating, socPct, consent?.reserveFloorPct ?? 0);
  // Loads come before the connection: what batteries may not take up stays on the roof.
  if (limits.loadW !== undefined || limits.dimmingW !== undefined)
    band = keepLoad(band, { part, partW, limits, unableW: unableDrawW(site), loadsW: ableDrawW(site) });
  band = keepConnection(band, 'connection', connection, part * importLimitW, part * exportLimitW);
  band = keepPhases(band, part, partW.batteryW, phaseRoom(site, hasBattery));
  const generationW = part * (generationRoom(input, site)?.batteriesW ?? Infinity);
  const why = (): string => `generation of at most ${limits.generationW} W, sun and engines first`;
  band = narrow(band, 'operator', why, band.minW, generationW);
  if (limits.importW !== undefined || limits.exportW !== undefined) {
    const { importW = importLimitW, exportW = exportLimitW } = limits;
    band = keepConnection(band, 'operator', connection, part * importW, part * exportW);
  }
  return { index, own, site, part, partW, band, generationW, socPct };
};

/**
 * What flows through a site's connection, and what may flow through it at worst, by which limits are kept. Where nobody lives it is known well enough without
 * the grid meter, unless single phases are to be watched, since devices speak for themselves.
 */
const connectionOf = (input: DecisionInput, site: SiteCase): Record<'likely' | 'widest', NetRange> | undefined => {
  const { gridW } = site;
  if (gridW !== undefined) {
    const net = { leastW: gridW, mostW: gridW };
    return { likely: net, widest: net };
  }
  if (site.site.kind === 'home' || site.site.phaseLimitA !== undefined) return undefined;
  return { likely: silentNet(input, site), widest: widestNet(input, site) };
};

const hasBattery = ({ battery }: Device): boolean => battery !== undefined;

/** What it does without an event or a limit on the fleet: as a person or the plan has it. */
export const decideBattery = (battery: BatteryCase): DeviceDecision => {
  const { own, site, part, partW, band } = battery;
  const { device, override, planned } = own;
  if (override?.setpoint.kind === 'battery-power') {
    const { powerW } = override.setpoint;
    const narrowed = narrow(band, 'override', () => `set by ${override.by}`, powerW, powerW);
    return batteryDecision(device, narrowed, powerW, `override:${override.by}`, 'set by an operator');
  }
  if (planned?.kind !== 'battery') return withoutPlan(battery);
  const servingW = withoutCars(followPlan(partW, planned.step), () =>
    followPlan({ ...partW, gridW: partW.gridW - part * unplannedDrawW(site) }, planned.step),
  );
  const leavesW = device.role === 'battery' ? clamp(part * leftToSunW(site), 0, Math.max(0, servingW)) : 0;
  const plan = `plan has ${Math.round(planned.step.batteryW)} W and grid ${Math.round(planned.step.gridW)} W`;
  const reason = leavesW > 0 ? `${plan}; leaves ${Math.round(leavesW)} W to sun that is held` : plan;
  return batteryDecision(device, band, servingW - leavesW, 'plan', reason);
};

/**
 * What serves its site by itself does not know of an operator's limit on what it may take or give: where there is one it is told to do the same
 * within that, since limits hold without a plan. By itself it also gives what its household keeps, so that a limit on generation may bind it that would leave it more.
 */
const withoutPlan = ({ own: { device }, site, band, generationW, partW: { gridW, batteryW } }: BatteryCase): DeviceDecision => {
  const { importW, generationW: limitW, loadW, dimmingW } = site.limits;
  const isCut = (importW ?? limitW ?? loadW ?? dimmingW) !== undefined && band.cuts.some(({ by }) => by === 'operator');
  if (!isCut && generationW >= device.battery!.maxDischargeW) return leftAlone(device, 'battery-power', 'no plan for it');
  return batteryDecision(device, band, gridW + batteryW, 'operator', 'no plan for it: serves its site within the limit');
};

/** A battery charges from what loads leave, but it is not emptied for what a flexible load draws beyond its plan. */
const withoutCars = (withAllW: Watt, withoutW: () => Watt): Watt => (withAllW <= 0 ? withAllW : clamp(withoutW(), 0, withAllW));

/** What flexible loads of a site draw beyond what is planned for them. */
const unplannedDrawW = ({ devices }: SiteCase): Watt =>
  devices.reduce((sum, load) => {
    if (!load.device.flexibleLoad || load.flexibleW === undefined) return sum;
    const { planned } = load;
    return sum + Math.max(0, drawOf(load) - (planned?.kind === 'flexible-load' ? planned.drawW : 0));
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
