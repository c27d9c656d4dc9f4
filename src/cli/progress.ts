import type { DurationMs } from '../kernel/units.js';
import { monotonicMs } from '../platform/clock.js';

const ON_A_TERMINAL_MS: DurationMs = 200;
const IN_A_LOG_MS: DurationMs = 5_000;
const CLEAR_LINE = '\r\u001B[K';

/** Where a long job is, on standard error: one line drawn over again on a terminal, a line now and then in a log. */
export class Progress {
  private shownAtMs: number;
  private drawn = false;

  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {
    this.shownAtMs = monotonicMs();
  }

  /** Shown only where the last one has stood for a while. */
  show(text: () => string): void {
    const nowMs = monotonicMs();
    if (nowMs - this.shownAtMs < (this.out.isTTY ? ON_A_TERMINAL_MS : IN_A_LOG_MS)) return;
    this.shownAtMs = nowMs;
    this.out.write(this.out.isTTY ? `${CLEAR_LINE}${text()}` : `${text()}\n`);
    this.drawn = this.out.isTTY;
  }

  /** Shown at once. */
  step(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
    this.shownAtMs = monotonicMs();
  }

  /** Takes the line away, before something else is said. */
  clear(): void {
    if (this.drawn) this.out.write(CLEAR_LINE);
    this.drawn = false;
  }
}
