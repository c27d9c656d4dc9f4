import { sum } from '../kernel/sum.js';
import { type DurationMs, type EpochMs, HOUR_MS, meanPowerW, MINUTE_MS, type Watt } from '../kernel/units.js';
import { type CarVisits, carVisits } from './car-visits.js';
import { stepCharger } from './charger.js';
import { gridVoltageV } from './grid.js';
import { expired } from './controls.js';
import { type GeneratorCommand, stepGenerator } from './generator.js';
import { cabinetLoadW, householdLoad } from './household.js';
import { replayed } from './replay.js';
import { type InverterCommands, type InverterPowers, stepInverters } from './site-inverters.js';
import type { InvertersState, SitePowers, SiteState } from './site-state.js';
import { arrayOf, type FurtherInverter, type Inverters, inverterId, type VirtualSite } from './spec.js';
import { sunlight } from './sunlight.js';

/**
 * A longer step is taken in pieces of this: short enough that sun and load which take turns do not cancel out before they
 * meet the meter and the battery, and thirty days of history still take a second or two.
 */
const PIECE_MS = 5 * MINUTE_MS;
/** A step of any length costs at most this many pieces. */
const MOST_PIECES = 5_000;

/** Over a stretch of time; absent where replayed rows have a gap. */
type MeanPower = (startMs: EpochMs, endMs: EpochMs) => Watt | undefined;

/** A site with all that is worked out about it once. */
export interface SiteModel {
  readonly site: VirtualSite;
  /** Mean load. */
  readonly loadW: MeanPower;
  /** Mean AC power that the sun allows its first inverter, and the further ones, by their ids. */
  readonly sunW: MeanPower;
  readonly furtherSunW: ReadonlyMap<string, MeanPower>;
  /** When cars are at each of its chargers. */
  readonly cars: ReadonlyMap<string, CarVisits>;
}

export const siteModel = (site: VirtualSite): SiteModel => {
  const cars = new Map((site.chargers ?? []).map((charger) => [charger.id, carVisits(site, charger)]));
  const further = site.further ?? [];
  const { load } = site;
  if (load.kind === 'replay') {
    const at = replayed(load.rows);
    const peaksW = [site, ...further.filter(({ rows }) => !rows)].map((inverters: Inverters) => arrayOf(inverters)?.array.peakW ?? 0);
    const allW = sum(peaksW);
    const sunOf = (inverters: Inverters): MeanPower => {
      const share = arrayOf(inverters)!.array.peakW / allW;
      return (startMs, endMs) => scaled(at(startMs, endMs)?.pvW, share);
    };
    const sunW = arrayOf(site) && allW > 0 ? sunOf(site) : NO_SUN;
    return { site, cars, loadW: (startMs, endMs) => at(startMs, endMs)?.loadW, sunW, furtherSunW: furtherSuns(further, sunOf) };
  }
  const cabinetW = load.meanW ?? cabinetLoadW(site);
  const sunOf = (inverters: Inverters): MeanPower => sunlight(site, arrayOf(inverters)!.array);
  return {
    site,
    cars,
    loadW: site.kind === 'home' ? householdLoad(site, load.meanW) : () => cabinetW,
    sunW: arrayOf(site) ? sunOf(site) : NO_SUN,
    furtherSunW: furtherSuns(further, sunOf),
  };
};

const NO_SUN: MeanPower = () => 0;
const scaled = (powerW: Watt | undefined, share: number): Watt | undefined => (powerW === undefined ? undefined : powerW * share);

const furtherSuns = (further: readonly FurtherInverter[], sunOf: (inverters: Inverters) => MeanPower): Map<string, MeanPower> =>
  new Map(
    further.flatMap((inverter) => {
      if (!arrayOf(inverter)) return [];
      const at = inverter.rows && replayed(inverter.rows);
      return [[inverterId(inverter), at ? (startMs, endMs) => at(startMs, endMs)?.pvW : sunOf(inverter)]];
    }),
  );

