import type { RandomStream } from '../kernel/random.js';
import { messageOf } from '../kernel/errors.js';
import { type DurationMs, MINUTE_MS } from '../kernel/units.js';
import { type Clock, monotonicMs } from '../platform/clock.js';
import { TCP_TIMING } from './bus.js';
import type { FieldDevice } from './field-devices.js';
import { aged, ANSWERED, type Answering, missedPoll, NOT_ASKED_YET } from './health.js';
import { groupsOf, msUntil, type PollGroup } from './poll-plan.js';
import type { SampleSink } from './sample-sink.port.js';

/** A unit that did not answer last time is given less time to answer, unless it is known to be slow: it never would again. */
const TIMEOUT_WHILE_FAILING_MS: DurationMs = 400;
const isSlow = (timeoutMs: DurationMs): boolean => timeoutMs > TCP_TIMING.timeoutMs;

const SELF_REPORT_EVERY_MS: DurationMs = 10 * MINUTE_MS;
/** A clock that tells whole seconds is on average this much further. */
const HALF_A_SECOND_MS: DurationMs = 500;

interface Polled {
  readonly field: FieldDevice;
  readonly timeoutMs: DurationMs;
  answering: Answering;
  lastReason: string;
  asked: boolean;
  /** The last poll, over or not. */
  lastPoll: Promise<void> | undefined;
  selfReportDueMs: DurationMs;
}

/**
 * Polls every device at its period and pushes what they say. A device is never polled twice at once, and one that fails is
 * asked less and less often; none waits for another, unless they share a bus.
 */
export class Poller {
  private readonly timers = new Set<NodeJS.Timeout>();
  private polled: Polled[] = [];
  private stopped = true;

  constructor(
    private readonly sink: SampleSink,
    private readonly clock: Clock,
    private readonly random: RandomStream,
  ) {}

  start(fields: readonly FieldDevice[]): void {
    this.stopped = false;
    this.polled = fields.map((field) => ({
      field,
      timeoutMs: field.unit.timeoutMs,
      answering: NOT_ASKED_YET,
      lastReason: '',
      asked: false,
      lastPoll: undefined,
      // Not all of a large plant at once.
      selfReportDueMs: monotonicMs() + this.random() * MINUTE_MS,
    }));
    const byField = new Map(this.polled.map((polled) => [polled.field, polled]));
    for (const group of groupsOf(fields)) {
      const members = group.fields.map((field) => byField.get(field)!);
      // Everything is asked once right away; only then does each site wait for its own place in the period.
      for (const polled of members) this.begin(polled);
      const beginsAtMs = monotonicMs() + msUntil(this.clock.now(), group);
      this.at(beginsAtMs, () => this.tick(group, members, beginsAtMs));
    }
  }

  /** Ends polling; resolves once no poll is on the wire. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    await Promise.all(this.polled.map((polled) => polled.lastPoll ?? Promise.resolve()));
  }

  private tick(group: PollGroup, members: readonly Polled[], dueMs: DurationMs): void {
    const nowMs = monotonicMs();
    for (const polled of members) {
      this.judge(polled, aged(polled.answering, nowMs, polled.field.periodMs));
      if (nowMs >= polled.answering.retryAtMs) this.begin(polled);
    }
    // Ticks that were slept through are not made up for.
    const missedTicks = Math.max(0, Math.floor((nowMs - dueMs) / group.periodMs));
    const nextMs = dueMs + (missedTicks + 1) * group.periodMs;
    this.at(nextMs, () => this.tick(group, members, nextMs));
  }

  private begin(polled: Polled): void {
    if (polled.asked || this.stopped) return;
    polled.asked = true;
    polled.lastPoll = this.poll(polled);
  }

  private async poll(polled: Polled): Promise<void> {
    const { field } = polled;
    try {
      const values = await field.driver.read();
      if (this.stopped) return;
      this.judge(polled, ANSWERED);
      field.unit.timeoutMs = polled.timeoutMs;
      this.sink.accept({ deviceId: field.device.id, atMs: this.clock.now(), values });
      if (monotonicMs() >= polled.selfReportDueMs) await this.askForItself(polled);
    } catch (error) {
      if (!this.stopped) this.missed(polled, messageOf(error));
    } finally {
      polled.asked = false;
    }
  }

  /** A device that answers its polls and not this goes on being read as before, and is asked again some day. */
  private async askForItself(polled: Polled): Promise<void> {
    const { device, driver } = polled.field;
    polled.selfReportDueMs = monotonicMs() + SELF_REPORT_EVERY_MS;
    const report = await driver.selfReport().catch(() => undefined);
    if (!report || this.stopped) return;
    const { ratedW, clockMs } = report;
    this.sink.saidOfItself({
      deviceId: device.id,
      ...(ratedW === undefined ? {} : { ratedW }),
      ...(clockMs === undefined ? {} : { clockAheadMs: clockMs + HALF_A_SECOND_MS - this.clock.now() }),
    });
  }

  private missed(polled: Polled, reason: string): void {
    const nowMs = monotonicMs();
    const after = missedPoll(polled.answering, nowMs, polled.field.periodMs, this.random);
    if (!isSlow(polled.timeoutMs)) polled.field.unit.timeoutMs = Math.min(polled.timeoutMs, TIMEOUT_WHILE_FAILING_MS);
    polled.lastReason = reason;
    this.judge(polled, after);
    if (after.missed === 1) this.at(after.retryAtMs, () => this.begin(polled));
  }

  private judge(polled: Polled, after: Answering): void {
    const before = polled.answering.health;
    polled.answering = after;
    if (after.health === before || after.health === 'unknown') return;
    const change = { deviceId: polled.field.device.id, atMs: this.clock.now(), health: after.health };
    this.sink.healthChanged(after.health === 'online' ? change : { ...change, reason: polled.lastReason });
  }

  private at(dueMs: DurationMs, act: () => void): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, dueMs - monotonicMs());
    this.timers.add(timer);
  }
}
