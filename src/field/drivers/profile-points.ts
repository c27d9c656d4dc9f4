import { type Profile, type ProfilePoint, type ProfileRegister, pointsOf } from '../../registers/profile.js';
import { readPlace, stretchOf } from '../../registers/profile-place.js';
import { perHouseUnit } from '../../registers/profile-units.js';
import type { WordOrder, Words } from '../../registers/words.js';
import { blockOf, planBlocks, type RegisterRange } from '../block-plan.js';
import type { BusUnit } from '../bus.js';
import { ModbusException } from '../modbus-link.port.js';

export type PointValues = Partial<Record<ProfilePoint, number>>;

/** A value that a device told, or why it counts for nothing. */
export type PointReading = { readonly value: number } | { readonly rejected: 'not-available' | 'out-of-range'; readonly raw?: number };

/** Registers as they came. */
export interface ReadRegisters extends Pick<RegisterRange, 'table' | 'at'> {
  readonly words: readonly number[];
}

const LACKING: PointReading = { rejected: 'not-available' };

/** Reads points of a profile, in as few requests as the device bears. */
export class PointReader {
  private readonly points: readonly (readonly [ProfilePoint, readonly ProfileRegister[]])[];
  private readonly lacking = new Set<ProfileRegister>();
  private maxHoleWords: number;
  private blocks: readonly RegisterRange[];

  /** Reads these points alone, all of the profile without. */
  constructor(
    private readonly unit: BusUnit,
    private readonly profile: Profile,
    names?: readonly ProfilePoint[],
  ) {
    this.points = pointsOf(profile)
      .filter(([name]) => !names || names.includes(name))
      .map(([name, { plus, ...first }]) => [name, [first, ...plus]] as const);
    this.maxHoleWords = profile.largestHole;
    this.blocks = this.plan();
  }

  /** Every point, with what is wrong with it where it has no value. Throws an `AdapterError` when the device does not answer. */
  async read(): Promise<Map<ProfilePoint, PointReading>> {
    const words = await this.readBlocks();
    const order = this.profile.wordOrder;
    return new Map(
      this.points.map(([name, registers]) => [name, sumOf(registers.map((register) => this.readingOf(register, words, order)))]),
    );
  }

  /** Every point together with the registers it was made of; registers that the device does not have are left out. */
  async readWithRegisters(): Promise<Map<ProfilePoint, { reading: PointReading; registers: ReadRegisters[] }>> {
    const words = await this.readBlocks();
    const order = this.profile.wordOrder;
    return new Map(
      this.points.map(([name, registers]) => {
        const reading = sumOf(registers.map((register) => this.readingOf(register, words, order)));
        const there = registers.filter((register) => !this.lacking.has(register)).map((register) => this.registersOf(register, words));
        return [name, { reading, registers: there }];
      }),
    );
  }

  /** The values there are, in the house's units. */
  async readValues(): Promise<PointValues> {
    const values: PointValues = {};
    for (const [name, reading] of await this.read()) if ('value' in reading) values[name] = reading.value;
    return values;
  }

  private registersOf(register: ProfileRegister, blocks: readonly Words[]): ReadRegisters {
    const stretch = stretchOf(register);
    const block = blockOf(this.blocks, stretch);
    const from = stretch.at - this.blocks[block]!.at;
    return { table: stretch.table, at: stretch.at, words: Array.from(blocks[block]!).slice(from, from + stretch.words) };
  }

  private wanted(): ProfileRegister[] {
    return this.points.flatMap(([, registers]) => registers).filter((register) => !this.lacking.has(register));
  }

  private plan(): RegisterRange[] {
    const { largestRead: maxWords, illegal } = this.profile;
    return planBlocks(this.wanted().map(stretchOf), { maxWords, maxHoleWords: this.maxHoleWords, illegal });
  }

  private readingOf(register: ProfileRegister, words: readonly Words[], order: WordOrder): PointReading {
    if (this.lacking.has(register)) return LACKING;
    const stretch = stretchOf(register);
    const block = blockOf(this.blocks, stretch);
    return decoded(register, readPlace(register, words[block]!, stretch.at - this.blocks[block]!.at, order));
  }

  private async readBlocks(): Promise<Words[]> {
    for (;;) {
      try {
        const words: Words[] = [];
        for (const block of this.blocks) words.push(await this.unit.read(block.table, block.at, block.words));
        return words;
      } catch (error) {
        if (!(error instanceof ModbusException) || !error.denies || !(await this.asksForLess())) throw error;
      }
    }
  }

  /**
   * Some devices refuse a request that touches a register they do not have. Then the holes are left out, and after that the
   * optional registers that this device refuses by themselves. False where nothing is left to leave out.
   */
  private async asksForLess(): Promise<boolean> {
    const before = this.blocks.length;
    if (this.maxHoleWords > 0) {
      this.maxHoleWords = 0;
      this.blocks = this.plan();
      if (this.blocks.length > before) return true;
    }
    const known = this.lacking.size;
    for (const register of this.wanted()) if (register.optional && !(await this.has(register))) this.lacking.add(register);
    this.blocks = this.plan();
    return this.lacking.size > known && this.blocks.length > 0;
  }

  private async has(register: ProfileRegister): Promise<boolean> {
    try {
      const { table, at, words } = stretchOf(register);
      await this.unit.read(table, at, words);
      return true;
    } catch (error) {
      if (error instanceof ModbusException && error.denies) return false;
      throw error;
    }
  }
}

const decoded = (register: ProfileRegister, raw: number | undefined): PointReading => {
  if (raw === undefined || !Number.isFinite(raw) || isSentinel(register, raw)) return { rejected: 'not-available', raw };
  const told = register.values ? register.values[String(raw)] : raw;
  if (told === undefined) return { rejected: 'not-available', raw };
  const wired = told * register.scale * register.sign;
  if (register.range && (wired < register.range[0] || wired > register.range[1])) return { rejected: 'out-of-range', raw: wired };
  return { value: wired * perHouseUnit(register.unit) };
};

const isSentinel = ({ sentinels }: ProfileRegister, raw: number): boolean =>
  sentinels.some((sentinel) => (typeof sentinel === 'number' ? raw === sentinel : raw >= sentinel[0] && raw <= sentinel[1]));

/** What is not available was not fitted, and counts nothing; what makes no sense makes none of the sum either. */
const sumOf = (readings: readonly PointReading[]): PointReading => {
  const bad = readings.find((reading) => 'rejected' in reading && reading.rejected === 'out-of-range');
  if (bad) return bad;
  const values = readings.flatMap((reading) => ('value' in reading ? [reading.value] : []));
  return values.length === 0 ? (readings[0] ?? LACKING) : { value: values.reduce((sum, value) => sum + value, 0) };
};
