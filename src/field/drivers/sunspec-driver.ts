import { AdapterError } from '../../kernel/errors.js';
import { monotonicMs } from '../../platform/clock.js';
import type { Words } from '../../registers/words.js';
import type { BusUnit } from '../bus.js';
import { type SunspecControls, sunspecControls } from '../commands/sunspec-commands.js';
import type { SampleValues } from '../sample.js';
import type { Fallback, Setpoint } from '../setpoint.js';
import { isSameDevice, type SunspecMap, walkSunspec } from '../sunspec-walk.js';
import type { CommandOutcome, DeviceDriver, Standing } from './device-driver.js';
import { HybridCounters } from './hybrid-split.js';
import { hybridReadings } from './hybrid-readings.js';
import { countedAt } from './hybrid-sample.js';
import { readingsOf, type RoleReadings } from './role-readings.js';
import { planPoints, type PointPlan } from './sunspec-points.js';
import { ZeroCounters } from './zero-counters.js';

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
  private learning: Promise<Known> | undefined;

  /** `lastTold` is what the device told last in an earlier run of the plant; `sunspecBase` where its map begins, if that is known. */
  constructor(
    private readonly unit: BusUnit,
    private readonly control: BusUnit,
    private readonly standing: Standing,
    private lastTold: SampleValues = {},
    private readonly sunspecBase?: number,
  ) {}

  async read(): Promise<SampleValues> {
    const device = this.device();
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
    const { controls } = await this.device();
    return controls.command(setpoint, leaseS, fallback);
  }

  async release(kinds?: readonly Setpoint['kind'][]): Promise<boolean> {
    const { controls } = await this.device();
    return controls.release(kinds);
  }

  async beat(): Promise<boolean> {
    const { controls } = await this.device();
    return controls.beat();
  }

  async shows(kind: Setpoint['kind']): Promise<string | undefined> {
    const { controls } = await this.device();
    return controls.shows(kind);
  }

  async showsFallback(fallback: Fallback): Promise<string | undefined> {
    const { controls } = await this.device();
    return controls.showsFallback(fallback);
  }

  /** Every control model has a timer, and one that does not keep it is refused. */
  endsByItself(): boolean {
    return true;
  }

  /** The device behind the address; after each new connection it must prove that it is the same one. */
  private device(): Promise<Known> | Known {
    if (this.known && this.provenAt === this.unit.connectionChanges) return this.known;
    this.learning ??= this.learn().finally(() => {
      this.learning = undefined;
    });
    return this.learning;
  }

  private async learn(): Promise<Known> {
    const read = (address: number, count: number): Promise<Words> => this.unit.read('holding', address, count);
    if (!this.known || !(await isSameDevice(read, this.known.map))) this.known = await this.discover(read);
    this.provenAt = this.unit.connectionChanges;
    return this.known;
  }

  private async discover(read: (address: number, count: number) => Promise<Words>): Promise<Known> {
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
    const zeros = new ZeroCounters(this.standing.role, this.lastTold);
    // Another device that takes the place of this one has counters of its own.
    this.lastTold = {};
    return { map, readings, zeros, plan: planPoints(readings.refs), controls: sunspecControls(map, this.control) };
  }
}
