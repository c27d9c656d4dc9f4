import { sum } from '../kernel/sum.js';
import { SECOND_MS, type EpochMs, type Watt } from '../kernel/units.js';
import type { Profile } from '../registers/profile.js';
import type { Words } from '../registers/words.js';
import { toldCharger } from './charger.js';
import { accepted, written } from './controls.js';
import { type DeviceView, viewOf } from './device-view.js';
import { DEFAULT_HEARTBEAT_S, GENERATOR_STATES, type GeneratorState } from './generator.js';
import { KebaImage } from './keba-image.js';
import { phasePowersW } from './phases.js';
import { type GensetWrite, ProfileImage, type ProfileValues } from './profile-image.js';
import type { SiteState } from './site-state.js';
import {
  arrayOf,
  inverterSetsOf,
  packOf,
  type VirtualCharger,
  type VirtualGenerator,
  type VirtualMeter,
  type VirtualSite,
} from './spec.js';
import { batteryContents, hybridContents, meterContents, pvContents } from './sunspec-devices.js';
import { type ModelContent, SunspecImage } from './sunspec-image.js';
import type { RegisterTable, VirtualUnit, WriteResult } from './virtual-unit.js';

/** Where a unit finds the state it shows and changes. `version` differs whenever the state does. */
export interface LiveState {
  readonly site: VirtualSite;
  readonly state: SiteState;
  readonly version: number;
  readonly nowMs: EpochMs;
  /** A client's write: takes effect at once in the registers, in the physics with the next step. */
  change(state: SiteState): void;
}

/** Encodes what changed when it is asked for, at most once for each version of the state. */
abstract class CachedUnit implements VirtualUnit {
  private shown = -1;

  constructor(
    readonly deviceId: string,
    protected readonly live: LiveState,
  ) {}

  abstract read(table: RegisterTable, address: number, count: number): Words | undefined;
  abstract write(address: number, words: Words): WriteResult;
  protected abstract refresh(view: DeviceView): void;

  protected show(): void {
    if (this.shown === this.live.version) return;
    this.refresh(viewOf(this.live.site, this.live.state, this.deviceId));
    this.shown = this.live.version;
  }
}

class SunspecUnit extends CachedUnit {
  private readonly image: SunspecImage;

  constructor(deviceId: string, live: LiveState, contents: readonly ModelContent[]) {
    super(deviceId, live);
    this.image = new SunspecImage(contents);
  }

  override read(table: RegisterTable, address: number, count: number): Words | undefined {
    if (table === 'input') return undefined;
    this.show();
    return this.image.read(address, count);
  }

  override write(address: number, words: Words): WriteResult {
    this.show();
    const asked = this.image.changes(address, words);
    if (typeof asked === 'string') return asked;
    const values: Record<string, number> = {};
    for (const [control, value] of asked) {
      const taken = accepted(control, value);
      if (taken === undefined) return 'no-such-value';
      values[control.key] = taken;
    }
    const { state, nowMs } = this.live;
    const controls = state.controls[this.deviceId];
    if (controls) this.live.change({ ...state, controls: { ...state.controls, [this.deviceId]: written(controls, values, nowMs) } });
    return 'taken';
  }

  protected override refresh(view: DeviceView): void {
    this.image.refresh(view);
  }
}

class ProfileUnit extends CachedUnit {
  constructor(
    deviceId: string,
    live: LiveState,
    private readonly image: ProfileImage,
    private readonly generator?: VirtualGenerator,
  ) {
    super(deviceId, live);
  }

  override read(table: RegisterTable, address: number, count: number): Words | undefined {
    this.show();
    return this.image.read(table, address, count);
  }

  override write(address: number, words: Words): WriteResult {
    const said = this.image.changes(address, words);
    if (typeof said === 'string') return said;
    const { state } = this.live;
    const generator = state.generators[this.deviceId];
    if (!generator || !this.generator) return 'no-such-address';
    const told = obeying(generator, this.generator, said);
    this.live.change({ ...state, generators: { ...state.generators, [this.deviceId]: told } });
    return 'taken';
  }

  protected override refresh(view: DeviceView): void {
    this.image.refresh(view);
  }
}

class ChargerUnit extends CachedUnit {
  private readonly image: KebaImage;

  constructor(live: LiveState, charger: VirtualCharger) {
    super(charger.id, live);
    this.image = new KebaImage(charger);
  }

  override read(table: RegisterTable, address: number, count: number): Words | undefined {
    this.show();
    return table === 'holding' ? this.image.read(address, count) : undefined;
  }

  override write(address: number, words: Words): WriteResult {
    const word = this.image.wordOf(address, words);
    if (typeof word === 'string') return word;
    const { state } = this.live;
    const told = toldCharger(state.chargers[this.deviceId]!, word);
    this.live.change({ ...state, chargers: { ...state.chargers, [this.deviceId]: told } });
    return 'taken';
  }

  protected override refresh(view: DeviceView): void {
    this.image.refresh(view);
  }
}

