import type { DecisionInput, DeviceDecision } from '../../dispatch/decision.js';
import type { GeneratorNow } from '../../dispatch/generator-rules.js';
import { LOAD_STATE } from '../../field/sample.js';
import { type Device, givesSun, type Site, type SiteId } from '../../fleet/plant.js';
import { SLOT_MS } from '../../kernel/interval.js';
import { sum } from '../../kernel/sum.js';
import type { EpochMs, Watt } from '../../kernel/units.js';
import { chargersOutlookW, GENERATOR_STATES, type SiteCommands, type SiteModel, type SiteState } from '../../simulator/index.js';
import type { DeviceNow, PlantImage, SiteNow } from '../../telemetry/image.js';

/** A virtual site on its way through the past. */
export interface PastSite {
  readonly site: Site;
  readonly model: SiteModel;
  state: SiteState;
}

/**
 * The image that a decision about the coming quarter-hour rests on. A control loop of seconds sees load and sun as they come;
 * in steps of a quarter-hour that is the mean of the step itself, with batteries at rest and generators as they turn at its beginning.
 */
export const imageOfStep = (sites: readonly PastSite[], atMs: EpochMs): PlantImage => {
  const devices = new Map<string, DeviceNow>();
  const now = new Map<SiteId, SiteNow>();
  const sums = { grid: 0, pv: 0, battery: 0, generator: 0 };
  for (const past of sites) {
    const { site, model } = past;
    const chargersW = chargersOutlookW(model, past.state, SLOT_MS);
    const flexibleW = 0 - [...chargersW.values()].reduce((together, powerW) => together + powerW, 0);
    const houseW = model.loadW(atMs, atMs + SLOT_MS);
    const loadW = houseW === undefined ? undefined : houseW - flexibleW;
    const ratedW = site.devices.find(givesSun)?.ratedW ?? 0;
    const pvW = Math.min(model.sunW(atMs, atMs + SLOT_MS) ?? 0, ratedW);
    for (const device of site.devices)
      devices.set(device.id, {
        deviceId: device.id,
        siteId: site.id,
        health: 'online',
        readAtMs: atMs,
        values: valuesOf(device, past, pvW, chargersW.get(device.id)),
      });
    const generatorW = sum(Object.values(past.state.generators).map(({ outputW }) => outputW));
    const grid = loadW === undefined ? undefined : loadW - pvW - generatorW;
    sums.grid += grid ?? 0;
    sums.pv += pvW;
    sums.generator += generatorW;
    now.set(site.id, {
      siteId: site.id,
      powersW: {
        ...(grid === undefined ? {} : { grid }),
        pv: pvW,
        battery: 0,
        generator: generatorW,
        ...(chargersW.size > 0 ? { flexible: flexibleW } : {}),
      },
      loadW,
      missing: [],
      readAtMs: atMs,
    });
  }
  const fleet = {
    powersW: sums,
    loadW: sums.grid + sums.pv + sums.generator,
    storedWh: 0,
    capacityWh: 0,
    complete: true,
    sitesMissing: [],
  };
  return { atMs, devices, sites: now, fleet };
};

const valuesOf = (device: Device, { state }: PastSite, pvW: Watt, drawnW: Watt | undefined): DeviceNow['values'] => {
  if (drawnW !== undefined)
    return { 'flexible.powerW': 0 - drawnW, 'flexible.state': drawnW > 0 ? LOAD_STATE.draws : LOAD_STATE.nothingThere };
  if (device.role === 'pv') return { 'pv.powerW': pvW };
  if (device.battery)
    return { ...(device.role === 'hybrid' ? { 'pv.powerW': pvW } : {}), 'battery.powerW': 0, 'battery.socPct': socPctOf(device, state) };
  const generator = state.generators[device.id];
  return generator ? { 'generator.powerW': generator.outputW, 'generator.state': GENERATOR_STATES.indexOf(generator.phase) } : {};
};

export const socPctOf = (device: Device, state: SiteState): number => (100 * (state.battery?.storedWh ?? 0)) / device.battery!.capacityWh;

/** Since when each generator has been turning or standing. */
export const generatorsOf = (sites: readonly PastSite[]): Map<string, GeneratorNow> =>
  new Map(
    sites.flatMap(({ state }) =>
      Object.entries(state.generators).map(([id, { phase, inPhaseMs }]) => {
        const running = phase === 'running' || phase === 'warming-up';
        return [id, { running, sinceMs: state.atMs - inPhaseMs }] as const;
      }),
    ),
  );

/** What was decided for a site's devices, as the simulator takes it for one step. */
export const commandsOf = (decisions: readonly DeviceDecision[]): SiteCommands => {
  const generators: Record<string, { run: boolean; powerW: Watt }> = {};
  const chargersMaxW: Record<string, Watt> = {};
  const commands: { batteryW?: Watt; pvMaxW?: Watt } = {};
  for (const { deviceId, setpoint } of decisions) {
    if (setpoint?.kind === 'battery-power') commands.batteryW = setpoint.powerW;
    if (setpoint?.kind === 'pv-limit') commands.pvMaxW = setpoint.maxW;
    if (setpoint?.kind === 'generator') generators[deviceId] = { run: setpoint.run, powerW: setpoint.powerW };
    if (setpoint?.kind === 'load-limit') chargersMaxW[deviceId] = setpoint.maxW;
  }
  return { ...commands, generators, chargersMaxW };
};

/** Everything `decide` needs that does not change from step to step in the past. */
export const QUIET: Pick<DecisionInput, 'lockedOut' | 'siteLimits' | 'fleetLimits' | 'overrides'> = {
  lockedOut: new Set(),
  siteLimits: new Map(),
  fleetLimits: {},
  overrides: new Map(),
};
