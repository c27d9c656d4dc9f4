import { pointsOf, type Profile, type ProfilePoint, type ProfileRegister } from '../registers/profile.js';
import type { ProfileWrite } from '../registers/profile-commands.js';
import { stretchOf } from '../registers/profile-place.js';
import { perHouseUnit } from '../registers/profile-units.js';
import { type NumberType, readNumber, type WordOrder, type Words, WORDS_OF, writeNumber } from '../registers/words.js';
import type { DeviceView } from './device-view.js';
import type { RegisterTable } from './virtual-unit.js';

export type ProfileValues = Partial<Record<ProfilePoint, (view: DeviceView) => number | undefined>>;

/** One word of a command: what was written to the genset's registers. */
export type GensetWrite = { readonly run?: boolean; readonly powerW?: number; readonly heartbeatS?: number };

export interface GensetShown {
  readonly run: (view: DeviceView) => boolean;
  readonly powerW: (view: DeviceView) => number;
  readonly heartbeatS: (view: DeviceView) => number;
}

interface Cell {
  readonly table: RegisterTable;
  readonly at: number;
  readonly type: NumberType;
  readonly order: WordOrder;
  readonly raw: (view: DeviceView) => number | undefined;
  readonly absent: number;
}

/** The registers a genset is told by: what its profile writes to run and to stop it. */
interface GensetRegisters {
  readonly run: ProfileWrite;
  readonly on: number;
  readonly off: number;
  readonly power: ProfileWrite;
  readonly heartbeat?: ProfileWrite;
}

/**
 * The registers of a device that is described by a profile. Registers between its lowest and its highest that the profile
 * does not name read as 0, as they do on the meters the profiles are of.
 */
export class ProfileImage {
  private readonly cells: readonly Cell[];
  private readonly genset: GensetRegisters | undefined;
  private readonly tables: Readonly<Record<RegisterTable, { readonly from: number; readonly words: Uint16Array }>>;

  constructor(
    private readonly profile: Profile,
    values: ProfileValues,
    genset?: GensetShown,
  ) {
    this.genset = genset && gensetRegisters(profile);
    this.cells = [...pointCells(profile, values), ...(genset && this.genset ? commandCells(this.genset, genset, profile.wordOrder) : [])];
    this.tables = { holding: tableOf(this.cells, 'holding'), input: tableOf(this.cells, 'input') };
  }

  refresh(view: DeviceView): void {
    for (const { table, at, type, order, raw, absent } of this.cells) {
      const { from, words } = this.tables[table];
      words.set(encoded(raw(view) ?? absent, type, order), at - from);
    }
  }

  read(table: RegisterTable, address: number, count: number): Words | undefined {
    const { from, words } = this.tables[table];
    const at = address - from;
    return at >= 0 && at + count <= words.length ? words.subarray(at, at + count) : undefined;
  }

  /** What a write says to the genset; command registers only, each written whole. */
  changes(address: number, words: Words): GensetWrite | 'no-such-address' | 'no-such-value' {
    const { wordOrder } = this.profile;
    const { genset } = this;
    if (!genset) return 'no-such-address';
    let said: GensetWrite = {};
    for (let at = 0; at < words.length;) {
      const register = [genset.run, genset.power, genset.heartbeat].find((candidate) => candidate?.holding === address + at);
      if (!register) return 'no-such-address';
      const raw = readNumber(words, at, register.type, wordOrder);
      if (raw === undefined) return 'no-such-value';
      const value = raw * register.scale * perHouseUnit(register.unit);
      const part = partOf(genset, register, raw, value);
      if (!part) return 'no-such-value';
      said = { ...said, ...part };
      at += WORDS_OF[register.type];
    }
    return said;
  }
}

const gensetRegisters = ({ name, commands }: Profile): GensetRegisters | undefined => {
  const generator = commands?.generator;
  if (!generator) return undefined;
  const written = generator.run.write;
  const run = written.find(({ value }) => typeof value === 'number');
  const stop = generator.stop.write.find(({ holding }) => holding === run?.holding);
  const power = written.find(({ value }) => value === 'powerW');
  if (!run || !power || typeof run.value !== 'number' || typeof stop?.value !== 'number')
    throw new Error(`profile "${name}" has no one register that starts and stops its generator, so it cannot be simulated`);
  return { run, on: run.value, off: stop.value, power, heartbeat: written.find(({ value }) => value === 'leaseS') };
};

const partOf = (genset: GensetRegisters, register: ProfileWrite, raw: number, value: number): GensetWrite | undefined => {
  if (value < 0) return undefined;
  if (register === genset.power) return { powerW: value };
  if (register === genset.heartbeat) return { heartbeatS: value };
  if (raw === genset.on) return { run: true };
  return raw === genset.off ? { run: false } : undefined;
};

const pointCells = (profile: Profile, values: ProfileValues): Cell[] =>
  pointsOf(profile).flatMap(([name, register]) => {
    const value = values[name];
    return value ? [cellOf(register, value, profile.wordOrder)] : [];
  });

const cellOf = (register: ProfileRegister, value: (view: DeviceView) => number | undefined, wordOrder: WordOrder): Cell => {
  const divisor = register.scale * register.sign * perHouseUnit(register.unit);
  const { table, at } = stretchOf(register);
  if (table === 'coil' || table === 'discrete') throw new Error(`the simulator has no coils: ${at}`);
  const [sentinel = 0] = register.sentinels;
  return {
    table,
    at,
    type: register.type ?? 'uint16',
    order: register.wordOrder ?? wordOrder,
    raw: (view) => {
      const now = value(view);
      return now === undefined ? undefined : now / divisor;
    },
    absent: typeof sentinel === 'number' ? sentinel : sentinel[0],
  };
};

const commandCells = ({ run, on, off, power, heartbeat }: GensetRegisters, shown: GensetShown, order: WordOrder): Cell[] => {
  const cell = (register: ProfileWrite, raw: (view: DeviceView) => number): Cell => ({
    table: 'holding',
    at: stretchOf(register).at,
    type: register.type,
    order,
    raw,
    absent: 0,
  });
  return [
    cell(run, (view) => (shown.run(view) ? on : off)),
    cell(power, (view) => shown.powerW(view) / (power.scale * perHouseUnit(power.unit))),
    ...(heartbeat ? [cell(heartbeat, (view) => shown.heartbeatS(view) / (heartbeat.scale * perHouseUnit(heartbeat.unit)))] : []),
  ];
};

const tableOf = (cells: readonly Cell[], table: RegisterTable): { from: number; words: Uint16Array } => {
  const mine = cells.filter((cell) => cell.table === table);
  if (mine.length === 0) return { from: 0, words: new Uint16Array(0) };
  const from = Math.min(...mine.map((cell) => cell.at));
  const to = Math.max(...mine.map((cell) => cell.at + WORDS_OF[cell.type]));
  return { from, words: new Uint16Array(to - from) };
};

const encoded = (raw: number, type: NumberType, order: WordOrder): number[] => {
  try {
    return writeNumber(raw, type, order);
  } catch (error) {
    // A value beyond its register shows what such a device shows then: nothing.
    if (error instanceof RangeError) return new Array<number>(WORDS_OF[type]).fill(0);
    throw error;
  }
};
