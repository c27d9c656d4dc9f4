import type { Words } from '../registers/words.js';

export type RegisterTable = 'holding' | 'input';

/** What became of a write: the device took it, or it has no such registers to write, or not with that in them. */
export type WriteResult = 'taken' | 'no-such-address' | 'no-such-value';

/** The registers behind one unit id. */
export interface VirtualUnit {
  readonly deviceId: string;
  /** `undefined` where the device has not all of these registers. */
  read(table: RegisterTable, address: number, count: number): Words | undefined;
  /** All of it or nothing. */
  write(address: number, words: Words): WriteResult;
}
