import { Injectable } from '@nestjs/common';
import { messageOf } from '../kernel/errors.js';
import { type Interval, overlaps } from '../kernel/interval.js';
import { SURE_WITHIN_MS } from '../kernel/steady-time.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, SECOND_MS } from '../kernel/units.js';
import { AlarmService } from './alarm.service.js';
import { Clock } from './clock.js';
import { TimeSource } from './time-source.port.js';

const ASKED_EVERY_MS: DurationMs = HOUR_MS;
/** Stretches this long ago are of no use to anybody who closes intervals. */
const REMEMBERED_MS: DurationMs = 3 * DAY_MS;

interface Stretch {
  readonly startMs: EpochMs;
  endMs: EpochMs;
}

/** Knows when this plant's clock could not be relied on. */
@Injectable()
export class ClockWatch {
  private readonly unsure: Stretch[] = [];
  private open: Stretch | undefined;
  private offsetMs: DurationMs = 0;
  private askedAtMs: EpochMs = -Infinity;
  private lookedAtMs: EpochMs | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly source: TimeSource,
    private readonly alarms: AlarmService,
  ) {}

  /** Looks at the clock; others are asked once an hour. Never throws. */
  async look(): Promise<void> {
    const nowMs = this.clock.now();
    if (nowMs - this.askedAtMs >= ASKED_EVERY_MS) await this.ask(nowMs);
    // The wall clock is behind the right time by the offset, and ours ahead of the wall clock.
    const aheadMs = this.clock.aheadOfWallMs() - this.offsetMs;
    const isUnsure = Math.abs(aheadMs) > SURE_WITHIN_MS;
    this.note(nowMs, isUnsure);
    this.lookedAtMs = nowMs;
    if (isUnsure) {
      const seconds = Math.round(Math.abs(aheadMs) / SECOND_MS);
      await this.alarms.raise({
        subject: 'clock',
        kind: 'unsure',
        severity: 'warning',
        message: `The plant's clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the right time: intervals are marked until it is right again. ${
          aheadMs > 0 ? 'It runs a little slower until then' : 'Set the clock of this computer'
        }`,
      });
    } else await this.alarms.clear('clock', 'unsure');
  }

  /** Whether the clock was off at any time in the interval, as far as this process has seen. */
  wasUnsure(interval: Interval): boolean {
    return this.unsure.some((stretch) => overlaps(stretch, interval));
  }

  private note(nowMs: EpochMs, isUnsure: boolean): void {
    if (this.open) this.open.endMs = nowMs;
    if (!isUnsure) {
      this.open = undefined;
      return;
    }
    if (this.open) return;
    // It may have gone wrong right after it was looked at last.
    this.open = { startMs: this.lookedAtMs ?? nowMs, endMs: nowMs + 1 };
    this.unsure.push(this.open);
    while (this.unsure[0]!.endMs < nowMs - REMEMBERED_MS) this.unsure.shift();
  }

  private async ask(nowMs: EpochMs): Promise<void> {
    this.askedAtMs = nowMs;
    try {
      this.offsetMs = await this.source.offsetMs();
      await this.alarms.clear('clock', 'unchecked');
    } catch (error) {
      await this.alarms.raise({
        subject: 'clock',
        kind: 'unchecked',
        severity: 'warning',
        message: `The clock could not be checked: ${messageOf(error)}`,
      });
    }
  }
}
