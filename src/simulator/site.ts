import { type DurationMs, type EpochMs, HOUR_MS, meanPowerW, MINUTE_MS, type Watt } from '../kernel/units.js';
import { selfConsumptionW, stepBattery, withinWindow } from './battery.js';
import { type CarVisits, carVisits } from './car-visits.js';
import { stepCharger } from './charger.js';
import { gridVoltageV } from './grid.js';
import { ceilingW, type DeviceControls, expired, reservePct, windowOf } from './controls.js';
import { type GeneratorCommand, stepGenerator } from './generator.js';
import { cabinetLoadW, householdLoad } from './household.js';
import { type HybridPowers, stepHybrid } from './hybrid.js';
import { stepPvInverter } from './pv-inverter.js';
import { replayed } from './replay.js';
import type { SitePowers, SiteState } from './site-state.js';
import { arrayOf, type VirtualSite } from './spec.js';
import { sunlight } from './sunlight.js';

/**
 * A longer step is taken in pieces of this: short enough that sun and load which take turns do not cancel out before they
 * meet the meter and the battery, and thirty days of history still take a second or two.
 */
const PIECE_MS = 5 * MINUTE_MS;
/** A step of any length costs at most this many pieces. */
const MOST_PIECES = 5_000;

/** A site with all that is worked out about it once. */
export interface SiteModel {
  readonly site: VirtualSite;
  /** Mean load, and mean AC power the sun allows, over a stretch of time; absent where replayed rows have a gap. */
  readonly loadW: (startMs: EpochMs, endMs: EpochMs) => Watt | undefined;
  readonly sunW: (startMs: EpochMs, endMs: EpochMs) => Watt | undefined;
  /** When cars are at each of its chargers. */
  readonly cars: ReadonlyMap<string, CarVisits>;
}

export const siteModel = (site: VirtualSite): SiteModel => {
  const array = arrayOf(site)?.array;
  const cars = new Map((site.chargers ?? []).map((charger) => [charger.id, carVisits(site, charger)]));
  if (site.load.kind === 'replay') {
    const at = replayed(site.load.rows);
    const sunW = (startMs: EpochMs, endMs: EpochMs) => (array ? at(startMs, endMs)?.pvW : 0);
    return { site, cars, loadW: (startMs, endMs) => at(startMs, endMs)?.loadW, sunW };
  }
  const cabinetW = site.load.meanW ?? cabinetLoadW(site);
  return {
    site,
    cars,
    loadW: site.kind === 'home' ? householdLoad(site, site.load.meanW) : () => cabinetW,
    sunW: array ? sunlight(site, array) : () => 0,
  };
};

/** What is asked of a site's devices for one step, past their registers; what is absent is left to the registers. */
export interface SiteCommands {
  /** Discharge is positive. */
  readonly batteryW?: Watt;
  readonly pvMaxW?: Watt;
  readonly generators?: Readonly<Record<string, GeneratorCommand>>;
  /** Most that chargers may draw, each. */
  readonly chargersMaxW?: Readonly<Record<string, Watt>>;
  /** Generators whose warm-up, where it ends in this step, ends in failure. */
  readonly failingStarts?: ReadonlySet<string>;
  /** Devices whose controls never revert, and devices that do not do what their controls say. */
  readonly stuckTimers?: ReadonlySet<string>;
  readonly deaf?: ReadonlySet<string>;
}

/**
 * The site after `durationMs` more, which must be longer than 0. Pure: the same state, commands and duration give the same
 * result. Powers in it are means over the step, so that each times the duration is exactly what its counters moved by.
 * Longer steps are taken in pieces of five minutes; very long ones (a restart after days) in a bounded number of pieces.
 */
export const stepSite = (model: SiteModel, state: SiteState, commands: SiteCommands, durationMs: DurationMs): SiteState => {
  const draft = draftOf(state);
  const pieceMs = Math.max(PIECE_MS, Math.ceil(durationMs / MOST_PIECES));
  const endMs = state.atMs + durationMs;
  const sums = new PowerSums();
  takeCommands(draft, commands, durationMs);
  while (draft.atMs < endMs) {
    const lengthMs = Math.min(pieceMs, endMs - draft.atMs);
    sums.add(stepPiece(model, draft, commands, lengthMs), lengthMs);
    draft.atMs += lengthMs;
  }
  draft.powers = sums.means(durationMs);
  for (const [id, generator] of Object.entries(draft.generators))
    draft.generatorMeansW[id] = meanPowerW(generator.producedWh - state.generators[id]!.producedWh, durationMs);
  for (const [id, charger] of Object.entries(draft.chargers))
    draft.chargerMeansW[id] = meanPowerW(charger.drawnWh - state.chargers[id]!.drawnWh, durationMs);
  expireControls(draft, commands);
  return draft;
};

