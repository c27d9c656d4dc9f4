import { type Sample, STORED_QUANTITIES } from '../../field/sample.js';
import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import { AdapterError } from '../../kernel/errors.js';
import { type DurationMs, type EpochMs, HOUR_MS, SECOND_MS } from '../../kernel/units.js';
import { monotonicMs } from '../../platform/clock.js';
import type { InfluxConnection } from './influx-connection.js';
import { anchorLines, dueLine, MEASUREMENTS, quarterLine, readingsFromLine, sampleLine } from './influx-lines.js';
import { firstOrLastMs, intoStatement } from './influx-ql.js';
import type { Kept } from './influx-range.js';
import { type UnclearStretch, QuarterBook } from './quarter-book.js';

/** A server in trouble is not asked for the same again with every batch. */
const PAUSE_MS: DurationMs = 30 * SECOND_MS;

interface State {
  readonly book: QuarterBook;
  readingsFromMs: EpochMs;
}

/**
 * Quarter-hours beside the readings, and minutes once the readings go. A quarter-hour is summed up here while it comes and
 * written when it is over; what came late, out of order or before a restart is summed up by the server from the readings. Before
 * readings fall into a quarter-hour it is noted as due, in the same write, and it is cleared when its roll-up is written: a crash
 * anywhere leaves it due. To roll up again writes the same points over.
 */
export class InfluxRollUps {
  private state: Promise<State> | undefined;
  /** Writes of readings, and of what is said about them, go one after another. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Samples from before are forgotten, or about to be. */
  private forgottenBeforeMs: EpochMs = -Infinity;
  private rolling: Promise<void> | undefined;
  private notBefore = 0;

  constructor(private readonly connection: InfluxConnection) {}

  async kept(): Promise<Kept> {
    const { book, readingsFromMs } = await this.loaded();
    return { readingsFromMs, due: book.due() };
  }

  async keepsFromMs(): Promise<EpochMs> {
    return Math.max(this.forgottenBeforeMs, (await this.loaded()).readingsFromMs);
  }

  append(samples: readonly Sample[]): Promise<void> {
    return this.inTurn(async () => {
      const { book } = await this.loaded();
      const tooLate = samples.find(({ atMs }) => atMs < this.forgottenBeforeMs);
      if (tooLate) throw new AdapterError(`InfluxDB: readings of ${new Date(tooLate.atMs).toISOString()} are forgotten already`, false);
      const lines: string[] = [];
      const stored: Sample[] = [];
      for (const sample of samples) {
        const line = sampleLine(sample);
        if (line === undefined) continue;
        lines.push(line);
        stored.push(sample);
      }
      if (stored.length === 0) return;
      const newlyDue = book.newlyDue(stored);
      await this.write('storing readings', [...newlyDue.map((quarterMs) => dueLine(quarterMs, true)), ...lines]);
      book.took(stored, newlyDue);
      await this.writeOver(book);
      this.rollUpBehind(book);
    });
  }

  /**
   * Rolls up what goes: its quarter-hours, and its minutes from `minutesFromMs` on (none without it). Then readings before
   * `beforeMs`, a border of quarter-hours, may be deleted.
   */
  async close(beforeMs: EpochMs, minutesFromMs: EpochMs | undefined): Promise<void> {
    const state = await this.inTurn(() => {
      this.forgottenBeforeMs = Math.max(this.forgottenBeforeMs, beforeMs);
      return this.loaded();
    });
    if (beforeMs <= state.readingsFromMs) return;
    // Nobody else may be at it: what another takes may not be written yet when the readings go.
    while (this.rolling) await this.rolling;
    state.book.doubt(state.book.due().filter((quarterMs) => quarterMs < beforeMs));
    const rolledUp = this.rollUp(state.book, beforeMs);
    this.keepRolling(rolledUp.catch(() => undefined));
    await rolledUp;
    if (minutesFromMs !== undefined) await this.makeMinutes(Math.max(minutesFromMs, state.readingsFromMs), beforeMs);
    await this.inTurn(async () => {
      await this.write('noting what is forgotten', [readingsFromLine(beforeMs)]);
      // It may have been read again since.
      (await this.loaded()).readingsFromMs = beforeMs;
    });
  }

  /** Waits for what is under way. */
  async end(): Promise<void> {
    await this.turn;
    await this.rolling;
  }

  private async writeOver(book: QuarterBook): Promise<void> {
    const over = book.over();
    if (over.length === 0) return;
    const quarters = over.map(({ quarterMs }) => quarterMs);
    try {
      const points = over.flatMap(({ quarterMs, running }) =>
        [...running].map(([deviceId, { summaries }]) => quarterLine(deviceId, quarterMs, summaries)),
      );
      const cleared = over.filter(({ complete }) => complete).map(({ quarterMs }) => dueLine(quarterMs, false));
      await this.connection.write('rolling up', [...points, ...cleared]);
      book.close(quarters);
    } catch {
      // The readings are stored; their quarter-hours stay due and are summed up from them.
      book.doubt(quarters);
    }
  }

