import type { Device, DeviceId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { BatteryCase } from './battery-decision.js';
import { type BatteryShares, shareAmong } from './battery-sharing.js';
import type { DecisionInput, DeviceDecision, GridLimits } from './decision.js';
import { outputOf, sunHeldWithinW } from './sun-decision.js';

/** What the fleet's limit asks of batteries, and what the fleet may still give out then; below 0 it gives too much. */
export interface FleetLimitShares extends BatteryShares {
  readonly exportRoomW?: Watt;
}

/** What the deadband of setpoints and the meters' rounding make of one battery's power, on average. */
const SLACK_W = 10;

/** An operator's limit on the fleet's net power that these wishes, one for each battery, would break: batteries give way by what they have left. */
export const shareFleetLimit = (
  input: DecisionInput,
  batteries: readonly BatteryCase[],
  wishes: readonly DeviceDecision[],
): FleetLimitShares => {
  const { importW, exportW } = insideOf(input.fleetLimits, batteries.length);
  if (importW === undefined && exportW === undefined) return NOTHING;
  const wishedW = ({ partW }: BatteryCase, index: number): Watt => {
    const { setpoint } = wishes[index]!;
    return setpoint?.kind === 'battery-power' ? setpoint.powerW : partW.batteryW;
  };
  let netW: Watt = 0;
  batteries.forEach((battery, index) => (netW = netW + battery.partW.batteryW - wishedW(battery, index)));
  for (const { powersW } of input.image.sites.values()) netW += powersW.grid ?? 0;
  const wantedW = importW !== undefined && netW > importW ? netW - importW : exportW !== undefined && netW < -exportW ? netW + exportW : 0;
  const moves = wantedW === 0 ? [] : batteries.map((battery, index) => ({ battery, fromW: wishedW(battery, index) }));
  const shares = wantedW === 0 ? NOTHING : shareAmong(input, moves, wantedW, 'operator', 'keeps the fleet within its limit');
  return exportW === undefined ? shares : { ...shares, exportRoomW: netW - shares.givenW + exportW };
};

/** A little inside the limit: setpoints are not written anew for the last few watts, and nobody else makes them up. */
const insideOf = ({ importW, exportW }: GridLimits, batteries: number): GridLimits => {
  const inside = (limitW: Watt | undefined): Watt | undefined => limitW && Math.max(0, limitW - SLACK_W * batteries);
  return { importW: inside(importW), exportW: inside(exportW) };
};

/**
 * What each generator may give at most under an operator's export limit on the fleet, by their ratings: together what they give now and
 * what the fleet may still give out, by the meters. While sun is held back they do not rise: the room that comes is the sun's.
 */
export const fleetGeneratorCaps = (
  { image, fleetLimits }: DecisionInput,
  generators: readonly Device[],
  suns: readonly Device[],
): ReadonlyMap<DeviceId, Watt> => {
  if (fleetLimits.exportW === undefined || generators.length === 0) return NO_CAPS;
  let roomW = fleetLimits.exportW;
  for (const { powersW } of image.sites.values()) roomW += powersW.grid ?? 0;
  let sunRatedW: Watt = 0;
  for (const device of suns) if ((outputOf(image, device) ?? 0) > 0) sunRatedW += device.ratedW;
  const sunRoomW = sunHeldWithinW(sunRatedW);
  const givenW = generators.reduce((sum, { id }) => sum + (image.devices.get(id)?.values['generator.powerW'] ?? 0), 0);
  const togetherW = Math.max(0, givenW + (roomW > 0 ? Math.max(0, roomW - sunRoomW) : roomW));
  const ratedW = generators.reduce((sum, device) => sum + device.ratedW, 0);
  return new Map(generators.map((device) => [device.id, (togetherW * device.ratedW) / ratedW]));
};

const NO_CAPS: ReadonlyMap<DeviceId, Watt> = new Map();
const NOTHING: BatteryShares = { decisions: new Map(), wantedW: 0, givenW: 0 };
