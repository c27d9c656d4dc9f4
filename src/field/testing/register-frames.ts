import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import type { DeviceRole } from '../../fleet/plant.js';
import { type UnitRegisters, unitRegisters } from './scripted-server.js';

const FRAMES = join(import.meta.dirname, '../../../hardware/frames');

/** Registers of a real map, and what they mean. */
export interface RegisterFrame {
  readonly profile: string;
  readonly role?: DeviceRole;
  readonly direction?: 1 | -1;
  readonly input?: Readonly<Record<string, string[]>>;
  readonly holding?: Readonly<Record<string, string[]>>;
  readonly expect: Readonly<Record<string, number>>;
}

/** All of `hardware/frames`, by the name of their file without `.yaml`. */
export const registerFrames = (): ReadonlyMap<string, RegisterFrame> =>
  new Map(readdirSync(FRAMES).map((file) => [basename(file, '.yaml'), parse(readFileSync(join(FRAMES, file), 'utf8')) as RegisterFrame]));

export const registersOf = ({ holding, input }: RegisterFrame): UnitRegisters => unitRegisters(blocksOf(holding), blocksOf(input));

const blocksOf = (table: Readonly<Record<string, string[]>> = {}): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(table).map(([at, lines]) => [at, lines.flatMap((line) => line.split(' ').map((word) => parseInt(word, 16)))]),
  );