  private rollUpBehind(book: QuarterBook): void {
    if (this.rolling || monotonicMs() < this.notBefore) return;
    this.keepRolling(
      this.rollUp(book).catch(() => {
        this.notBefore = monotonicMs() + PAUSE_MS;
      }),
    );
  }

  private keepRolling(work: Promise<void>): void {
    this.rolling = work.finally(() => {
      this.rolling = undefined;
    });
  }

  private async rollUp(book: QuarterBook, beforeMs?: EpochMs): Promise<void> {
    for (let next = book.takeUnclear(beforeMs); next; next = book.takeUnclear(beforeMs)) {
      const stretch = next;
      await this.rollUpStretch(book, stretch).catch((error: unknown) => {
        book.putBack(stretch);
        throw error;
      });
    }
  }

  private async rollUpStretch(book: QuarterBook, stretch: UnclearStretch): Promise<void> {
    const { quarters, devices } = stretch;
    const interval = { startMs: quarters[0]!, endMs: quarters.at(-1)! + SLOT_MS };
    const statements = STORED_QUANTITIES.map((quantity) => intoStatement('quarters', quantity, interval, devices));
    await this.connection.upkeep('rolling up', statements);
    await this.inTurn(async () => {
      // Another book has been opened since: it holds all that is due, this among it.
      if ((await this.state)?.book !== book) return;
      const clear = book.clear(quarters);
      await this.write(
        'rolling up',
        clear.map((quarterMs) => dueLine(quarterMs, false)),
      );
      book.settle(clear);
    });
  }

  private async makeMinutes(fromMs: EpochMs, toMs: EpochMs): Promise<void> {
    const firstMs = await firstOrLastMs(this.connection, MEASUREMENTS.readings, 'first');
    if (firstMs === undefined) return;
    for (let startMs = Math.max(floorTo(firstMs, SLOT_MS), fromMs); startMs < toMs; startMs += HOUR_MS) {
      const interval = { startMs, endMs: Math.min(startMs + HOUR_MS, toMs) };
      await this.connection.upkeep(
        'rolling up minutes',
        STORED_QUANTITIES.map((quantity) => intoStatement('minutes', quantity, interval, 'all')),
      );
    }
  }

  /** After a write that failed nobody knows what is stored, so everything is read again. */
  private async write(what: string, lines: readonly string[]): Promise<void> {
    try {
      await this.connection.write(what, lines);
    } catch (error) {
      this.state = undefined;
      throw error;
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private loaded(): Promise<State> {
    this.state ??= this.load().catch((error: unknown) => {
      this.state = undefined;
      throw error;
    });
    return this.state;
  }

  private async load(): Promise<State> {
    const due: EpochMs[] = [];
    let lastMs = -Infinity;
    let readingsFromMs: EpochMs = 0;
    const take = ({ values }: { values: readonly (readonly unknown[])[] }): void => {
      for (const [atMs, isDue, fromMs] of values as [EpochMs, boolean | null, number | null][]) {
        if (typeof fromMs === 'number') readingsFromMs = fromMs;
        if (typeof isDue !== 'boolean') continue;
        if (isDue) due.push(atMs);
        lastMs = atMs;
      }
    };
    await this.connection.ask('looking for what is due', [`SELECT "due", "readingsFrom" FROM ${MEASUREMENTS.upkeep}`], take);
    this.forgottenBeforeMs = Math.max(this.forgottenBeforeMs, readingsFromMs || -Infinity);
    await this.connection.write('anchoring measurements', anchorLines());
    if (lastMs === -Infinity) due.push(...(await this.noteAllDue(readingsFromMs)));
    return { book: new QuarterBook(due, Math.max(lastMs, due.at(-1) ?? -Infinity)), readingsFromMs };
  }

  /** A database from before there were roll-ups. */
  private async noteAllDue(fromMs: EpochMs): Promise<EpochMs[]> {
    const firstMs = await firstOrLastMs(this.connection, MEASUREMENTS.readings, 'first');
    const lastMs = await firstOrLastMs(this.connection, MEASUREMENTS.readings, 'last');
    if (firstMs === undefined || lastMs === undefined) return [];
    const due: EpochMs[] = [];
    for (let at = Math.max(floorTo(firstMs, SLOT_MS), fromMs); at <= lastMs; at += SLOT_MS) due.push(at);
    await this.connection.write(
      'noting what is due',
      due.map((quarterMs) => dueLine(quarterMs, true)),
    );
    return due;
  }
}
