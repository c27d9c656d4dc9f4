import type { Setpoint } from '../field/setpoint.js';
import type { Device, DeviceRole, Site } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import { narrow, type PowerBand, within } from './band.js';
import { batteryBand, followPlan, keepConnection, keepReserve } from './battery-rules.js';
import { type Decision, type DecisionInput, type DeviceDecision, type GridLimits, leftAlone } from './decision.js';
import { decideGenerator } from './generator-decision.js';
import { splitInProportion } from './split.js';
import { decideSun } from './sun-decision.js';

/** A battery that may be told something now, its part of what its site's grid meter and batteries show, and what it may do. */
interface BatteryCase {
  readonly device: Device;
  readonly site: Site;
  /** Its part of what several batteries of one site do together, 0 to 1. */
  readonly part: number;
  readonly partW: { readonly gridW: Watt; readonly batteryW: Watt };
  readonly band: PowerBand;
}

/**
 * Decides what every control of every device is to do now. Each source, in the order of DESIGN §5.3, narrows what the ones
 * before it left; within what is left the most pressing wish chooses: the grid event, then an override, then the plan, and
 * an operator's limit on the whole fleet corrects their sum. A device whose word is missing keeps what it has.
 */
export const decide = (input: DecisionInput): Decision => {
  const decisions: DeviceDecision[] = [];
  const batteries: BatteryCase[] = [];
  for (const site of input.plant.sites) {
    const able = site.devices.filter((device) => obstacleOf(input, device) === undefined);
    for (const device of site.devices) {
      for (const control of CONTROLS_OF[device.role]) {
        const obstacle = obstacleOf(input, device);
        if (obstacle) decisions.push({ ...leftAlone(device, control, obstacle.reason), ...(obstacle.holds ? { holds: true } : {}) });
        else if (control === 'generator') decisions.push(decideGenerator(input, site, device, able));
        else if (control === 'pv-limit') decisions.push(decideSun(input, site, device, able));
        else {
          const battery = batteryCase(input, site, device, able);
          if (typeof battery === 'string') decisions.push(leftAlone(device, control, battery));
          else batteries.push(battery);
        }
      }
    }
  }
  const sharing = shareOut(input, batteries);
  decisions.push(...batteries.map(({ device }) => sharing.decisions.get(device.id)!));
  const { wantedW, givenW } = sharing;
  return { atMs: input.atMs, devices: decisions, ...(wantedW === 0 ? {} : { shared: { wantedW, givenW } }) };
};

const CONTROLS_OF: Readonly<Record<DeviceRole, readonly Setpoint['kind'][]>> = {
  'grid-meter': [],
  pv: ['pv-limit'],
  battery: ['battery-power'],
  hybrid: ['battery-power', 'pv-limit'],
  generator: ['generator'],
};

const obstacleOf = (input: DecisionInput, device: Device): { reason: string; holds: boolean } | undefined => {
  if (device.reversion === 'none') return { reason: 'not dispatched: nothing would end a setpoint if we fell silent', holds: false };
  if (input.lockedOut.has(device.id)) return { reason: 'locked out for maintenance', holds: false };
  const now = input.image.devices.get(device.id);
  return now?.health === 'online' && now.readAtMs !== undefined ? undefined : { reason: 'no fresh word from it', holds: true };
};

const batteryCase = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): BatteryCase | string => {
  const gridW = input.image.sites.get(site.id)?.powersW.grid;
  if (gridW === undefined) return 'no fresh word from its grid meter';
  const valuesOf = ({ id }: Device) => input.image.devices.get(id)?.values;
  const socPct = valuesOf(device)?.['battery.socPct'];
  if (socPct === undefined) return 'state of charge unknown';
  const rating = device.battery!;
  const mates = able.filter(({ battery }) => battery);
  const part = rating.maxDischargeW / mates.reduce((sum, { battery }) => sum + battery!.maxDischargeW, 0);
  let batteriesW = 0;
  for (const mate of mates) {
    const powerW = valuesOf(mate)?.['battery.powerW'];
    if (powerW === undefined) return 'power of the site’s batteries unknown';
    batteriesW += powerW;
  }
  const partW = { gridW: part * gridW, batteryW: part * batteriesW };
  const limits = input.siteLimits.get(site.id) ?? {};
  const connectionOf = ({ importW, exportW }: GridLimits) => ({
    ...partW,
    importLimitW: part * (importW ?? site.importLimitW),
    exportLimitW: part * (exportW ?? site.exportLimitW),
  });
  let band = keepConnection(batteryBand(rating, socPct), 'connection', connectionOf({}));
  if (limits.importW !== undefined || limits.exportW !== undefined) band = keepConnection(band, 'operator', connectionOf(limits));
  band = keepReserve(band, rating, socPct, input.consents.get(site.id)?.reserveFloorPct ?? 0);
  return { device, site, part, partW, band };
};

const decideBattery = (input: DecisionInput, battery: BatteryCase): DeviceDecision => {
  const { device, band } = battery;
  const override = input.overrides.get(device.id);
  if (override?.setpoint.kind === 'battery-power') {
    const { powerW } = override.setpoint;
    const narrowed = narrow(band, 'override', `set by ${override.by}`, powerW, powerW);
    return batteryDecision(device, narrowed, powerW, `override:${override.by}`, 'set by an operator');
  }
  const planned = input.planned?.get(device.id);
  if (planned?.kind !== 'battery') return leftAlone(device, 'battery-power', 'no plan for it');
  const wantedW = followPlan(battery.partW, planned.step);
  return batteryDecision(
    device,
    band,
    wantedW,
    'plan',
    `plan has ${Math.round(planned.step.batteryW)} W and grid ${Math.round(planned.step.gridW)} W`,
  );
};

