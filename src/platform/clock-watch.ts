import { Injectable } from '@nestjs/common';
import { messageOf } from '../kernel/errors.js';
import { type Interval, overlaps } from '../kernel/interval.js';
import { SURE_WITHIN_MS } from '../kernel/steady-time.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { AlarmService } from './alarm.service.js';
import { Clock } from './clock.js';
import { agreedAheadMs, type ClockWord } from './clock-words.js';
import { TimeSource } from './time-source.port.js';

const ASKED_EVERY_MS: DurationMs = HOUR_MS;
/** Stretches this long ago are of no use to anybody who closes intervals. */
const REMEMBERED_MS: DurationMs = 3 * DAY_MS;

/** Devices tell whole seconds, and were asked minutes ago. */
const DEVICES_WITHIN_MS: DurationMs = SURE_WITHIN_MS + 2 * SECOND_MS;
const WORD_HOLDS_MS: DurationMs = 25 * MINUTE_MS;
/** Inverters' clocks go wrong by seconds a day: less than this is no news. */
const DOUBTED_BEYOND_MS: DurationMs = 5 * MINUTE_MS;

/** For so long whoever looks at the alarms should know why events and plan went on to another time. */
const LEAP_TOLD_MS: DurationMs = HOUR_MS;

interface Stretch {
  readonly startMs: EpochMs;
  endMs: EpochMs;
}

/** Knows when this plant's clock could not be relied on. */
@Injectable()
export class ClockWatch {
  private readonly unsure: Stretch[] = [];
  private open: Stretch | undefined;
  private offsetMs: DurationMs | undefined;
  private readonly words = new Map<string, ClockWord & { readonly atMs: EpochMs }>();
  private askedAtMs: EpochMs = -Infinity;
  private lookedAtMs: EpochMs | undefined;
  private leaptMs: DurationMs = 0;
  private leap: { readonly atMs: EpochMs; readonly byMs: DurationMs } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly source: TimeSource,
    private readonly alarms: AlarmService,
  ) {}

  /** Looks at the clock; others are asked once an hour. Never throws. */
  async look(): Promise<void> {
    const nowMs = this.clock.now();
    if (nowMs - this.askedAtMs >= ASKED_EVERY_MS) await this.ask(nowMs);
    this.forgetWords(nowMs);
    const { aheadMs, sureWithinMs, by } = this.judged();
    const isUnsure = Math.abs(aheadMs) > sureWithinMs;
    this.note(nowMs, isUnsure);
    this.lookedAtMs = nowMs;
    await this.tell('leapt', this.leapUntil(nowMs));
    await this.tell('unsure', isUnsure ? unsureText(aheadMs, by, this.clock.aheadOfWallMs() > SURE_WITHIN_MS) : undefined);
    await this.tell('doubted', isUnsure ? undefined : this.doubt());
  }

  /** What a device's own clock says now. Where a time server is asked, only that counts. */
  heard(word: ClockWord): void {
    this.words.set(word.who, { ...word, atMs: this.clock.now() });
  }

  /** Whether the clock was off at any time in the interval, as far as this process has seen. */
  wasUnsure(interval: Interval): boolean {
    return this.unsure.some((stretch) => overlaps(stretch, interval));
  }

  /** How far our clock is ahead of the right time, as far as anybody says. */
  private judged(): { aheadMs: DurationMs; sureWithinMs: DurationMs; by: string } {
    // The wall clock is behind the right time by the offset, and ours ahead of the wall clock.
    const aheadOfWallMs = this.clock.aheadOfWallMs();
    if (this.offsetMs !== undefined) return { aheadMs: aheadOfWallMs - this.offsetMs, sureWithinMs: SURE_WITHIN_MS, by: '' };
    const agreed = agreedAheadMs([...this.words.values()]);
    if (agreed === undefined) return { aheadMs: aheadOfWallMs, sureWithinMs: SURE_WITHIN_MS, by: '' };
    return { aheadMs: -agreed, sureWithinMs: DEVICES_WITHIN_MS, by: ' by the clocks of its devices' };
  }

  /** One device alone that says otherwise: who is wrong cannot be told from here. */
  private doubt(): string | undefined {
    const words = [...this.words.values()];
    if (this.offsetMs !== undefined || agreedAheadMs(words) !== undefined) return undefined;
    const other = words.find(({ aheadMs }) => Math.abs(aheadMs) > DOUBTED_BEYOND_MS);
    if (!other) return undefined;
    return `${other.who} has a clock that is ${seconds(other.aheadMs)} s ${other.aheadMs > 0 ? 'ahead of' : 'behind'} the plant's, and nobody says which is right: set VPP_NTP`;
  }

  /** The last leap ahead, while it is news. */
  private leapUntil(nowMs: EpochMs): string | undefined {
    const byMs = this.clock.leaptMs() - this.leaptMs;
    this.leaptMs += byMs;
    if (byMs > 0) this.leap = { atMs: nowMs, byMs };
    if (!this.leap || nowMs - this.leap.atMs >= LEAP_TOLD_MS) return undefined;
    const what = `The clock of this computer was put forward by ${seconds(this.leap.byMs)} s, or it slept`;
    return `${what}: events, limits and the plan go by the new time, devices' minimum times and rests by the time that passed before and since`;
  }

  private forgetWords(nowMs: EpochMs): void {
    for (const [who, { atMs }] of this.words) if (Math.abs(nowMs - atMs) > WORD_HOLDS_MS) this.words.delete(who);
  }

  private tell(kind: string, message: string | undefined): Promise<void> {
    if (message === undefined) return this.alarms.clear('clock', kind);
    return this.alarms.raise({ subject: 'clock', kind, severity: 'warning', message });
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
      await this.tell('unchecked', undefined);
    } catch (error) {
      await this.tell('unchecked', `The clock could not be checked: ${messageOf(error)}`);
    }
  }
}

const seconds = (ms: DurationMs): number => Math.round(Math.abs(ms) / SECOND_MS);

const unsureText = (aheadMs: DurationMs, by: string, isSlowing: boolean): string => {
  const off = `The plant's clock is ${seconds(aheadMs)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the right time${by}`;
  const mend = isSlowing
    ? "This computer's was set back, and the plant's runs a little slower until then"
    : 'Set the clock of this computer';
  return `${off}: intervals are marked until it is right again. ${mend}`;
};
