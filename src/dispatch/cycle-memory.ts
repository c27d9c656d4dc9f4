import { type Device, type DeviceId, devicesOf, type Plant, type Site, type SiteId } from '../fleet/plant.js';
import { clamp, type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import type { SampleValues } from '../field/sample.js';
import type { Setpoint } from '../field/setpoint.js';
import { type PlantImage, type SiteNow, withPowers } from '../telemetry/image.js';
import { type Pace, paced, type Paces } from './battery-pace.js';
import { type Following, followed } from './following.js';
import { estimateSite, meterLagMs, noteTold, type SiteTrace } from './connection-estimate.js';
import type { Decision, DecisionInput } from './decision.js';
import { courseWith } from './generator-course.js';
import { leapAll } from './leap.js';
import { LoadRuns } from './load-runs.js';
import { type Bound, boundBy, type Overshoot, overshot } from './overshoot.js';
import { type Taking, watchTaking } from './load-taking.js';
import { type RunTime, RunTimes } from './run-times.js';
import { SilentLoads } from './silent-load.js';
import { SunRests } from './sun-rest.js';
import { watchGenerator, type WatchedGenerator } from './generator-watch.js';

/** What a device was told: a battery a power, a flexible load the most it may draw. */
type Told = Extract<Setpoint, { kind: 'battery-power' | 'load-limit' }>;

/** In the house's sign. */
const powerOf = (told: Told): Watt => (told.kind === 'battery-power' ? told.powerW : 0 - told.maxW);

/** What a device gives, as far as it is held against what it was told: a load may draw less. */
const givenAgainst = (told: Told, values: SampleValues | undefined): Watt | undefined => {
  if (told.kind === 'battery-power') return values?.['battery.powerW'];
  const givesW = values?.['flexible.powerW'];
  return givesW === undefined ? undefined : Math.min(givesW, 0 - told.maxW);
};

const leftBehind = (run: RunTime | undefined): WatchedGenerator | undefined => run && { ...run, failedStarts: 0 };

type Seen = Pick<
  DecisionInput,
  'image' | 'generators' | 'loadRuns' | 'takings' | 'unfollowing' | 'paces' | 'overshoots' | 'restingSun' | 'silentLoads'
>;

/** Devices that are watched for what they are, worked out once for a plant. */
interface Watched {
  readonly plant: Plant;
  readonly generators: readonly Device[];
  readonly loads: readonly Device[];
}

/**
 * What a cycle knows from those before it. It begins empty with the process, and is seen anew within seconds. Since when generators and flexible
 * loads run or stand, and what houses draw, outlives it.
 */
export class CycleMemory {
  private readonly traces = new Map<SiteId, SiteTrace>();
  private readonly takings = new Map<DeviceId, Taking>();
  private readonly generators = new Map<DeviceId, WatchedGenerator>();
  private watched: Watched | undefined;
  private readonly lags = new WeakMap<Site, DurationMs>();
  private readonly following = new Map<DeviceId, Following>();
  private readonly paces = new Map<DeviceId, Pace>();
  private readonly overshoots = new Map<DeviceId, Overshoot>();
  /** Batteries that were told to go as far as a limit lets them. */
  private bound = new Map<DeviceId, Bound>();
  private asked = new Set<DeviceId>();
  private readonly sunRests = new SunRests();
  /** What engines are to come to. */
  private comingTo = new Map<DeviceId, Watt>();
  private leaptMs: DurationMs | undefined;
  private told = new Map<DeviceId, Told>();

  /** What outlives it. */
  constructor(
    private readonly loadRuns = new LoadRuns(),
    private readonly generatorTimes = new RunTimes('generator-runs.json'),
    private readonly silentLoads = new SilentLoads(),
  ) {}

  /** Takes up what an earlier plant has left in the folder, and keeps there what has to outlive this one. */
  rememberIn(dataDir: string, nowMs: EpochMs): void {
    this.loadRuns.rememberIn(dataDir, nowMs);
    this.generatorTimes.rememberIn(dataDir, nowMs);
    this.silentLoads.rememberIn(dataDir, nowMs);
  }

  /**
   * The image as it is to be decided on, its connections put right for late and frozen meters, and how the generators stand. `leaptMs`: how far
   * the clock has leapt ahead in all, which is no time that passed.
   */
  look(plant: Plant, image: PlantImage, lockedOut: ReadonlySet<DeviceId>, leaptMs: DurationMs = 0): Seen {
    this.leap(leaptMs - (this.leaptMs ?? leaptMs));
    this.leaptMs = leaptMs;
    const { generators, loads } = this.watchedOf(plant);
    this.watchGenerators(generators, image, lockedOut);
    this.loadRuns.see(loads, image, (id) => this.toldW(id) === 0);
    this.watchTakings(loads, image);
    const unfollowing = this.watchFollowing(image);
    const sites = new Map<SiteId, SiteNow>();
    for (const site of plant.sites) {
      const now = image.sites.get(site.id);
      if (now) sites.set(site.id, this.connection(site, now, image));
    }
    return {
      image: { ...image, sites },
      generators: new Map(this.generators),
      loadRuns: new Map(this.loadRuns.now()),
      takings: new Map(this.takings),
      unfollowing,
      paces: this.pacesNow(),
      overshoots: this.watchOvershoots(image, unfollowing),
      restingSun: this.sunRests.see(image),
      silentLoads: this.silentLoads.at(image.atMs),
    };
  }

  /** Takes down what was decided, since it takes a while to show. */
  note(plant: Plant, image: PlantImage, { atMs, devices }: Decision): void {
    this.told = new Map();
    this.asked = new Set();
    this.comingTo = new Map();
    this.bound = new Map();
    this.sunRests.forgetLimits();
    for (const { deviceId, setpoint, cuts, comesToW } of devices) {
      const bound = setpoint?.kind === 'battery-power' && boundBy(cuts, setpoint.powerW, this.overshoots.get(deviceId)?.insideW ?? 0);
      if (bound) this.bound.set(deviceId, bound);
      if (setpoint?.kind === 'generator') this.comingTo.set(deviceId, comesToW ?? setpoint.powerW);
      if (setpoint?.kind === 'battery-power' || setpoint?.kind === 'load-limit') this.told.set(deviceId, setpoint);
      else if (setpoint?.kind === 'pv-limit') this.sunRests.limits(deviceId);
      else if (setpoint?.kind === 'generator' && setpoint.run) this.asked.add(deviceId);
    }
    for (const site of plant.sites) {
      const trace = this.traces.get(site.id);
      if (trace) noteTold(trace, this.toldToChangeW(site, image), atMs);
    }
  }

  /** What houses whose meter is silent draw is known for no longer than the clock says: it may be that this computer slept. */
  private leap(byMs: DurationMs): void {
    if (byMs === 0) return;
    for (const known of [this.traces, this.takings, this.following, this.paces, this.overshoots, this.generators]) leapAll(known, byMs);
    this.generatorTimes.leap(byMs);
    this.sunRests.leap(byMs);
    this.loadRuns.leap(byMs);
  }

  /** By how much its batteries and flexible loads, told to, may give more than they do before the meter has shown it. */
  private toldToChangeW(site: Site, image: PlantImage): Watt {
    let changeW: Watt = 0;
    for (const { id, battery, flexibleLoad } of site.devices) {
      const wasTold = battery || flexibleLoad ? this.told.get(id) : undefined;
      const powerW = wasTold && givenAgainst(wasTold, image.devices.get(id)?.values);
      if (!wasTold || powerW === undefined) continue;
      const openW = powerOf(wasTold) - powerW;
      const wPerS = this.paces.get(id)?.wPerS;
      const movesW = wPerS === undefined ? Infinity : (wPerS * this.lagMs(site)) / SECOND_MS;
      changeW += clamp(openW, -movesW, movesW);
    }
    return changeW;
  }

  private toldW(id: DeviceId): Watt | undefined {
    const told = this.told.get(id);
    return told && powerOf(told);
  }

  takingsNow(): ReadonlyMap<DeviceId, Taking> {
    return this.takings;
  }

  generatorsNow(): ReadonlyMap<DeviceId, WatchedGenerator> {
    return this.generators;
  }

  private connection(site: Site, now: SiteNow, { atMs }: PlantImage): SiteNow {
    const before = this.traces.get(site.id);
    const estimate = estimateSite(before, now, atMs, this.lagMs(site));
    if (estimate.kind === 'unknown') {
      if (before) this.silentLoads.lost(site.id, before.loadW, atMs);
      this.traces.delete(site.id);
      return now;
    }
    this.traces.set(site.id, estimate.trace);
    // The last word of a meter that stands still is none: before that shows, its house has long been taken for what moved behind it.
    if (estimate.kind === 'frozen') this.silentLoads.lost(site.id, undefined, atMs);
    else this.silentLoads.seen(site.id, estimate.trace.loadW);
    return withPowers(now, { grid: estimate.kind === 'estimate' ? estimate.gridW : undefined, flexible: now.powersW.flexible });
  }

  private watchedOf(plant: Plant): Watched {
    if (this.watched?.plant === plant) return this.watched;
    const devices = devicesOf(plant);
    const [generators, loads] = [devices.filter(({ generator }) => generator), devices.filter(({ flexibleLoad }) => flexibleLoad)];
    this.watched = { plant, generators, loads };
    return this.watched;
  }

  private lagMs(site: Site): DurationMs {
    const known = this.lags.get(site);
    if (known !== undefined) return known;
    const lagMs = meterLagMs(site);
    this.lags.set(site, lagMs);
    return lagMs;
  }

  private watchFollowing(image: PlantImage): ReadonlySet<DeviceId> {
    const unfollowing = new Set<DeviceId>();
    for (const deviceId of this.following.keys()) if (!this.told.has(deviceId)) this.following.delete(deviceId);
    this.told.forEach((wasTold, deviceId) => {
      const device = image.devices.get(deviceId);
      const givesW = givenAgainst(wasTold, device?.values);
      if (givesW === undefined) return;
      const way = { toldW: powerOf(wasTold), givesW };
      const before = this.following.get(deviceId);
      const now = followed(before, way, image.atMs);
      if (now !== before) this.following.set(deviceId, now);
      if (!now.follows) unfollowing.add(deviceId);
      if (wasTold.kind === 'battery-power' && device?.readAtMs !== undefined) this.watchPace(deviceId, way, device.readAtMs);
    });
    return unfollowing;
  }

  private watchPace(deviceId: DeviceId, way: { readonly toldW: Watt; readonly givesW: Watt }, readAtMs: EpochMs): void {
    const before = this.paces.get(deviceId);
    const now = paced(before, way, readAtMs);
    if (now === before) return;
    if (now) this.paces.set(deviceId, now);
    else this.paces.delete(deviceId);
  }

  private pacesNow(): Paces {
    const known = new Map<DeviceId, number>();
    for (const [deviceId, { wPerS }] of this.paces) if (wPerS !== undefined) known.set(deviceId, wPerS);
    return known;
  }

  /** Where one rests that does not follow says nothing about where it rests when it does. */
  private watchOvershoots({ devices, atMs }: PlantImage, unfollowing: ReadonlySet<DeviceId>): ReadonlyMap<DeviceId, Overshoot> {
    for (const deviceId of this.overshoots.keys())
      if (!this.bound.has(deviceId) || unfollowing.has(deviceId)) this.overshoots.delete(deviceId);
    const found = new Map<DeviceId, Overshoot>();
    this.bound.forEach((bound, deviceId) => {
      const givesW = devices.get(deviceId)?.values['battery.powerW'];
      if (givesW === undefined || unfollowing.has(deviceId)) return;
      const now = overshot(this.overshoots.get(deviceId), bound, givesW, atMs);
      this.overshoots.set(deviceId, now);
      if (now.insideW > 0) found.set(deviceId, now);
    });
    return found;
  }

  private watchTakings(loads: readonly Device[], { devices, atMs }: PlantImage): void {
    for (const { id, ratedW, flexibleLoad } of loads) {
      const now = devices.get(id);
      // What is silent holds what it was told last, which its decision does not say.
      if (now?.health !== 'online') continue;
      const toldW = this.toldW(id);
      const limit = { ratedPhases: flexibleLoad!.phases, mayW: toldW === undefined ? ratedW : 0 - toldW };
      this.takings.set(id, watchTaking(this.takings.get(id), now.values, limit, atMs));
    }
  }

  private watchGenerators(generators: readonly Device[], image: PlantImage, lockedOut: ReadonlySet<DeviceId>): void {
    let changed = false;
    for (const { id, generator } of generators) {
      const { values, readAtMs } = image.devices.get(id) ?? {};
      const [state, givesW] = [values?.['generator.state'], values?.['generator.powerW']];
      if (!generator || state === undefined) continue;
      const known = this.generators.get(id) ?? leftBehind(this.generatorTimes.get(id));
      // Who locks it out, or ends that, has looked at it.
      const before = known && lockedOut.has(id) ? { running: known.running, sinceMs: known.sinceMs, failedStarts: 0 } : known;
      const comesToW = this.comingTo.get(id);
      const watched = watchGenerator(before, { state, asked: this.asked.has(id) }, generator, image.atMs);
      const course = givesW === undefined || readAtMs === undefined ? undefined : courseWith(known?.course, givesW, readAtMs);
      this.generators.set(id, { ...watched, ...(course && { course }), ...(comesToW !== undefined && { comesToW }) });
      if (watched.running !== known?.running || watched.sinceMs !== known.sinceMs) changed = true;
    }
    if (changed) this.generatorTimes.keep(this.generators);
  }
}
