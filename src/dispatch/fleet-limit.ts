import type { Device, DeviceId } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { BatteryCase } from './battery-decision.js';
import { type BatteryShares, shareAmong } from './battery-sharing.js';
import type { DecisionInput, DeviceDecision } from './decision.js';
import { outputOf, sunHeldWithinW } from './sun-decision.js';

/** What the fleet's limit asks of batteries, and what the fleet may still give out then; below 0 it gives too much. */
export interface FleetLimitShares extends BatteryShares {
  readonly exportRoomW?: Watt;
}

/** What the deadband of setpoints and the meters' rounding make of one battery's power, on average. */
const SLACK_W = 10;

/** An operator's limit on the fleet's net power that these wishes would break: batteries give way by what they have left. */
export const shareFleetLimit = (
  input: DecisionInput,
  batteries: readonly BatteryCase[],
  wishes: ReadonlyMap<DeviceId, DeviceDecision>,
): FleetLimitShares => {
  // A little inside the limit: setpoints are not written anew for the last few watts, and nobody else makes them up.
  const marginW = SLACK_W * batteries.length;
  const [importW, exportW] = [input.fleetLimits.importW, input.fleetLimits.exportW].map(
    (limitW) => limitW && Math.max(0, limitW - marginW),
  );
  const moves = batteries.map((battery) => {
    const { setpoint } = wishes.get(battery.device.id)!;
    return { battery, fromW: setpoint?.kind === 'battery-power' ? setpoint.powerW : battery.partW.batteryW };
  });
  let netW = moves.reduce((sum, { battery, fromW }) => sum + battery.partW.batteryW - fromW, 0);
  for (const { powersW } of input.image.sites.values()) netW += powersW.grid ?? 0;
  const wantedW = importW !== undefined && netW > importW ? netW - importW : exportW !== undefined && netW < -exportW ? netW + exportW : 0;
  const shares = wantedW === 0 ? NOTHING : shareAmong(input, moves, wantedW, 'operator', 'keeps the fleet within its limit');
  return exportW === undefined ? shares : { ...shares, exportRoomW: netW - shares.givenW + exportW };
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
  if (fleetLimits.exportW === undefined) return new Map();
  let roomW = fleetLimits.exportW;
  for (const { powersW } of image.sites.values()) roomW += powersW.grid ?? 0;
  const sunRoomW = sunHeldWithinW(suns.filter((device) => (outputOf(image, device) ?? 0) > 0));
  const givenW = generators.reduce((sum, { id }) => sum + (image.devices.get(id)?.values['generator.powerW'] ?? 0), 0);
  const togetherW = Math.max(0, givenW + (roomW > 0 ? Math.max(0, roomW - sunRoomW) : roomW));
  const ratedW = generators.reduce((sum, device) => sum + device.ratedW, 0);
  return new Map(generators.map((device) => [device.id, (togetherW * device.ratedW) / ratedW]));
};

const NOTHING: BatteryShares = { decisions: new Map(), wantedW: 0, givenW: 0 };
