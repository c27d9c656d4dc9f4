import type { Profile, ProfilePoint, ProfileRegister } from '../../registers/profile.js';
import { readNumber, type WordOrder, type Words, WORDS_OF } from '../../registers/words.js';
import { blockOf, planBlocks, type RegisterRange } from '../block-plan.js';
import type { BusUnit } from '../bus.js';
import { GeneratorControls } from '../commands/generator-commands.js';
import { ModbusException } from '../modbus-link.port.js';
import { present } from './present.js';
import type { SampleValues } from '../sample.js';
import type { Setpoint } from '../setpoint.js';
import type { CommandOutcome, DeviceDriver, Standing } from './device-driver.js';
import { meteredAs } from './metered-as.js';
import { perHouseUnit } from './profile-units.js';

export type PointValues = Partial<Record<ProfilePoint, number>>;

/** A value that a device told, or why it counts for nothing. */
export type PointReading = { readonly value: number } | { readonly rejected: 'not-available' | 'out-of-range'; readonly raw?: number };

interface PlannedPoint {
  readonly name: ProfilePoint;
  readonly register: ProfileRegister;
  readonly order: WordOrder;
  readonly block: number;
  readonly at: number;
}

/** Registers between points are read along rather than asked for separately, up to this many. */
const LARGEST_HOLE = 32;

/** A device that is described by its register list. */
export class ProfileDriver implements DeviceDriver {
  private blocks: readonly RegisterRange[];
  private points: readonly PlannedPoint[];
  private readonly controls: GeneratorControls | undefined;

  constructor(
    private readonly unit: BusUnit,
    control: BusUnit,
    private readonly profile: Profile,
    private readonly standing: Standing,
  ) {
    this.blocks = planOf(profile, LARGEST_HOLE);
    this.points = pointsOf(profile, this.blocks);
    this.controls = profile.commands && new GeneratorControls(control, profile.commands, profile.wordOrder);
  }

  async read(): Promise<SampleValues> {
    return sampleOf(this.standing, await this.readValues());
  }

  /** The values by the profile's own names, in the house's units and the device's signs. */
  async readValues(): Promise<PointValues> {
    const words = await this.readBlocks();
    const values: PointValues = {};
    for (const point of this.points) {
      const reading = readingOf(point, words);
      if ('value' in reading) values[point.name] = reading.value;
    }
    return values;
  }

  /** Every point, with what is wrong with it where it has no value. */
  async readPoints(): Promise<Map<ProfilePoint, PointReading>> {
    const words = await this.readBlocks();
    return new Map(this.points.map((point) => [point.name, readingOf(point, words)]));
  }

  command(setpoint: Setpoint, leaseS: number): Promise<CommandOutcome> {
    if (this.controls) return this.controls.command(setpoint, leaseS);
    return Promise.resolve({ kind: 'refused', reason: `profile "${this.profile.name}" has no commands` });
  }

  async release(): Promise<boolean> {
    return this.controls ? this.controls.release() : true;
  }

  private async readBlocks(): Promise<Words[]> {
    try {
      return await this.readEach();
    } catch (error) {
      // Some devices refuse a request that touches a register they do not have: then only what is wanted is asked for.
      const exact = planOf(this.profile, 0);
      if (!(error instanceof ModbusException) || !error.denies || exact.length === this.blocks.length) throw error;
      this.blocks = exact;
      this.points = pointsOf(this.profile, exact);
      return this.readEach();
    }
  }

  private async readEach(): Promise<Words[]> {
    const words: Words[] = [];
    for (const block of this.blocks) words.push(await this.unit.read(block.table, block.at, block.words));
    return words;
  }
}

const rangeOf = ({ holding, input, type }: ProfileRegister): RegisterRange => ({
  table: holding === undefined ? 'input' : 'holding',
  at: holding ?? input ?? 0,
  words: WORDS_OF[type],
});

const registersOf = (profile: Profile): [ProfilePoint, ProfileRegister][] =>
  Object.entries(profile.points).filter((entry): entry is [ProfilePoint, ProfileRegister] => entry[1] !== undefined);

const planOf = (profile: Profile, maxHoleWords: number): RegisterRange[] =>
  planBlocks(
    registersOf(profile).map(([, register]) => rangeOf(register)),
    { maxWords: profile.largestRead, maxHoleWords },
  );

const pointsOf = (profile: Profile, blocks: readonly RegisterRange[]): PlannedPoint[] =>
  registersOf(profile).map(([name, register]) => {
    const range = rangeOf(register);
    const block = blockOf(blocks, range);
    return { name, register, order: register.wordOrder ?? profile.wordOrder, block, at: range.at - blocks[block]!.at };
  });

const readingOf = ({ register, order, block, at }: PlannedPoint, words: readonly Words[]): PointReading => {
  const raw = readNumber(words[block]!, at, register.type, order);
  if (raw === undefined || !Number.isFinite(raw) || register.sentinels.includes(raw)) return { rejected: 'not-available', raw };
  const wired = raw * register.scale * register.sign;
  if (register.range && (wired < register.range[0] || wired > register.range[1])) return { rejected: 'out-of-range', raw: wired };
  return { value: wired * perHouseUnit(register.unit) };
};

/** A register-map device's values under the names of its role at the site. */
const sampleOf = (standing: Standing, values: PointValues): SampleValues => {
  const { powerW, importCounterWh, exportCounterWh, generatorCounterWh, voltageV, frequencyHz } = values;
  const importWh = standing.role === 'generator' ? (generatorCounterWh ?? importCounterWh) : importCounterWh;
  return {
    ...meteredAs(standing, { powerW, importWh, exportWh: exportCounterWh, voltageV, frequencyHz }),
    ...present({
      'pv.powerW': standing.role === 'hybrid' ? values.pvPowerW : undefined,
      'battery.powerW': standing.role === 'hybrid' ? values.batteryPowerW : undefined,
      'battery.socPct': standing.role === 'battery' || standing.role === 'hybrid' ? values.socPct : undefined,
      'generator.state': standing.role === 'generator' ? values.generatorState : undefined,
      'generator.fuelPct': standing.role === 'generator' ? values.fuelPct : undefined,
      'device.limitPct': values.limitPct,
    }),
  };
};