/** The controller limits its power to the engine's, and never runs without a heartbeat. */
const obeying = (state: GeneratorState, generator: VirtualGenerator, { run, powerW, heartbeatS }: GensetWrite): GeneratorState => {
  const next = { ...state };
  if (powerW !== undefined) next.powerW = Math.min(powerW, generator.maxW);
  if (heartbeatS !== undefined) next.heartbeatMs = heartbeatS * SECOND_MS;
  if (run !== undefined) next.run = run;
  if (run === true && next.heartbeatMs === 0) next.heartbeatMs = DEFAULT_HEARTBEAT_S * SECOND_MS;
  if (heartbeatS === 0 && run !== true) next.run = false;
  return next;
};

/** The units of a site, by unit id. */
export const unitsOf = (live: LiveState): ReadonlyMap<number, VirtualUnit> => {
  const { site } = live;
  const sunspec = (id: string, contents: readonly ModelContent[]): VirtualUnit => new SunspecUnit(id, live, contents);
  const units = new Map<number, VirtualUnit>([[site.meter.unitId, meterUnit(live, site.meter)]]);
  for (const { pv, battery, hybrid } of inverterSetsOf(site)) {
    if (pv) units.set(pv.unitId, sunspec(pv.id, pvContents(site, pv)));
    if (battery) units.set(battery.unitId, sunspec(battery.id, batteryContents(site, battery)));
    if (hybrid) units.set(hybrid.unitId, sunspec(hybrid.id, hybridContents(site, hybrid)));
  }
  for (const generator of site.generators ?? []) units.set(generator.unitId, gensetUnit(live, generator));
  for (const charger of site.chargers ?? []) units.set(charger.unitId, new ChargerUnit(live, charger));
  return units;
};

/** Most that a household's own loads draw at once. */
const HOUSEHOLD_W = 20_000;

/** The most that may flow through the connection, either way. */
const largestW = (site: VirtualSite): number => {
  const inverters = inverterSetsOf(site);
  const batteriesW = (way: 'maxChargeW' | 'maxDischargeW'): Watt => sum(inverters.map((each) => packOf(each)?.[way] ?? 0));
  const chargersW = sum((site.chargers ?? []).map(({ ratedW }) => ratedW));
  const generatorsW = sum((site.generators ?? []).map(({ maxW }) => maxW));
  return Math.max(
    HOUSEHOLD_W + chargersW + batteriesW('maxChargeW'),
    sum(inverters.map((each) => arrayOf(each)?.ratedW ?? 0)) + batteriesW('maxDischargeW') + generatorsW,
  );
};

const meterUnit = (live: LiveState, meter: VirtualMeter): VirtualUnit => {
  if (meter.map === 'sunspec-203') return new SunspecUnit(meter.id, live, meterContents(live.site, meter, largestW(live.site)));
  return new ProfileUnit(meter.id, live, new ProfileImage(meter.map, meterValues(meter)));
};

const meterValues = ({ direction }: VirtualMeter): ProfileValues => {
  const away = direction === -1;
  // Most meters show the currents of phases without a direction.
  const currentA =
    (phase: number) =>
    ({ site, state, voltageV }: DeviceView): number | undefined => {
      const powerW = phasePowersW(site, state)?.[phase];
      return powerW === undefined ? undefined : Math.abs(powerW) / voltageV;
    };
  return {
    currentAA: currentA(0),
    currentBA: currentA(1),
    currentCA: currentA(2),
    powerW: ({ state }) => (state.powers.gridW === undefined || !away ? state.powers.gridW : 0 - state.powers.gridW),
    importCounterWh: ({ state }) => (away ? state.meter.exportWh : state.meter.importWh),
    exportCounterWh: ({ state }) => (away ? state.meter.importWh : state.meter.exportWh),
    voltageV: ({ voltageV }) => voltageV,
    frequencyHz: ({ frequencyHz }) => frequencyHz,
  };
};

const gensetUnit = (live: LiveState, generator: VirtualGenerator): VirtualUnit => {
  const now = ({ state }: DeviceView): GeneratorState => state.generators[generator.id]!;
  const profile: Profile = generator.map;
  const values: ProfileValues = {
    generatorState: (view) => GENERATOR_STATES.indexOf(now(view).phase),
    powerW: ({ state }) => state.generatorMeansW[generator.id] ?? 0,
    generatorCounterWh: (view) => now(view).producedWh,
    fuelPct: (view) => (now(view).fuelLitres / generator.tankLitres) * 100,
    frequencyHz: (view) => (['warming-up', 'running', 'cooling-down'].includes(now(view).phase) ? view.frequencyHz : undefined),
  };
  const shown = {
    run: (view: DeviceView) => now(view).run,
    powerW: (view: DeviceView) => now(view).powerW,
    heartbeatS: (view: DeviceView) => Math.ceil(now(view).heartbeatMs / SECOND_MS),
  };
  return new ProfileUnit(generator.id, live, new ProfileImage(profile, values, shown), generator);
};
