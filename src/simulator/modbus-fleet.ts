import { BadInput } from '../kernel/errors.js';
import { floorTo } from '../kernel/interval.js';
import { type DurationMs, type EpochMs, SECOND_MS, type Watt } from '../kernel/units.js';
import type { Words } from '../registers/words.js';
import { type Answering, answering, devicesWith, EXCEPTION } from './faults.js';
import { MbapServer } from './mbap-server.js';
import { type SiteModel, siteModel, stepSite } from './site.js';
import { initialSite, seenBy, type SiteState } from './site-state.js';
import { type DeviceFault, inverterSetsOf, type VirtualSite } from './spec.js';
import { type LiveState, unitsOf } from './virtual-device.js';
import type { RegisterTable, VirtualUnit, WriteResult } from './virtual-unit.js';

/** All that a fleet needs to go on where it stopped. Plain JSON. */
export interface FleetState {
  readonly version: 1;
  readonly atMs: EpochMs;
  readonly sites: readonly SiteState[];
}

export interface FleetOptions {
  /** The plant's clock. */
  readonly now: () => EpochMs;
  /** `own` (the default) moves the fleet on every full second of `now`; `caller` leaves it to `tick`. */
  readonly ticks?: 'own' | 'caller';
  /** Sites found in it go on from there; those that are not begin anew. */
  readonly restore?: FleetState;
  /** Some device took what was written to it: the state is another one from now on. */
  readonly onWrite?: () => void;
}

/** What is so, whoever is asked: mean load, and what the sun would have given. Absent in a gap of replayed rows. */
export interface SiteTruth {
  readonly loadW?: Watt;
  readonly pvAvailableW?: Watt;
}

export interface RunningFleet {
  /** Where each site listens. */
  readonly addresses: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  /** Moves all sites on to the last full second that is not after `nowMs`. */
  tick(nowMs: EpochMs): void;
  /** The site as it stands. Throws where there is no such site. */
  stateOf(siteId: string): SiteState;
  truth(siteId: string, startMs: EpochMs, endMs: EpochMs): SiteTruth;
  /** Adds a fault; its times count from now. */
  inject(siteId: string, fault: DeviceFault): void;
  saveState(): FleetState;
  /** Closes every connection and port. */
  stop(): Promise<void>;
}

/**
 * Starts the virtual hardware: one Modbus TCP server for each site, which is moved on once a second. Reads between two
 * seconds see one moment. Throws `BadInput` naming every port that is taken, or devices that cannot be told apart; nothing
 * is left running then.
 */
export const startFleet = async (sites: readonly VirtualSite[], options: FleetOptions): Promise<RunningFleet> => {
  const faults = sites.flatMap(unitFaults);
  if (faults.length > 0) throw new BadInput(faults);
  const startedAtMs = options.now();
  const running = sites.map((site) => new RunningSite(siteModel(site), stateFor(site, options.restore, startedAtMs), startedAtMs, options));
  const ports = await listenAll(running);
  const byId = new Map(running.map((site) => [site.site.id, site]));
  const find = (siteId: string): RunningSite => {
    const site = byId.get(siteId);
    if (!site) throw new Error(`there is no simulated site ${siteId}`);
    return site;
  };
  const tick = (nowMs: EpochMs): void => {
    for (const site of running) site.moveTo(floorTo(nowMs, SECOND_MS));
  };
  tick(startedAtMs);
  const stopTicking = options.ticks === 'caller' ? () => undefined : tickEverySecond(options.now, tick);
  return {
    addresses: new Map(running.map(({ site }, i) => [site.id, { host: site.host, port: ports[i]! }])),
    tick,
    stateOf: (siteId) => find(siteId).state,
    truth: (siteId, startMs, endMs) => find(siteId).truth(startMs, endMs),
    inject: (siteId, fault) => find(siteId).inject(fault),
    saveState: () => ({ version: 1, atMs: floorTo(options.now(), SECOND_MS), sites: running.map((site) => site.state) }),
    stop: async () => {
      stopTicking();
      await Promise.all(running.map((site) => site.server.close()));
    },
  };
};

const unitFaults = (site: VirtualSite): string[] => {
  const inverters = inverterSetsOf(site).flatMap(({ pv, battery, hybrid }) => [pv, battery, hybrid]);
  const devices = [site.meter, ...inverters, ...(site.generators ?? []), ...(site.chargers ?? [])].filter((device) => device !== undefined);
  return devices.flatMap((device, i) => {
    const twin = devices.slice(0, i).find(({ id, unitId }) => id === device.id || unitId === device.unitId);
    return twin ? [`site ${site.id}: devices ${twin.id} and ${device.id} share an id or the unit id ${device.unitId}`] : [];
  });
};

/** A saved state is good for a site that still has the same devices. */
const stateFor = (site: VirtualSite, saved: FleetState | undefined, nowMs: EpochMs): SiteState => {
  // A second early, so that the first step is behind it when the first client asks.
  const fresh = initialSite(site, floorTo(nowMs, SECOND_MS) - SECOND_MS);
  const found = saved?.sites.find(({ siteId }) => siteId === site.id);
  // States that were saved before there were chargers have none of their own.
  const known = found && { ...found, chargers: found.chargers ?? fresh.chargers, chargerMeansW: found.chargerMeansW ?? {} };
  if (!known || shapeOf(known) !== shapeOf(fresh)) return fresh;
  // A clock that was set back cannot take energy back: time goes on from the earlier moment.
  return known.atMs > fresh.atMs ? { ...known, atMs: fresh.atMs } : known;
};

