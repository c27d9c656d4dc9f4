import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BadInput } from '../../kernel/errors.js';
import { writeDurably } from '../../platform/durable-file.js';
import { keyOf, type SupervisedControl, type SupervisedLease, supervisedLeaseSchema } from './supervised-lease.js';

const tableSchema = z.strictObject({ version: z.literal(1), leases: z.array(supervisedLeaseSchema) });

/**
 * The lease table on disk: which controls are to be ended, and how their devices are reached. When they end does not stand in
 * it, so that it is written only when a control begins or ends and not at each renewal.
 */
export class SupervisedTable {
  private readonly file: string;
  private leases: ReadonlyMap<string, SupervisedLease>;

  /** Takes up what an earlier run left. Throws `BadInput` for a table that cannot be read: nobody would end what stands in it. */
  constructor(dataDir: string) {
    this.file = join(dataDir, 'supervised.json');
    this.leases = new Map(readTable(this.file).map((lease) => [keyOf(lease), lease]));
  }

  all(): SupervisedLease[] {
    return [...this.leases.values()];
  }

  /** Durable when it returns. Throws what the file system throws, and is then as it was. */
  put(lease: SupervisedLease): void {
    const key = keyOf(lease);
    if (JSON.stringify(this.leases.get(key)) !== JSON.stringify(lease)) this.store(new Map([...this.leases, [key, lease]]));
  }

  delete(control: SupervisedControl): void {
    const key = keyOf(control);
    if (this.leases.has(key)) this.store(new Map([...this.leases].filter(([other]) => other !== key)));
  }

  private store(leases: ReadonlyMap<string, SupervisedLease>): void {
    writeDurably(this.file, `${JSON.stringify({ version: 1, leases: [...leases.values()] }, null, 1)}\n`);
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
