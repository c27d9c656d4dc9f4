import { z } from 'zod';

const entrySchema = z.looseObject({ kind: z.string(), signature: z.string().optional() });

/**
 * The embedded ledger's journal as it stood when the database did: it is copied later, and what it has learned since would
 * anchor a log that the database does not hold. Cut after the last transaction that the database knows, before the next; a torn
 * last line goes as well.
 */
export const ledgerUpTo = (journal: string, known: ReadonlySet<string>): string => {
  const lines = journal
    .slice(0, journal.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  const entries = lines.map((line) => entrySchema.parse(JSON.parse(line)));
  const last = entries.findLastIndex(({ kind, signature }) => kind === 'transaction' && signature !== undefined && known.has(signature));
  const next = entries.findIndex(({ kind }, i) => i > last && kind === 'transaction');
  const kept = next < 0 ? lines : lines.slice(0, next);
  return kept.map((line) => `${line}\n`).join('');
};