const shapeOf = ({ pv, battery, hybrid, further = {}, generators, chargers, controls }: SiteState): string => {
  const control = Object.entries(controls).flatMap(([id, { values }]) => Object.keys(values).map((key) => `${id} ${key}`));
  return JSON.stringify([
    !pv,
    !battery,
    !hybrid,
    Object.keys(further).sort(),
    Object.keys(generators).sort(),
    Object.keys(chargers).sort(),
    control.sort(),
  ]);
};

const listenAll = async (sites: readonly RunningSite[]): Promise<number[]> => {
  const results = await Promise.allSettled(sites.map(({ server, site }) => server.listen(site.host, site.port)));
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (refused.length === 0) return results.map((result) => (result as PromiseFulfilledResult<number>).value);
  await Promise.all(sites.map(({ server }) => server.close()));
  const other = refused.find((reason) => !(reason instanceof BadInput));
  throw other ?? new BadInput(refused.flatMap((reason) => (reason as BadInput).faults));
};

const tickEverySecond = (now: () => EpochMs, tick: (nowMs: EpochMs) => void): (() => void) => {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(
      () => {
        tick(now());
        wait();
      },
      SECOND_MS - (((now() % SECOND_MS) + SECOND_MS) % SECOND_MS),
    );
  };
  wait();
  return () => clearTimeout(timer);
};

/** One site on the wire. */
class RunningSite implements LiveState {
  readonly site: VirtualSite;
  readonly server: MbapServer;
  state: SiteState;
  version = 0;
  private readonly units: ReadonlyMap<number, VirtualUnit>;
  private faults: readonly DeviceFault[];

  constructor(
    private readonly model: SiteModel,
    state: SiteState,
    private readonly startedAtMs: EpochMs,
    private readonly options: Pick<FleetOptions, 'now' | 'onWrite'>,
  ) {
    this.site = model.site;
    this.state = state;
    this.faults = model.site.faults ?? [];
    this.units = unitsOf(this);
    this.server = new MbapServer({
      read: (unitId, table, address, count) => this.read(unitId, table, address, count),
      write: (unitId, address, words) => this.write(unitId, address, words),
    });
  }

  get nowMs(): EpochMs {
    return this.options.now();
  }

  change(state: SiteState): void {
    this.state = state;
    this.version += 1;
  }

  moveTo(atMs: EpochMs): void {
    const durationMs: DurationMs = atMs - this.state.atMs;
    if (durationMs <= 0) return;
    const devices = (kind: Parameters<typeof devicesWith>[0]) => devicesWith(kind, this.faults, atMs, this.startedAtMs);
    const commands = { failingStarts: devices('start-fails'), stuckTimers: devices('timer-stuck'), deaf: devices('deaf') };
    this.change(stepSite(this.model, this.state, commands, durationMs));
  }

  truth(startMs: EpochMs, endMs: EpochMs): SiteTruth {
    return { loadW: this.model.loadW(startMs, endMs), pvAvailableW: this.model.sunW(startMs, endMs) };
  }

  inject(fault: DeviceFault): void {
    const sinceStartMs = this.options.now() - this.startedAtMs;
    this.faults = [...this.faults, fault.kind === 'meter-gaps' ? fault : { ...fault, afterMs: fault.afterMs + sinceStartMs }];
  }

  private read(unitId: number, table: RegisterTable, address: number, count: number): Words | number | 'silent' {
    const unit = this.answeringUnit(unitId);
    return typeof unit === 'object' ? (unit.read(table, address, count) ?? EXCEPTION.illegalAddress) : unit;
  }

  private write(unitId: number, address: number, words: Words): WriteResult | number | 'silent' {
    const unit = this.answeringUnit(unitId);
    if (typeof unit !== 'object') return unit;
    const result = unit.write(address, words);
    if (result === 'taken') this.options.onWrite?.();
    return result;
  }

  private answeringUnit(unitId: number): VirtualUnit | number | 'silent' {
    const unit = this.units.get(unitId);
    if (!unit) return EXCEPTION.gatewayTargetSilent;
    const now: Answering = answering(this.faults, unit.deviceId, this.options.now(), this.startedAtMs);
    if (typeof now === 'object') return now.exception;
    if (now === 'silent') return now;
    return this.knowsNothing(unit.deviceId) ? EXCEPTION.deviceFailure : unit;
  }

  /** In a gap of replayed rows the meter and the sun's inverter have nothing to say, and nothing is made up for them. */
  private knowsNothing(deviceId: string): boolean {
    const {
      site,
      state: { powers },
    } = seenBy(this.site, this.state, deviceId);
    if (deviceId === site.meter.id) return powers.gridW === undefined && powers.batteryW !== undefined;
    if (deviceId === site.pv?.id || deviceId === site.hybrid?.id) return powers.pvW === undefined && powers.batteryW !== undefined;
    return false;
  }
}