const batteryDecision = (
  device: Device,
  band: PowerBand,
  wantedW: Watt,
  owner: DeviceDecision['owner'],
  reason: string,
): DeviceDecision => ({
  deviceId: device.id,
  control: 'battery-power',
  owner,
  setpoint: { kind: 'battery-power', powerW: 0 + Math.round(within(band, wantedW)) },
  cuts: band.cuts,
  ...(owner === 'plan' && within(band, wantedW) === wantedW ? { waitsWithin: { minW: band.minW, maxW: band.maxW } } : {}),
  reason,
});

interface Sharing {
  readonly decisions: ReadonlyMap<string, DeviceDecision>;
  readonly wantedW: Watt;
  readonly givenW: Watt;
}

/** What each battery is to do: the running event's share or its own wish, and on top what keeps the fleet within its limit. */
const shareOut = (input: DecisionInput, batteries: readonly BatteryCase[]): Sharing => {
  const event = shareEvent(input, batteries);
  const wishes = new Map(
    batteries.map((battery) => [battery.device.id, event?.decisions.get(battery.device.id) ?? decideBattery(input, battery)]),
  );
  const limit = shareFleetLimit(input, batteries, wishes);
  const { wantedW, givenW } = event ?? limit ?? { wantedW: 0, givenW: 0 };
  return { decisions: new Map([...wishes, ...(limit?.decisions ?? [])]), wantedW, givenW };
};

/** What the deadband of setpoints and the meters' rounding make of one battery's power, on average. */
const SLACK_W = 10;

/** An operator's limit on the fleet's net power that these wishes would break: batteries give way by what they have left. */
const shareFleetLimit = (
  input: DecisionInput,
  batteries: readonly BatteryCase[],
  wishes: ReadonlyMap<string, DeviceDecision>,
): Sharing | undefined => {
  // A little inside the limit: setpoints are not written anew for the last few watts, and nobody else makes them up.
  const marginW = SLACK_W * batteries.length;
  const [importW, exportW] = [input.fleetLimits.importW, input.fleetLimits.exportW].map(
    (limitW) => limitW && Math.max(0, limitW - marginW),
  );
  const changes = batteries.map((battery) => {
    const { setpoint } = wishes.get(battery.device.id)!;
    return { battery, fromW: setpoint?.kind === 'battery-power' ? setpoint.powerW : battery.partW.batteryW };
  });
  let netW = changes.reduce((sum, { battery, fromW }) => sum + battery.partW.batteryW - fromW, 0);
  for (const { powersW } of input.image.sites.values()) netW += powersW.grid ?? 0;
  const wantedW = importW !== undefined && netW > importW ? netW - importW : exportW !== undefined && netW < -exportW ? netW + exportW : 0;
  return wantedW === 0 ? undefined : shareAmong(changes, wantedW, 'operator', 'keeps the fleet within its limit');
};

/**
 * The grid event: every home that takes part is steered to its own baseline less its share, because that is what it is
 * paid for. Shares go by what each battery can still do; the community battery fills what the homes leave open.
 */
const shareEvent = (input: DecisionInput, batteries: readonly BatteryCase[]): Sharing | undefined => {
  const { event } = input;
  if (!event) return undefined;
  const takingPart = batteries.flatMap((battery) => {
    if (event.optedOut.has(battery.site.id) || input.consents.get(battery.site.id)?.optedOut) return [];
    const baselineW = event.baselineW.get(battery.site.id) ?? (battery.site.kind === 'community-battery' ? 0 : undefined);
    if (baselineW === undefined) return [];
    const { gridW, batteryW } = battery.partW;
    return [{ battery, fromW: batteryW + gridW - battery.part * baselineW }];
  });
  const homes = takingPart.filter(({ battery }) => battery.site.kind === 'home');
  const others = takingPart.filter(({ battery }) => battery.site.kind !== 'home');
  const sign = event.direction === 'up' ? 1 : -1;
  const byHomes = shareAmong(homes, sign * event.powerW, `event:${event.id}`, `delivers to ${event.id}`);
  const byOthers = shareAmong(others, sign * event.powerW - byHomes.givenW, `event:${event.id}`, `fills up ${event.id}`);
  return {
    decisions: new Map([...byHomes.decisions, ...byOthers.decisions]),
    wantedW: sign * event.powerW,
    givenW: byHomes.givenW + byOthers.givenW,
  };
};

/** Moves each battery from `fromW` by its share of `wantedW`, which may be of either sign, within its band. */
const shareAmong = (
  changes: readonly { battery: BatteryCase; fromW: Watt }[],
  wantedW: Watt,
  owner: DeviceDecision['owner'],
  reason: string,
): Sharing => {
  const sign = Math.sign(wantedW) || 1;
  const roomW = changes.map(({ battery: { band }, fromW }) => Math.max(sign > 0 ? band.maxW - fromW : fromW - band.minW, 0));
  const shares = splitInProportion(Math.abs(wantedW), roomW);
  const decisions = new Map(
    changes.map(({ battery, fromW }, index) => [
      battery.device.id,
      batteryDecision(battery.device, battery.band, fromW + sign * shares[index]!, owner, reason),
    ]),
  );
  return { decisions, wantedW, givenW: sign * shares.reduce((a, b) => a + b, 0) };
};
