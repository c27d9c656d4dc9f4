import type { ImportRefusal } from '../../telemetry/import-run.js';

/** What can be wrong with a row before it is a reading. */
export type RowFault = 'not-a-time' | 'no-such-time' | 'ambiguous-time' | 'not-a-number';
type Reason = RowFault | ImportRefusal;

const MEANINGS: Readonly<Record<Reason, string>> = {
  'not-a-time': 'no time in a form that is known',
  'no-such-time': 'the clocks jumped over this local time',
  'ambiguous-time': 'the clocks showed this local time twice, and the order of the rows does not tell which it was',
  'not-a-number': 'no number',
  'not-finite': 'no number',
  'out-of-range': 'more, or less, than the device can tell',
  sentinel: 'a word that means "not available"',
  'not-for-role': 'the device tells no such quantity',
  'counter-fell': 'the counter fell',
  'counter-leapt': 'the counter rose by more than the device can move',
  leapt: 'it changed by more than it can in the time',
  frozen: 'the same words under load for too long',
  contradicted: 'the power and its counters tell different energies',
  'twin-meter': 'the same counters as another device',
  duplicate: 'a row of the same moment stands before it',
  'out-of-order': 'it is older than the row before it',
  'too-old': 'too old',
  'from-the-future': 'from the future',
  'already-measured': 'another value is stored for this moment, and stays',
  'measured-here': 'from this moment on the plant itself measures the device',
};

interface Example {
  readonly line: number;
  readonly column: string;
  readonly value: string;
}

export interface ImportReport {
  readonly rows: number;
  /** Values that are new. */
  readonly stored: number;
  /** Values that were stored before. */
  readonly known: number;
  /** Values that are too old to be kept singly. */
  readonly forEnergy: number;
  readonly refused: Readonly<Record<string, { readonly count: number; readonly meaning: string; readonly examples: readonly Example[] }>>;
  readonly rebased: number;
  /** Closed intervals that are new. */
  readonly intervals: number;
}

const EXAMPLES = 3;

/** Counts what became of a file's rows. */
export class ImportTally {
  rows = 0;
  stored = 0;
  known = 0;
  forEnergy = 0;
  rebased = 0;
  private readonly refusals = new Map<Reason, { count: number; examples: Example[] }>();

  refuse(reason: Reason, example: Example): void {
    const refusal = this.refusals.get(reason) ?? { count: 0, examples: [] };
    refusal.count += 1;
    if (refusal.examples.length < EXAMPLES) refusal.examples.push(example);
    this.refusals.set(reason, refusal);
  }

  report(intervals: number): ImportReport {
    const { rows, stored, known, forEnergy, rebased } = this;
    const inOrder = [...this.refusals].sort(([, a], [, b]) => b.count - a.count);
    const refused = Object.fromEntries(inOrder.map(([reason, of]) => [reason, { meaning: MEANINGS[reason], ...of }]));
    return { rows, stored, known, forEnergy, refused, rebased, intervals };
  }
}

const counted = (count: number, one: string, more = `${one}s`): string => `${count.toLocaleString('en')} ${count === 1 ? one : more}`;

/** The report as people read it. */
export const reportLines = (report: ImportReport, dryRun: boolean): string[] => {
  const { rows, stored, known, forEnergy, refused, rebased, intervals } = report;
  const lines = [
    `${counted(rows, 'row')} read; ${counted(stored, 'value')} ${dryRun ? 'would be stored' : 'stored'}, ${known.toLocaleString('en')} already known`,
  ];
  if (forEnergy > 0)
    lines.push(
      `${counted(forEnergy, 'value')} from before single readings are kept: the energies of their quarter-hours are all that stays`,
    );
  if (intervals > 0)
    lines.push(`${counted(intervals, 'closed interval')} of 15 minutes ${dryRun ? 'would be made' : 'made'}, for forecasts to learn from`);
  if (rebased > 0) lines.push(`${counted(rebased, 'time')} a counter went on from elsewhere (a changed meter) and was believed`);
  for (const [reason, { count, meaning, examples }] of Object.entries(refused)) {
    lines.push(`${count.toLocaleString('en')} refused, ${reason}: ${meaning}`);
    lines.push(...examples.map(({ line, column, value }) => `  line ${line}, ${column}: ${value}`));
  }
  if (stored === 0 && known > 0) lines.push('Nothing was new.');
  return lines;
};
