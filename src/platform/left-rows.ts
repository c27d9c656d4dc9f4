import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { draftOf } from './durable-file.js';

/**
 * Rows that a process leaves in a JSON file for the next one to begin with. They are welcome and never needed: a file that is not there or
 * cannot be read has none, and a full disk stops nobody. A power cut may take what was kept last.
 */
export class LeftRows<Row> {
  constructor(
    private readonly file: string,
    private readonly row: z.ZodType<Row>,
  ) {}

  read(): Row[] {
    try {
      return this.row.array().parse(JSON.parse(readFileSync(this.file, 'utf8')));
    } catch {
      return [];
    }
  }

  keep(rows: readonly Row[]): void {
    try {
      writeFileSync(draftOf(this.file), JSON.stringify(rows));
      renameSync(draftOf(this.file), this.file);
    } catch {
      // As told above.
    }
  }
}
