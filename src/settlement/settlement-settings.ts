import type { LocalDate } from '../kernel/local-day.js';
import { type DurationMs, MINUTE_MS } from '../kernel/units.js';

/** What the room is told at boot. It is also the Nest token. */
export class SettlementSettings {
  constructor(
    /** Length of the slots that events are measured in. */
    readonly intervalMs: DurationMs,
    /** Days that count as weekends in the choice of like days. */
    readonly holidays: ReadonlySet<LocalDate> = new Set(),
    /** How long settlement waits for intervals that do not come before it calls them missing. */
    readonly graceMs: DurationMs = Math.max(2 * MINUTE_MS, intervalMs),
    /** How far back like days are looked for. */
    readonly lookBackDays: number = 60,
    /** How many days after it was issued a statement is compared with later data. */
    readonly reviewDays: number = 3,
  ) {}
}
