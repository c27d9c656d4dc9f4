import type { Device, Site } from '../fleet/plant.js';
import type { Watt } from '../kernel/units.js';
import type { Cut } from './band.js';
import { type DecisionInput, type DeviceDecision, leftAlone } from './decision.js';
import { generatorPower, mayRun } from './generator-rules.js';

/**
 * Runs a generator as an override or the plan has it, within its minimum times and what the connection still takes. One
 * that would have to run below its minimum for that stands. `able`: the site's devices that can be told something now.
 */
export const decideGenerator = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): DeviceDecision => {
  const rating = device.generator!;
  const override = input.overrides.get(device.id);
  const planned = input.planned?.get(device.id);
  const wish =
    override?.setpoint.kind === 'generator'
      ? { ...override.setpoint, owner: `override:${override.by}` as const }
      : planned?.kind === 'generator'
        ? { ...planned, owner: 'plan' as const }
        : undefined;
  if (!wish) return leftAlone(device, 'generator', 'no plan for it');
  const now = input.generators.get(device.id) ?? { running: false, sinceMs: undefined };
  const { run: mayTurn, heldBy } = mayRun(rating, now, wish.run, input.atMs);
  const mostW = connectionRoom(input, site, device, able);
  const run = mayTurn && mostW >= rating.minW;
  const powerW = run ? Math.min(generatorPower(rating, wish.powerW), mostW) : 0;
  const cut = (by: Cut['by'], why: string): Cut => ({ by, why, minW: powerW, maxW: powerW });
  const cuts = [
    ...(heldBy === undefined ? [] : [cut('device', heldBy === 'min-up' ? 'minimum up time' : 'minimum down time')]),
    ...(run && generatorPower(rating, wish.powerW) !== wish.powerW ? [cut('device', `it runs at ${rating.minW} to ${rating.maxW} W`)] : []),
    ...(mayTurn && mostW < Math.max(wish.powerW, rating.minW) ? [cut('connection', `the connection takes ${Math.round(mostW)} W`)] : []),
  ];
  return {
    deviceId: device.id,
    control: 'generator',
    owner: wish.owner,
    setpoint: { kind: 'generator', run, powerW: Math.round(powerW) },
    cuts,
    ...(wish.owner === 'plan' && cuts.length === 0 ? { waitsWithin: { minW: 0, maxW: mostW } } : {}),
    reason: run ? 'to run' : 'to stand',
  };
};

/** This generator's part of what may leave the site: its own load and the export limit. Without the meter's word, the limit alone. */
const connectionRoom = (input: DecisionInput, site: Site, device: Device, able: readonly Device[]): Watt => {
  const mates = able.filter(({ generator }) => generator);
  const part = device.ratedW / mates.reduce((sum, { ratedW }) => sum + ratedW, 0);
  const limitW = Math.min(site.exportLimitW, input.siteLimits.get(site.id)?.exportW ?? Infinity);
  const gridW = input.image.sites.get(site.id)?.powersW.grid;
  const givenW = mates.reduce((sum, { id }) => sum + (input.image.devices.get(id)?.values['generator.powerW'] ?? 0), 0);
  return Math.max(0, part * (gridW === undefined ? limitW : gridW + givenW + limitW));
};
