import { CycleMemory } from '../../dispatch/cycle-memory.js';
import { decide } from '../../dispatch/decide.js';
import type { Decision, DecisionInput, DeviceDecision } from '../../dispatch/decision.js';
import { LoadRuns } from '../../dispatch/load-runs.js';
import { RunTimes } from '../../dispatch/run-times.js';
import { SilentLoads } from '../../dispatch/silent-load.js';
import { LEASE_MS, leaseWrites } from '../../dispatch/lease-writes.js';
import type { DeviceId, Plant } from '../../fleet/plant.js';
import { sum } from '../../kernel/sum.js';
import { type DurationMs, type Watt } from '../../kernel/units.js';
import type { Profile } from '../../registers/profile.js';
import { readDevice, stepSite } from '../../simulator/index.js';
import { plantImage } from '../../telemetry/plant-image.js';
import { ScenarioField } from './scenario-field.js';
import { type HappeningOf, type Scenario, those } from './scenario-file.js';
import { type LivingSite, livingSites, plantOf } from './scenario-plant.js';
import { type PlantTime, ScenarioPolls } from './scenario-polls.js';
import { wishesAt } from './scenario-wishes.js';

/** Physics go on in steps of this: short against every ramp of a device. */
const STEP_MS = 500;

/** One cycle: powers are means over it, in the house's sign, by `SITE.grid` and the like; owners are those that held the devices in it. */
export interface Moment {
  readonly atMs: DurationMs;
  readonly powersW: Readonly<Record<string, Watt>>;
  readonly socPct: Readonly<Record<string, number>>;
  readonly owners: Readonly<Record<DeviceId, string>>;
  readonly reasons: Readonly<Record<DeviceId, string>>;
  readonly shared?: Decision['shared'];
}

export interface Recording {
  readonly moments: readonly Moment[];
  readonly writes: ReadonlyMap<DeviceId, number>;
  readonly starts: ReadonlyMap<DeviceId, number>;
}

/** Hears of each decision and what it rested on, which the next cycle may change. */
export type DecisionListener = (input: DecisionInput, decision: Decision) => void;

/**
 * Lives through a scenario on virtual time: the simulator's physics, the plant's own image, decision and leases. The same scenario
 * gives the same recording. `handsOff`: nothing is ever decided, and devices do what they do by themselves.
 */
export const runScenario = (scenario: Scenario, genset: Profile, handsOff = false, onDecided?: DecisionListener): Recording =>
  new ScenarioRun(scenario, genset, handsOff, onDecided).run();

class ScenarioRun {
  private readonly plant: Plant;
  private readonly sites: LivingSite[];
  private readonly field = new ScenarioField();
  private readonly polls = new ScenarioPolls();
  private readonly moments: Moment[] = [];
  private readonly loadRuns = new LoadRuns();
  private readonly generatorTimes = new RunTimes('generator-runs.json');
  private readonly silentLoads = new SilentLoads();
  private memory = new CycleMemory(this.loadRuns, this.generatorTimes, this.silentLoads);
  private sums: Record<string, Watt> = {};
  private decision: Decision | undefined;
  private wasDead = false;
  private wasReleased = false;

  constructor(
    private readonly scenario: Scenario,
    genset: Profile,
    private readonly handsOff: boolean,
    private readonly onDecided: DecisionListener | undefined,
  ) {
    this.plant = plantOf(scenario);
    this.sites = livingSites(scenario, this.plant, genset);
    this.field.inherit(this.sites, scenario.start);
  }

  run(): Recording {
    const { cycle, for: lengthMs } = this.scenario;
    for (let atMs = 0; atMs < lengthMs; atMs += STEP_MS) {
      for (const living of this.sites) this.step(living, atMs);
      if ((atMs + STEP_MS) % cycle === 0) this.cycle(atMs + STEP_MS);
    }
    const starts = new Map(
      this.sites.flatMap(({ state }) => Object.entries(state.generators).map(([id, { starts: count }]) => [id, count])),
    );
    return { moments: this.moments, writes: this.field.writes, starts };
  }

  private step(living: LivingSite, atMs: DurationMs): void {
    const nowMs = this.scenario.start + atMs;
    const failingStarts = new Set(this.going('startFails', atMs).map((one) => one.startFails));
    const commands = this.field.commandsFor(living, nowMs, STEP_MS, {
      isDeaf: (id) => this.isGoing('deaf', id, atMs),
      isLost: (id) => this.isGoing('lost', id, atMs),
      failingStarts,
    });
    living.state = stepSite(living.model, living.state, commands, STEP_MS);
    this.polls.keep(living, nowMs + STEP_MS);
    for (const [name, powerW] of powersOf(living)) this.sums[name] = (this.sums[name] ?? 0) + powerW;
  }

  private cycle(atMs: DurationMs): void {
    const realMs = this.scenario.start + atMs;
    const leaptMs = sum(those(this.scenario.happens, 'clockJumps').map((one) => (one.at <= atMs ? one.clockJumps : 0)));
    this.record(atMs);
    const isDead = this.going('dead', atMs).length > 0;
    if (isDead) this.decision = undefined;
    if (this.wasDead && !isDead) this.startAgain();
    this.wasDead = isDead;
    if (!isDead) {
      for (const living of this.sites) {
        const says = (what: 'frozen' | 'alone'): boolean => this.isGoing(what, living.site.id, atMs);
        this.polls.poll(living, { realMs, leaptMs }, this.silentAt(atMs), { isFrozen: says('frozen'), isAlone: says('alone') });
      }
      if (!this.handsOff) this.control(atMs, { realMs, leaptMs });
    }
  }

