import { AdapterError } from '../../kernel/errors.js';
import { SECOND_MS } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import type { Words } from '../../registers/words.js';
import type { BusUnit } from '../bus.js';
import { ModelRegisters } from '../commands/model-registers.js';
import { type SunspecControls, sunspecControls } from '../commands/sunspec-commands.js';
import type { SampleValues } from '../sample.js';
import type { Fallback, Setpoint } from '../setpoint.js';
import { isSameDevice, type SunspecMap, walkSunspec } from '../sunspec-walk.js';
import type { CommandOutcome, DeviceDriver, SelfReport, Standing } from './device-driver.js';
import { HybridCounters } from './hybrid-split.js';
import { hybridReadings } from './hybrid-readings.js';
import { countedAt } from './hybrid-sample.js';
import { modelAmong, readingsOf, type RoleReadings } from './role-readings.js';
import { planPoints, type PointPlan } from './sunspec-points.js';
import { ZeroCounters } from './zero-counters.js';

/** `Tms` of model 122 counts seconds of universal time from here (SunSpec Information Model Specification). */
const SUNSPEC_EPOCH_MS = Date.UTC(2000, 0, 1);
const LEAST_CLOCK_S = (Date.UTC(2020, 0, 1) - SUNSPEC_EPOCH_MS) / SECOND_MS;

interface Known {
  readonly map: SunspecMap;
  readonly readings: RoleReadings;
  readonly zeros: ZeroCounters;
  readonly plan: PointPlan;
  readonly controls: SunspecControls;
}

/** A device that describes itself by SunSpec models. Its map is walked once, and again when another device answers in its place. */
export class SunspecDriver implements DeviceDriver {
  private known: Known | undefined;
  private provenAt = -1;
  /** By whom it is asked: a command that waited for a poll's turn would wait behind the polls of dead units. */
  private readonly learning = new Map<BusUnit, Promise<Known>>();

  /** `lastTold` is what the device told last in an earlier run of the plant; `sunspecBase` where its map begins, if that is known. */
  constructor(
    private readonly unit: BusUnit,
    private readonly control: BusUnit,
    private readonly standing: Standing,
    private lastTold: SampleValues = {},
    private readonly sunspecBase?: number,
  ) {}

  async read(): Promise<SampleValues> {
    const device = this.device(this.unit);
    // Waiting for what is there already costs a turn of the loop at every poll of every device.
    const { plan, readings, zeros } = device instanceof Promise ? await device : device;
    const blocks: Words[] = [];
    for (const { at, words } of plan.blocks) blocks.push(await this.unit.read('holding', at, words));
    if (!plan.stands(blocks)) {
      this.known = undefined;
      throw new AdapterError(`unit ${this.unit.unitId}: its models are not where they were`, true);
    }
    return zeros.withoutNone(readings.assemble(plan.readers.map((reader) => reader(blocks))), monotonicMs());
  }

  async command(setpoint: Setpoint, leaseS: number, fallback?: Fallback): Promise<CommandOutcome> {
    const { controls } = await this.device(this.control);
    // A timer beside the supervisor would let go in the middle of a lease: what stands is not written again there.
    return controls.command(setpoint, this.endsByItself() ? leaseS : undefined, fallback);
  }

  async release(kinds?: readonly Setpoint['kind'][]): Promise<boolean> {
    const { controls } = await this.device(this.control);
    return controls.release(kinds);
  }

  async beat(): Promise<boolean> {
    const { controls } = await this.device(this.control);
    return controls.beat();
  }

  async shows(kind: Setpoint['kind']): Promise<string | undefined> {
    const { controls } = await this.device(this.control);
    return controls.shows(kind);
  }

  async showsFallback(fallback: Fallback): Promise<string | undefined> {
    const { controls } = await this.device(this.control);
    return controls.showsFallback(fallback, !this.endsByItself());
  }

  /** Every control model has a timer, which is used unless the fleet file counts on the supervisor instead. */
  endsByItself(): boolean {
    return this.standing.reversion !== 'supervisor';
  }

  showsItsEnd(): boolean {
    return true;
  }

  async selfReport(): Promise<SelfReport> {
    const { map } = await this.device(this.unit);
    const registers = (...ids: number[]): ModelRegisters | undefined => {
      const model = modelAmong(map, ids);
      return model && new ModelRegisters(this.unit, model);
    };
    const ratedW = (await registers(121, 702)?.read('WMax'))?.WMax;
    const clockS = (await registers(122)?.read('Tms'))?.Tms;
    return {
      ...(ratedW ? { ratedW } : {}),
      // Who never learned the time says 0, or counts from when it was switched on.
      ...(clockS !== undefined && clockS > LEAST_CLOCK_S ? { clockMs: SUNSPEC_EPOCH_MS + clockS * SECOND_MS } : {}),
    };
  }

  /** The device behind the address; after each new connection it must prove that it is the same one. */
  private device(asking: BusUnit): Promise<Known> | Known {
    if (this.known && this.provenAt === this.unit.connectionChanges) return this.known;
    const learning = this.learning.get(asking) ?? this.learn(asking).finally(() => this.learning.delete(asking));
    this.learning.set(asking, learning);
    return learning;
  }

  private async learn(asking: BusUnit): Promise<Known> {
    const read = (address: number, count: number): Promise<Words> => asking.read('holding', address, count);
    const before = this.known;
    if (!before || !(await isSameDevice(read, before.map))) await this.discover(read);
    this.provenAt = asking.connectionChanges;
    return this.known ?? this.learn(asking);
  }

  private async discover(read: (address: number, count: number) => Promise<Words>): Promise<void> {
    const map = await walkSunspec(read, this.sunspecBase);
    const where = this.sunspecBase === undefined ? '' : ` at ${this.sunspecBase}`;
    if (!map) throw new AdapterError(`unit ${this.unit.unitId} has no SunSpec map${where}`, false);
    const readings =
      this.standing.role === 'hybrid'
        ? await hybridReadings(map, read, new HybridCounters(countedAt(this.lastTold)))
        : readingsOf(map, this.standing);
    if (!readings) {
      const models = map.models.map((model) => model.id).join(', ');
      throw new AdapterError(`unit ${this.unit.unitId} is no ${this.standing.role}: it has the models ${models}`, false);
    }
    // Who asked beside this one may have learned the same meanwhile, and counts already.
    if (this.known && isOfSameMap(this.known.map, map)) return;
    const zeros = new ZeroCounters(this.standing.role, this.lastTold);
    // Another device that takes the place of this one has counters of its own.
    this.lastTold = {};
    this.known = { map, readings, zeros, plan: planPoints(readings.refs), controls: sunspecControls(map, this.control) };
  }
}

const isOfSameMap = (one: SunspecMap, other: SunspecMap): boolean =>
  one.fingerprint === other.fingerprint && JSON.stringify(one.models) === JSON.stringify(other.models);
