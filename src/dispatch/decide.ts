import type { Device, Site } from '../fleet/plant.js';
import { clamp, type Watt } from '../kernel/units.js';
import type { SiteNow } from '../telemetry/image.js';
import { narrow, type PowerBand, within } from './band.js';
import { batteryBand, followPlan, keepConnection, keepReserve } from './battery-rules.js';
import type { Decision, DecisionInput, DeviceDecision, GridLimits } from './decision.js';
import { generatorPower, mayRun } from './generator-rules.js';
import { splitInProportion } from './split.js';

/** Why a device gets nothing from us; it then does what it does by itself. */
const leftAlone = (device: Device, reason: string): DeviceDecision => ({ deviceId: device.id, owner: 'itself', cuts: [], reason });

/** A battery that may be told something now, and what. */
interface BatteryCase {
  readonly device: Device;
  readonly site: Site;
  readonly siteNow: SiteNow & { powersW: { grid: Watt; battery: Watt } };
  readonly band: PowerBand;
}

/**
 * Decides what every device is to do now. Each source, in the order of DESIGN §5.3, narrows what the ones before it left;
 * within what is left the most pressing wish chooses: an operator's fleet limit, then the grid event, then an override,
 * then the plan. A device whose word is missing is left to itself.
 */
export const decide = (input: DecisionInput): Decision => {
  const decided = new Map<string, DeviceDecision>();
  const batteries: BatteryCase[] = [];
  for (const site of input.plant.sites) {
    for (const device of site.devices) {
      if (device.role === 'grid-meter') continue;
      const obstacle = obstacleOf(input, device);
      const battery = obstacle === undefined && device.battery ? batteryCase(input, site, device) : undefined;
      if (obstacle !== undefined) decided.set(device.id, leftAlone(device, obstacle));
      else if (device.role === 'generator') decided.set(device.id, decideGenerator(input, device));
      else if (device.role === 'pv') decided.set(device.id, decidePv(input, site, device));
      else if (typeof battery === 'string' || !battery) decided.set(device.id, leftAlone(device, battery ?? 'nothing to tell it'));
      else batteries.push(battery);
    }
  }
  const sharing = shareOut(input, batteries);
  for (const battery of batteries)
    decided.set(battery.device.id, sharing?.decisions.get(battery.device.id) ?? decideBattery(input, battery));
  const devices = [...decided.values()];
  return { atMs: input.atMs, devices, ...(sharing ? { shared: { wantedW: sharing.wantedW, givenW: sharing.givenW } } : {}) };
};

const obstacleOf = (input: DecisionInput, device: Device): string | undefined => {
  if (device.reversion === 'none') return 'not dispatched: nothing would end a setpoint if we fell silent';
  if (input.lockedOut.has(device.id)) return 'locked out for maintenance';
  const now = input.image.devices.get(device.id);
  return now?.health === 'online' && now.readAtMs !== undefined ? undefined : 'no fresh word from it';
};

const batteryCase = (input: DecisionInput, site: Site, device: Device): BatteryCase | string => {
  const siteNow = input.image.sites.get(site.id);
  const socPct = input.image.devices.get(device.id)?.values['battery.socPct'];
  const { grid, battery } = siteNow?.powersW ?? {};
  if (!siteNow || grid === undefined || battery === undefined) return 'no fresh word from its grid meter';
  if (socPct === undefined) return 'state of charge unknown';
  const rating = device.battery!;
  const consent = input.consents.get(site.id);
  const limits = input.siteLimits.get(site.id) ?? {};
  const at = { gridW: grid, batteryW: battery };
  let band = batteryBand(rating, socPct);
  band = keepConnection(band, 'connection', { ...at, importLimitW: site.importLimitW, exportLimitW: site.exportLimitW });
  if (limits.importW !== undefined || limits.exportW !== undefined) {
    const importLimitW = limits.importW ?? site.importLimitW;
    const exportLimitW = limits.exportW ?? site.exportLimitW;
    band = keepConnection(band, 'operator', { ...at, importLimitW, exportLimitW });
  }
  band = keepReserve(band, rating, socPct, consent?.reserveFloorPct ?? 0);
  return { device, site, siteNow: { ...siteNow, powersW: { ...siteNow.powersW, grid, battery } }, band };
};

const powerOf = ({ siteNow }: BatteryCase): { gridW: Watt; batteryW: Watt } => ({
  gridW: siteNow.powersW.grid,
  batteryW: siteNow.powersW.battery,
});

const decideBattery = (input: DecisionInput, battery: BatteryCase): DeviceDecision => {
  const { device, band } = battery;
  const override = input.overrides.get(device.id);
  if (override?.setpoint.kind === 'battery-power') {
    const { powerW } = override.setpoint;
    const narrowed = narrow(band, 'override', `set by ${override.by}`, powerW, powerW);
    return batteryDecision(device, narrowed, powerW, `override:${override.by}`, 'set by an operator');
  }
  const planned = input.planned?.get(device.id);
  if (planned?.kind !== 'battery') return leftAlone(device, 'no plan for it');
  const wantedW = followPlan(powerOf(battery), planned.step);
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
  owner,
  setpoint: { kind: 'battery-power', powerW: Math.round(within(band, wantedW)) },
  cuts: band.cuts,
  reason,
});

