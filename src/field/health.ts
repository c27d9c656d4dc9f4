import type { RandomStream } from '../kernel/random.js';
import type { DurationMs } from '../kernel/units.js';
import type { DeviceHealth } from './sample.js';

/** How a device has answered of late. Times are on the monotonic clock. */
export interface Answering {
  readonly health: DeviceHealth | 'unknown';
  /** Polls missed in a row. */
  readonly missed: number;
  readonly failingSinceMs?: DurationMs;
  /** Not polled again before this. */
  readonly retryAtMs: DurationMs;
}

export const NOT_ASKED_YET: Answering = { health: 'unknown', missed: 0, retryAtMs: 0 };

const OFFLINE_AFTER_MISSED = 5;
const OFFLINE_AFTER_MS: DurationMs = 10_000;
const FIRST_RETRY_MS: DurationMs = 200;
const LONGEST_BACK_OFF_MS: DurationMs = 15_000;

export const ANSWERED: Answering = { health: 'online', missed: 0, retryAtMs: 0 };

/**
 * One more missed poll: stale at once, offline after five in a row or ten seconds. The first retry comes fast, since most
 * failures are one lost packet; then the pauses double from one period, each with jitter of a quarter either way, so that
 * devices that went down together do not come back together.
 */
export const missedPoll = (before: Answering, nowMs: DurationMs, periodMs: DurationMs, random: RandomStream): Answering => {
  const missed = before.missed + 1;
  const failingSinceMs = before.failingSinceMs ?? nowMs;
  const longestMs = Math.max(LONGEST_BACK_OFF_MS, periodMs);
  const pauseMs = missed === 1 ? Math.min(FIRST_RETRY_MS, periodMs) : Math.min(periodMs * 2 ** Math.min(missed - 2, 20), longestMs);
  const jitter = missed === 1 ? 1 : 0.75 + random() / 2;
  const after = { missed, failingSinceMs, retryAtMs: nowMs + pauseMs * jitter };
  return { ...after, health: isOffline(after, nowMs, periodMs) || before.health === 'offline' ? 'offline' : 'stale' };
};

/** What time alone makes of a device that is not being polled: stale ones become offline. */
export const aged = (before: Answering, nowMs: DurationMs, periodMs: DurationMs): Answering =>
  before.health === 'stale' && isOffline(before, nowMs, periodMs) ? { ...before, health: 'offline' } : before;

const isOffline = ({ missed, failingSinceMs }: Omit<Answering, 'health'>, nowMs: DurationMs, periodMs: DurationMs): boolean =>
  missed >= OFFLINE_AFTER_MISSED || (failingSinceMs !== undefined && nowMs - failingSinceMs >= Math.max(OFFLINE_AFTER_MS, 2 * periodMs));
