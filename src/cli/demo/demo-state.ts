import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BadInput } from '../../kernel/errors.js';
import { writeDurably } from '../../platform/durable-file.js';
import type { FleetState } from '../../simulator/index.js';

const loginSchema = z.object({ name: z.string(), password: z.string(), role: z.enum(['operator', 'household']), title: z.string() });

/** What the demo must know to go on where it stopped. The virtual hardware's own state lies beside it. */
const stateSchema = z.object({
  version: z.literal(1),
  seed: z.number().int(),
  /** Folder of the measured homes; absent where households are made up. */
  homes: z.string().optional(),
  zone: z.string(),
  /** The plant's moment at the first start. */
  startMs: z.number(),
  /** Days of history that are stored; a start after an interrupted one fills in the rest. */
  daysDone: z.number().int(),
  /** How many there are to be, once that is known. */
  daysTotal: z.number().int().optional(),
  logins: z.array(loginSchema),
});
export type DemoState = z.infer<typeof stateSchema>;

const STATE_FILE = 'demo.json';
const HARDWARE_FILE = 'hardware.json';

/** The demo's own folder: one file of facts, and one of the virtual hardware that is written anew every few seconds. */
export class DemoFolder {
  constructor(private readonly folder: string) {}

  read(): DemoState | undefined {
    const file = join(this.folder, STATE_FILE);
    if (!existsSync(file)) return undefined;
    const parsed = stateSchema.safeParse(jsonIn(file));
    if (!parsed.success)
      throw new BadInput(`${file}: not written by this version of the demo; start over with --fresh, or name another folder with --data`);
    return parsed.data;
  }

  write(state: DemoState): void {
    writeDurably(join(this.folder, STATE_FILE), JSON.stringify(state, null, 2));
  }

  readHardware(): FleetState | undefined {
    const file = join(this.folder, HARDWARE_FILE);
    return existsSync(file) ? (jsonIn(file) as FleetState) : undefined;
  }

  writeHardware(state: FleetState): void {
    writeDurably(join(this.folder, HARDWARE_FILE), JSON.stringify(state));
  }
}

const jsonIn = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BadInput(`${file}: cannot be read; start over with --fresh, or name another folder with --data`);
  }
};

/** A password that is easy to type and made anew for each folder. */
export const madePassword = (): string => randomBytes(5).toString('hex');