  private control(atMs: DurationMs, { realMs, leaptMs }: PlantTime): void {
    const nowMs = realMs + leaptMs;
    const isReleased = this.going('released', atMs).length > 0;
    if (isReleased && !this.wasReleased) this.field.releaseAll(this.silentAt(atMs));
    this.wasReleased = isReleased;
    this.decision = undefined;
    if (isReleased) return;
    const image = plantImage(this.plant, this.polls.states, nowMs);
    const wishes = wishesAt(this.scenario, this.plant, nowMs);
    const seen = this.memory.look(this.plant, image, wishes.lockedOut, leaptMs);
    const input = { ...wishes, ...seen, atMs: nowMs, plant: this.plant };
    this.decision = decide(input);
    this.onDecided?.(input, this.decision);
    this.memory.note(this.plant, image, this.decision);
    const { assert, release } = leaseWrites(this.decision, this.field.leases({ realMs, leaptMs }), LEASE_MS);
    for (const { deviceId, control } of release) this.field.release(deviceId, control, this.silentAt(atMs));
    this.field.assert(assert, leaptMs, this.silentAt(atMs));
  }

  private startAgain(): void {
    this.memory = new CycleMemory(this.loadRuns, this.generatorTimes, this.silentLoads);
    this.polls.forget();
    this.field.forget();
  }

  private record(atMs: DurationMs): void {
    const steps = this.scenario.cycle / STEP_MS;
    const powersW = Object.fromEntries(Object.entries(this.sums).map(([name, sumW]) => [name, sumW / steps]));
    powersW['fleet.grid'] = sum(this.sites.map(({ site }) => powersW[`${site.id}.grid`]!));
    this.sums = {};
    const socPct = Object.fromEntries(this.sites.flatMap(chargesOf));
    const devices = this.decision?.devices ?? [];
    const shared = this.decision?.shared;
    const moment = { atMs, powersW, socPct, owners: namesOf(devices, ownerOf), reasons: namesOf(devices, reasonOf) };
    this.moments.push(shared ? { ...moment, shared } : moment);
  }

  private going<Key extends string>(key: Key, atMs: DurationMs): HappeningOf<Key>[] {
    return those(this.scenario.happens, key).filter((one) => 'for' in one && one.at <= atMs && atMs < one.at + one.for);
  }

  private isGoing(key: string, subject: string, atMs: DurationMs): boolean {
    return this.going(key, atMs).some((one) => (one as Record<string, unknown>)[key] === subject);
  }

  private silentAt(atMs: DurationMs): (id: DeviceId) => boolean {
    return (id) => this.isGoing('silent', id, atMs) || this.isGoing('lost', id, atMs);
  }
}

/** In %, of each battery and, by what they hold together, of the site. */
const chargesOf = ({ site, model, state }: LivingSite): [string, number][] => {
  const batteries = site.devices.filter(({ battery }) => battery !== undefined);
  if (batteries.length === 0) return [];
  const charges = batteries.map(({ id }): [string, number] => [id, readDevice(model.site, state, id)?.['battery.socPct'] ?? 0]);
  const capacityWh = sum(batteries.map(({ battery }) => battery!.capacityWh));
  const meanPct = sum(batteries.map(({ battery }, index) => battery!.capacityWh * charges[index]![1])) / capacityWh;
  return [[site.id, meanPct], ...charges];
};

const powersOf = ({ site, model, state }: LivingSite): [string, Watt][] => {
  const { gridW = 0, batteryW = 0, pvW = 0, loadW = 0 } = state.powers;
  let givenW = sum(Object.values(state.generatorMeansW));
  const inverters = site.devices.flatMap(({ id, role }): [string, Watt][] => {
    if (role !== 'pv' && role !== 'battery' && role !== 'hybrid') return [];
    const { 'pv.powerW': sunW = 0, 'battery.powerW': ownBatteryW = 0 } = readDevice(model.site, state, id) ?? {};
    const leavesW = sunW + ownBatteryW;
    givenW += Math.max(0, leavesW);
    const parts: [string, Watt][] =
      role === 'hybrid'
        ? [
            [`${id}.sun`, sunW],
            [`${id}.battery`, ownBatteryW],
          ]
        : [];
    return [[id, leavesW], ...parts];
  });
  return [
    [`${site.id}.grid`, gridW],
    [`${site.id}.battery`, batteryW],
    [`${site.id}.sun`, pvW],
    [`${site.id}.load`, loadW],
    [`${site.id}.given`, givenW],
    ...inverters,
    ...Object.entries(state.generatorMeansW),
    ...Object.entries(state.chargerMeansW).map(([id, drawnW]): [string, Watt] => [id, 0 - drawnW]),
  ];
};

const ownerOf = ({ owner, setpoint }: DeviceDecision): string => (setpoint ? owner : 'nobody');
const reasonOf = ({ reason, cuts }: DeviceDecision): string => [reason, ...cuts.map(({ by, why }) => `${by}: ${why}`)].join('; ');

/** By device; of a hybrid's two controls both, the battery's last. */
const namesOf = (devices: readonly DeviceDecision[], nameOf: (decision: DeviceDecision) => string): Record<DeviceId, string> => {
  const names: Record<DeviceId, string> = {};
  for (const decision of devices) names[decision.deviceId] = [names[decision.deviceId], nameOf(decision)].filter(Boolean).join(', ');
  return names;
};
