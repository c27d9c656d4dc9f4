import { z } from 'zod';
import { NUMBER_TYPES, type NumberType, readNumber, type WordOrder, type Words, WORDS_OF } from './words.js';

/** The four tables of a Modbus device. Coils and discrete inputs are read as 0 or 1, one to an address. */
const TABLES = ['holding', 'input', 'coil', 'discrete'] as const;
export type Table = (typeof TABLES)[number];

export const address = z.number().int().min(0).max(65_535);
export const wordOrder = z.enum(['big', 'little']);

/** Where a number lies in a device, and as what. Part of a point, a check and a read-back. */
export const placeShape = {
  holding: address.optional().describe('Address of its first holding register (function 3), counted from 0'),
  input: address.optional().describe('Address of its first input register (function 4), counted from 0'),
  coil: address.optional().describe('Address of its coil (function 1), counted from 0'),
  discrete: address.optional().describe('Address of its discrete input (function 2), counted from 0'),
  type: z.enum(NUMBER_TYPES).optional().describe('Left out for a coil or a discrete input'),
  bit: z.number().int().min(0).max(15).optional().describe('One bit of a 16-bit register, 0 the lowest: reads as 0 or 1'),
  wordOrder: wordOrder.optional().describe('Overrides the profile'),
};

export interface Place {
  readonly holding?: number;
  readonly input?: number;
  readonly coil?: number;
  readonly discrete?: number;
  readonly type?: NumberType;
  readonly bit?: number;
  readonly wordOrder?: WordOrder;
}

/** Registers, or coils, that come together. */
export interface Stretch {
  readonly table: Table;
  readonly at: number;
  readonly words: number;
}

const tableOf = (place: Place): Table => TABLES.find((table) => place[table] !== undefined) ?? 'holding';

const typeOf = ({ type }: Place): NumberType => type ?? 'uint16';

/** Where a place is. What has passed `checkPlace` names exactly one table. */
export const stretchOf = (place: Place): Stretch => {
  const table = tableOf(place);
  return { table, at: place[table] ?? 0, words: WORDS_OF[typeOf(place)] };
};

/** The number at a place whose first register is `words[at]`; `undefined` for NaN and what is not there. */
export const readPlace = (place: Place, words: Words, at: number, order: WordOrder): number | undefined => {
  const raw = readNumber(words, at, typeOf(place), place.wordOrder ?? order);
  return raw === undefined || place.bit === undefined ? raw : (raw >> place.bit) & 1;
};

/** Zod's second look at a place: what one field alone cannot see. */
export const checkPlace = (place: Place, context: z.RefinementCtx): void => {
  const fault = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
  const named = TABLES.filter((table) => place[table] !== undefined);
  if (named.length !== 1) return fault('name one of `holding`, `input`, `coil` and `discrete`');
  const isBit = place.coil !== undefined || place.discrete !== undefined;
  if (isBit && (place.type !== undefined || place.bit !== undefined)) return fault('a coil or discrete input is one bit: it has no `type`');
  if (!isBit && place.type === undefined) return fault('say its `type`');
  const { at, words } = stretchOf(place);
  if (place.bit !== undefined && words > 1) fault('`bit` is of a 16-bit register', 'bit');
  if (at + words > 65_536) fault('runs past the last address, 65535', named[0]!);
};
