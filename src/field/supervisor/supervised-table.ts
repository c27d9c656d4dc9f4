import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BadInput } from '../../kernel/errors.js';
import { storeDurably } from '../../platform/durable-file.js';
import { keyOf, type SupervisedControl, type SupervisedLease, supervisedLeaseSchema } from './supervised-lease.js';

const tableSchema = z.strictObject({ version: z.literal(1), leases: z.array(supervisedLeaseSchema) });

type Leases = ReadonlyMap<string, SupervisedLease>;

/** Changes that are written together. */
interface Group {
  readonly changes: Map<string, SupervisedLease | undefined>;
  readonly stored: Promise<void>;
}

/**
 * The lease table on disk: which controls are to be ended, and how their devices are reached. When they end does not stand in
 * it, so that it is written only when a control begins or ends, or shows something else, and not at each renewal. What comes
 * while the disk is busy is written together, as a fleet's leases begin together. A control's changes come one after another.
 */
export class SupervisedTable {
  private readonly file: string;
  private leases: Leases;
  /** Waits for the disk. */
  private next: Group | undefined;
  private writing: Promise<void> = Promise.resolve();

  /** Takes up what an earlier run left. Throws `BadInput` for a table that cannot be read: nobody would end what stands in it. */
  constructor(dataDir: string) {
    this.file = join(dataDir, 'supervised.json');
    this.leases = new Map(readTable(this.file).map((lease) => [keyOf(lease), lease]));
  }

  all(): SupervisedLease[] {
    return [...this.leases.values()];
  }

  /** Resolves once it is durable. Rejects with what the file system throws, and is then as it was. */
  put(lease: SupervisedLease): Promise<void> {
    return isDeepStrictEqual(this.leases.get(keyOf(lease)), lease) ? Promise.resolve() : this.change(keyOf(lease), lease);
  }

  /** As `put`. */
  delete(control: SupervisedControl): Promise<void> {
    return this.leases.has(keyOf(control)) ? this.change(keyOf(control), undefined) : Promise.resolve();
  }

  private change(key: string, lease: SupervisedLease | undefined): Promise<void> {
    if (!this.next) {
      const stored = this.writing.then(() => this.store());
      this.writing = stored.catch(() => undefined);
      this.next = { changes: new Map(), stored };
    }
    this.next.changes.set(key, lease);
    return this.next.stored;
  }

  private async store(): Promise<void> {
    const leases = new Map(this.leases);
    for (const [key, lease] of this.next?.changes ?? [])
      if (lease) leases.set(key, lease);
      else leases.delete(key);
    this.next = undefined;
    await storeDurably(this.file, `${JSON.stringify({ version: 1, leases: [...leases.values()] }, null, 1)}\n`);
    this.leases = leases;
  }
}

const readTable = (file: string): SupervisedLease[] => {
  if (!existsSync(file)) return [];
  try {
    return tableSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).leases;
  } catch {
    throw new BadInput(
      `${file}: is no table of leases; hand the devices it names back with \`vpp device command --release\`, then remove it`,
    );
  }
};