/** What is asked of a site's devices for one step, past their registers; what is absent is left to the registers. */
export interface SiteCommands extends InverterCommands {
  /** Of its further inverters, by their ids. */
  readonly further?: Readonly<Record<string, InverterCommands>>;
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
  const [sums, byInverter] = [new PowerSums(), new Map<string, PowerSums>()];
  const add = (id: string, powers: SitePowers, lengthMs: DurationMs): void => {
    const own = byInverter.get(id) ?? new PowerSums();
    byInverter.set(id, own);
    own.add(powers, lengthMs);
  };
  takeCommands(draft, commands, durationMs);
  while (draft.atMs < endMs) {
    const lengthMs = Math.min(pieceMs, endMs - draft.atMs);
    sums.add(stepPiece(model, draft, commands, lengthMs, add), lengthMs);
    draft.atMs += lengthMs;
  }
  draft.powers = sums.means(durationMs);
  for (const [id, own] of byInverter) {
    if (id === FIRST) draft.firstPowers = own.means(durationMs);
    else draft.further![id]!.powers = own.means(durationMs);
  }
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
  ...draftOfInverters(state),
  meter: { ...state.meter },
  ...(state.further
    ? {
        further: Object.fromEntries(Object.entries(state.further).map(([id, own]) => [id, { ...own, ...draftOfInverters(own) }])),
      }
    : {}),
  generators: Object.fromEntries(Object.entries(state.generators).map(([id, generator]) => [id, { ...generator }])),
  generatorMeansW: {},
  chargers: Object.fromEntries(Object.entries(state.chargers).map(([id, charger]) => [id, { ...charger }])),
  chargerMeansW: {},
  controls: { ...state.controls },
});

const draftOfInverters = ({ pv, battery, hybrid }: InvertersState): Pick<InvertersState, 'pv' | 'battery' | 'hybrid'> => ({
  ...(pv ? { pv: { ...pv } } : {}),
  ...(battery ? { battery: { ...battery } } : {}),
  ...(hybrid ? { hybrid: { ...hybrid } } : {}),
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
    for (const [key, total] of this.sums) if (!this.unknown.has(key)) means[key] = total / durationMs;
    return means;
  }
}

/** Those that a site names first, whose ids nobody asks for. */
const FIRST = '';

const stepPiece = (
  model: SiteModel,
  draft: SiteState,
  commands: SiteCommands,
  durationMs: DurationMs,
  add: (id: string, powers: SitePowers, durationMs: DurationMs) => void,
): SitePowers => {
  const { site, furtherSunW } = model;
  expireControls(draft, commands);
  const [startMs, endMs] = [draft.atMs, draft.atMs + durationMs];
  const loadW = model.loadW(startMs, endMs);
  const generatorW = generatorsPiece(site, draft, commands, durationMs);
  const chargersW = chargersPiece(model, draft, commands, durationMs);
  let residualW = loadW === undefined ? undefined : loadW + chargersW - generatorW;
  const step = (inverters: Inverters, state: InvertersState, sunAt: MeanPower | undefined, own: InverterCommands): InverterPowers => {
    const sunW = sunAt?.(startMs, endMs);
    const powers = stepInverters(inverters, state, draft.controls, { ...own, deaf: commands.deaf }, { residualW, sunW, durationMs });
    residualW = residualW === undefined || powers.pvW === undefined ? undefined : residualW - powers.pvW - powers.batteryW;
    return powers;
  };
  const stepFurther = (which: (inverter: Inverters) => boolean): InverterPowers[] =>
    (site.further ?? []).filter(which).map((inverter) => {
      const id = inverterId(inverter);
      const powers = step(inverter, draft.further![id]!, furtherSunW.get(id) ?? NO_SUN, commands.further?.[id] ?? {});
      add(id, powers, durationMs);
      return powers;
    });
  // Batteries see the sun of all roofs, and each what those before it left.
  const roofs = stepFurther(({ pv }) => pv !== undefined);
  const first = step(site, draft, model.sunW, commands);
  const powers = site.further ? together([first, ...roofs, ...stepFurther(({ pv }) => pv === undefined)]) : first;
  if (site.further) add(FIRST, first, durationMs);
  const gridW = residualW;
  countMeter(draft, gridW, durationMs);
  return { loadW, chargersW, gridW, generatorW, ...powers };
};

/** Unknown as soon as one of them is. */
const together = (all: readonly InverterPowers[]): InverterPowers => {
  const sumOf = (key: keyof InverterPowers): Watt | undefined =>
    all.some((powers) => key in powers && powers[key] === undefined) ? undefined : sum(all.map((powers) => powers[key] ?? 0));
  return { pvW: sumOf('pvW'), pvAvailableW: sumOf('pvAvailableW'), batteryW: sumOf('batteryW')! };
};

const countMeter = ({ meter }: SiteState, gridW: Watt | undefined, durationMs: DurationMs): void => {
  if (gridW === undefined) return;
  const hours = durationMs / HOUR_MS;
  meter.importWh += Math.max(0, gridW) * hours;
  meter.exportWh += Math.max(0, -gridW) * hours;
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
