import { Injectable } from '@nestjs/common';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SETPOINT_KINDS } from '../field/setpoint.js';
import { overlaps, type Interval } from '../kernel/interval.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import type { LeaseSpan } from '../telemetry/device-energies.js';

/** Longer than any lease: until then a device may do as it was told by a plant that has died. */
const AFTERLIFE_MS: DurationMs = 2 * MINUTE_MS;
/** How much older than the truth the file may be while nothing changes. */
const STORED_EVERY_MS: DurationMs = 10 * SECOND_MS;

const sinceSchema = z.object({ deviceId: z.string(), control: z.enum(SETPOINT_KINDS), startMs: z.number() });
type Since = z.infer<typeof sinceSchema>;

/** A control of a device that holds a lease. */
type HeldControl = Pick<LeaseSpan, 'deviceId' | 'control'>;
const keyOf = ({ deviceId, control }: HeldControl): string => `${deviceId} ${control}`;

const fileSchema = z.object({
  atMs: z.number(),
  open: z.array(sinceSchema),
  closed: z.array(sinceSchema.extend({ endMs: z.number() })),
});

/**
 * When each control of a device was under a setpoint of ours. Forecasts do not train on it, and settlement knows. Kept in a file as well, since
 * intervals of a plant that dies are closed by the next one; without the file those are taken for uncommanded.
 */
@Injectable()
export class LeaseSpans {
  private readonly open = new Map<string, Since>();
  private closed: LeaseSpan[] = [];
  private file: string | undefined;
  private storedMs: EpochMs = -Infinity;

  /** Takes up what an earlier plant has left in the folder, and keeps its own there from here on. */
  rememberIn(dataDir: string, nowMs: EpochMs): void {
    this.file = join(dataDir, 'commanded.json');
    const before = leftIn(this.file);
    if (!before) return;
    const endMs = Math.min(before.atMs + STORED_EVERY_MS + AFTERLIFE_MS, nowMs);
    const ended = before.open.map((since) => ({ ...since, endMs: Math.max(endMs, since.startMs + 1) }));
    this.closed.push(...before.closed, ...ended);
  }

  /** Takes down which controls hold a lease now. */
  note(held: readonly HeldControl[], nowMs: EpochMs): void {
    let changed = false;
    for (const { deviceId, control } of held) {
      const key = keyOf({ deviceId, control });
      if (this.open.has(key)) continue;
      this.open.set(key, { deviceId, control, startMs: nowMs });
      changed = true;
    }
    const keys = new Set(held.map(keyOf));
    for (const [key, since] of this.open) {
      if (keys.has(key)) continue;
      this.open.delete(key);
      this.closed.push({ ...since, endMs: nowMs });
      changed = true;
    }
    if (changed || (this.open.size > 0 && nowMs - this.storedMs >= STORED_EVERY_MS)) this.store(nowMs);
  }

  /** The spans that touch an interval. One that is still open reaches to its end. */
  within(interval: Interval): LeaseSpan[] {
    const running = [...this.open.values()].map((since) => ({ ...since, endMs: Math.max(interval.endMs, since.startMs + 1) }));
    return [...this.closed, ...running].filter((span) => overlaps(span, interval));
  }

  forgetBefore(atMs: EpochMs): void {
    this.closed = this.closed.filter(({ endMs }) => endMs > atMs);
  }

  private store(nowMs: EpochMs): void {
    if (this.file === undefined) return;
    this.storedMs = nowMs;
    const open = [...this.open.values()];
    try {
      writeFileSync(`${this.file}.new`, JSON.stringify({ atMs: nowMs, open, closed: this.closed }));
      renameSync(`${this.file}.new`, this.file);
    } catch {
      // A full disk must not stop the cycle of decisions.
    }
  }
}

const leftIn = (file: string): z.infer<typeof fileSchema> | undefined => {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
};