interface Sharing {
  readonly decisions: ReadonlyMap<string, DeviceDecision>;
  readonly wantedW: Watt;
  readonly givenW: Watt;
}

/** A wish over many sites, shared out over their batteries; `undefined` where nothing of the kind runs. */
const shareOut = (input: DecisionInput, batteries: readonly BatteryCase[]): Sharing | undefined =>
  shareFleetLimit(input, batteries) ?? shareEvent(input, batteries);

/** An operator's limit on the fleet's net power that is broken now: batteries give way in proportion to what they have left. */
const shareFleetLimit = (input: DecisionInput, batteries: readonly BatteryCase[]): Sharing | undefined => {
  const netW = input.image.fleet.powersW.grid;
  const { importW, exportW } = input.fleetLimits;
  const wantedW = importW !== undefined && netW > importW ? netW - importW : exportW !== undefined && netW < -exportW ? netW + exportW : 0;
  if (wantedW === 0) return undefined;
  const changes = batteries.map((battery) => ({ battery, fromW: powerOf(battery).batteryW }));
  return shareAmong(changes, wantedW, 'operator', 'the fleet is over its limit');
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
    const { gridW, batteryW } = powerOf(battery);
    return [{ battery, fromW: batteryW + gridW - baselineW }];
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

const decideGenerator = (input: DecisionInput, device: Device): DeviceDecision => {
  const rating = device.generator!;
  const override = input.overrides.get(device.id);
  const planned = input.planned?.get(device.id);
  const wish =
    override?.setpoint.kind === 'generator'
      ? { ...override.setpoint, owner: `override:${override.by}` as const }
      : planned?.kind === 'generator'
        ? { ...planned, owner: 'plan' as const }
        : undefined;
  if (!wish) return leftAlone(device, 'no plan for it');
  const now = input.generators.get(device.id) ?? { running: false, sinceMs: undefined };
  const { run, heldBy } = mayRun(rating, now, wish.run, input.atMs);
  const powerW = run ? generatorPower(rating, wish.powerW) : 0;
  const cuts =
    heldBy === undefined
      ? []
      : [{ by: 'device' as const, why: heldBy === 'min-up' ? 'minimum up time' : 'minimum down time', minW: powerW, maxW: powerW }];
  return {
    deviceId: device.id,
    owner: wish.owner,
    setpoint: { kind: 'generator', run, powerW: Math.round(powerW) },
    cuts,
    reason: run ? 'to run' : 'to stand',
  };
};

/** Sun is left alone unless a limit, an override or the plan holds it down. */
const decidePv = (input: DecisionInput, site: Site, device: Device): DeviceDecision => {
  const caps: { maxW: Watt; owner: DeviceDecision['owner']; reason: string }[] = [];
  const pvW = input.image.devices.get(device.id)?.values['pv.powerW'];
  const limits = input.siteLimits.get(site.id) ?? {};
  const exportCapW = exportCap(site, limits, input.image.sites.get(site.id), device, pvW);
  if (limits.generationW !== undefined) caps.push({ maxW: limits.generationW, owner: 'operator', reason: 'generation limit' });
  if (exportCapW !== undefined) caps.push({ maxW: exportCapW, owner: 'connection', reason: 'export limit' });
  const override = input.overrides.get(device.id);
  const planned = input.planned?.get(device.id);
  if (override?.setpoint.kind === 'pv-limit')
    caps.push({ maxW: override.setpoint.maxW, owner: `override:${override.by}`, reason: 'set by an operator' });
  else if (planned?.kind === 'pv') caps.push({ maxW: planned.maxW, owner: 'plan', reason: 'the plan curtails' });
  const tightest = caps.sort((a, b) => a.maxW - b.maxW)[0];
  if (!tightest) return leftAlone(device, 'no limit on its sun');
  const maxW = Math.round(clamp(tightest.maxW, 0, device.ratedW));
  return { deviceId: device.id, owner: tightest.owner, setpoint: { kind: 'pv-limit', maxW }, cuts: [], reason: tightest.reason };
};

/** Headroom below which sun is held, as a share of the inverter's rating: let go sooner, it would swing over the limit and back. */
const HELD_WITHIN = 0.2;

/** The sun that brings the connection just to its export limit; `undefined` where that is out of reach. */
const exportCap = (site: Site, limits: GridLimits, now: SiteNow | undefined, device: Device, pvW: Watt | undefined): Watt | undefined => {
  const gridW = now?.powersW.grid;
  if (gridW === undefined || pvW === undefined) return undefined;
  const headroomW = gridW + Math.min(site.exportLimitW, limits.exportW ?? Infinity);
  return headroomW < HELD_WITHIN * device.ratedW ? pvW + headroomW : undefined;
};