/** Mean power that the chargers of a site would draw over the next `durationMs`, each, were they told nothing more. */
export const chargersOutlookW = (model: SiteModel, state: SiteState, durationMs: DurationMs): ReadonlyMap<string, Watt> => {
  const told = { voltageV: gridVoltageV(model.site, state.atMs) };
  return new Map(
    (model.site.chargers ?? []).map((charger) => {
      const draft = { ...state.chargers[charger.id]! };
      return [charger.id, stepCharger(draft, charger, model.cars.get(charger.id)!, told, { atMs: state.atMs, durationMs })];
    }),
  );
};

const draftOf = (state: SiteState): SiteState => ({
  ...state,
  meter: { ...state.meter },
  ...(state.pv ? { pv: { ...state.pv } } : {}),
  ...(state.battery ? { battery: { ...state.battery } } : {}),
  ...(state.hybrid ? { hybrid: { ...state.hybrid } } : {}),
  generators: Object.fromEntries(Object.entries(state.generators).map(([id, generator]) => [id, { ...generator }])),
  generatorMeansW: {},
  chargers: Object.fromEntries(Object.entries(state.chargers).map(([id, charger]) => [id, { ...charger }])),
  chargerMeansW: {},
  controls: { ...state.controls },
});

const takeCommands = (draft: SiteState, commands: SiteCommands, durationMs: DurationMs): void => {
  for (const [id, command] of Object.entries(commands.generators ?? {})) {
    const generator = draft.generators[id];
    if (!generator) continue;
    generator.run = command.run;
    generator.powerW = command.powerW;
    // Whoever commands in steps beats the heart once a step; a minute of grace is what the wire would give.
    generator.heartbeatMs = durationMs + MINUTE_MS;
  }
};

const expireControls = (draft: SiteState, { stuckTimers }: SiteCommands): void => {
  for (const id in draft.controls) if (!stuckTimers?.has(id)) draft.controls[id] = expired(draft.controls[id]!, draft.atMs);
};

/** Sums powers over pieces; a power unknown in one of them is unknown in all. */
class PowerSums {
  private readonly sums = new Map<keyof SitePowers, number>();
  private readonly unknown = new Set<keyof SitePowers>();

  add(powers: SitePowers, durationMs: DurationMs): void {
    for (const key of Object.keys(powers) as (keyof SitePowers)[]) {
      const powerW = powers[key];
      if (powerW === undefined) this.unknown.add(key);
      else this.sums.set(key, (this.sums.get(key) ?? 0) + powerW * durationMs);
    }
  }

  means(durationMs: DurationMs): SitePowers {
    const means: SitePowers = {};
    for (const [key, sum] of this.sums) if (!this.unknown.has(key)) means[key] = sum / durationMs;
    return means;
  }
}

const stepPiece = (model: SiteModel, draft: SiteState, commands: SiteCommands, durationMs: DurationMs): SitePowers => {
  const { site } = model;
  expireControls(draft, commands);
  const [startMs, endMs] = [draft.atMs, draft.atMs + durationMs];
  const loadW = model.loadW(startMs, endMs);
  const sunW = model.sunW(startMs, endMs);
  const generatorW = generatorsPiece(site, draft, commands, durationMs);
  const chargersW = chargersPiece(model, draft, commands, durationMs);
  const residualW = loadW === undefined ? undefined : loadW + chargersW - generatorW;
  const inverters = site.hybrid
    ? hybridPiece(site, draft, { commands, residualW, sunW, durationMs })
    : separatePiece(site, draft, { commands, residualW, sunW, durationMs });
  const { pvW, batteryW } = inverters;
  const gridW = residualW === undefined || pvW === undefined ? undefined : residualW - pvW - batteryW;
  count(draft, { ...inverters, gridW }, durationMs);
  return { loadW, chargersW, gridW, pvAvailableW: sunW, generatorW, ...inverters };
};

const chargersPiece = (model: SiteModel, draft: SiteState, commands: SiteCommands, durationMs: DurationMs): Watt => {
  let sumW: Watt = 0;
  for (const charger of model.site.chargers ?? []) {
    const { id } = charger;
    const told = {
      maxW: commands.chargersMaxW?.[id],
      isDeaf: commands.deaf?.has(id),
      isStuck: commands.stuckTimers?.has(id),
      voltageV: gridVoltageV(model.site, draft.atMs),
    };
    sumW += stepCharger(draft.chargers[id]!, charger, model.cars.get(id)!, told, { atMs: draft.atMs, durationMs });
  }
  return sumW;
};

