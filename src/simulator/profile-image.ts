import type { GeneratorCommands, Profile, ProfilePoint, ProfileRegister } from '../registers/profile.js';
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

/** How many of the house's units one unit of the wire is. */
const HOUSE_UNITS: Readonly<Record<string, number>> = { kW: 1_000, MW: 1e6, kWh: 1_000, MWh: 1e6, mV: 0.001, mHz: 0.001 };
const perHouseUnit = (unit: string): number => HOUSE_UNITS[unit] ?? 1;

/**
 * The registers of a device that is described by a profile. Registers between its lowest and its highest that the profile
 * does not name read as 0, as they do on the meters the profiles are of.
 */
export class ProfileImage {
  private readonly cells: readonly Cell[];
  private readonly tables: Readonly<Record<RegisterTable, { readonly from: number; readonly words: Uint16Array }>>;

  constructor(
    private readonly profile: Profile,
    values: ProfileValues,
    genset?: GensetShown,
  ) {
    this.cells = [
      ...pointCells(profile, values),
      ...(genset && profile.commands ? commandCells(profile.commands, genset, profile.wordOrder) : []),
    ];
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
    const { commands, wordOrder } = this.profile;
    if (!commands) return 'no-such-address';
    let said: GensetWrite = {};
    for (let at = 0; at < words.length;) {
      const register = [commands.run, commands.power, commands.heartbeat].find((candidate) => candidate?.holding === address + at);
      if (!register) return 'no-such-address';
      const raw = readNumber(words, at, register.type, wordOrder);
      if (raw === undefined) return 'no-such-value';
      const value = raw * register.scale * perHouseUnit(register.unit);
      const part = partOf(commands, register, raw, value);
      if (!part) return 'no-such-value';
      said = { ...said, ...part };
      at += WORDS_OF[register.type];
    }
    return said;
  }
}

const partOf = (commands: GeneratorCommands, register: object, raw: number, value: number): GensetWrite | undefined => {
  if (value < 0) return undefined;
  if (register === commands.power) return { powerW: value };
  if (register === commands.heartbeat) return { heartbeatS: value };
  if (raw === commands.run.on) return { run: true };
  return raw === commands.run.off ? { run: false } : undefined;
};

const pointCells = ({ points, wordOrder }: Profile, values: ProfileValues): Cell[] =>
  Object.entries(points).flatMap(([name, register]) => {
    const value = values[name as ProfilePoint];
    return register && value ? [cellOf(register, value, wordOrder)] : [];
  });

const cellOf = (register: ProfileRegister, value: (view: DeviceView) => number | undefined, wordOrder: WordOrder): Cell => {
  const divisor = register.scale * register.sign * perHouseUnit(register.unit);
  return {
    table: register.holding === undefined ? 'input' : 'holding',
    at: (register.holding ?? register.input)!,
    type: register.type,
    order: register.wordOrder ?? wordOrder,
    raw: (view) => {
      const now = value(view);
      return now === undefined ? undefined : now / divisor;
    },
    absent: register.sentinels[0] ?? 0,
  };
};

const commandCells = ({ run, power, heartbeat }: GeneratorCommands, shown: GensetShown, order: WordOrder): Cell[] => {
  const cell = (register: { holding: number; type: NumberType }, raw: (view: DeviceView) => number): Cell => ({
    table: 'holding',
    at: register.holding,
    type: register.type,
    order,
    raw,
    absent: 0,
  });
  return [
    cell(run, (view) => (shown.run(view) ? run.on : run.off)),
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