const generatorsPiece = (site: VirtualSite, draft: SiteState, commands: SiteCommands, durationMs: DurationMs): Watt => {
  let sumW: Watt = 0;
  for (const generator of site.generators ?? []) {
    const fails = commands.failingStarts?.has(generator.id) ?? false;
    sumW += stepGenerator(draft.generators[generator.id]!, generator, durationMs, fails);
  }
  return sumW;
};

interface Piece {
  readonly commands: SiteCommands;
  /** What loads and chargers draw beyond the generators. */
  readonly residualW: Watt | undefined;
  readonly sunW: Watt | undefined;
  readonly durationMs: DurationMs;
}

const batteryWindow = (commands: SiteCommands, fromRegisters: () => { minW: Watt; maxW: Watt }): { minW: Watt; maxW: Watt } =>
  commands.batteryW === undefined ? fromRegisters() : { minW: commands.batteryW, maxW: commands.batteryW };

const hybridPiece = (site: VirtualSite, draft: SiteState, { commands, residualW, sunW, durationMs }: Piece): HybridPowers => {
  const hybrid = site.hybrid!;
  const controls = controlsOf(draft, hybrid.id, commands);
  const powers = stepHybrid(hybrid, draft, {
    residualW,
    sunW,
    ceilingW: commands.pvMaxW ?? ceilingW(controls, hybrid.ratedW),
    window: batteryWindow(commands, () => windowOf(controls, hybrid.pack, hybrid.ratedW)),
    reservePct: reservePct(controls),
    durationMs,
  });
  return powers;
};

const separatePiece = (
  site: VirtualSite,
  draft: SiteState,
  { commands, residualW, sunW, durationMs }: Piece,
): { pvW: Watt | undefined; batteryW: Watt } => {
  let pvW: Watt | undefined = 0;
  if (site.pv) {
    if (sunW === undefined) {
      [pvW, draft.pvOutputW] = [undefined, 0];
    } else {
      const limitW = commands.pvMaxW ?? ceilingW(controlsOf(draft, site.pv.id, commands), site.pv.ratedW);
      const output = stepPvInverter(draft.pvOutputW, sunW, limitW, site.pv.ratedW, durationMs);
      [pvW, draft.pvOutputW] = [output.meanW, output.endW];
    }
  }
  if (!site.battery || !draft.battery) return { pvW, batteryW: 0 };
  const { id, pack, ratedW } = site.battery;
  const controls = controlsOf(draft, id, commands);
  const window = batteryWindow(commands, () => windowOf(controls, pack, ratedW));
  const wantedW = residualW === undefined || pvW === undefined ? 0 : selfConsumptionW(residualW - pvW);
  const mostW = Math.min(ratedW, ceilingW(controls, ratedW));
  const targetW = Math.max(-ratedW, Math.min(mostW, withinWindow(wantedW, window, pack)));
  return { pvW, batteryW: stepBattery(draft.battery, pack, targetW, reservePct(controls), durationMs) };
};

const NO_CONTROLS: DeviceControls = { values: {}, revertsAtMs: {} };
const controlsOf = (draft: SiteState, deviceId: string, { deaf }: SiteCommands): DeviceControls =>
  (deaf?.has(deviceId) ? undefined : draft.controls[deviceId]) ?? NO_CONTROLS;

const count = (draft: SiteState, { gridW, pvW, batteryW, pvDcW }: SitePowers, durationMs: DurationMs): void => {
  const hours = durationMs / HOUR_MS;
  if (gridW !== undefined) {
    draft.meter.importWh += Math.max(0, gridW) * hours;
    draft.meter.exportWh += Math.max(0, -gridW) * hours;
  }
  if (draft.pv && pvW !== undefined) {
    draft.pv.producedWh += pvW * hours;
    draft.pv.dcWh += (pvDcW ?? pvW) * hours;
  }
  if (!draft.hybrid) return;
  draft.hybrid.acOutWh += Math.max(0, (pvW ?? 0) + (batteryW ?? 0)) * hours;
  draft.hybrid.batteryToBusWh += Math.max(0, batteryW ?? 0) * hours;
  draft.hybrid.batteryFromBusWh += Math.max(0, -(batteryW ?? 0)) * hours;
};
