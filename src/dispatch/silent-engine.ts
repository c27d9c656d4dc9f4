import type { Device } from '../fleet/plant.js';
import { type DurationMs, type EpochMs, MINUTE_MS, SECOND_MS, type Watt } from '../kernel/units.js';
import type { GeneratorNow } from './generator-rules.js';
import { LONGEST_LEASE_MS } from './lease-writes.js';

/** What a genset's own control may take to stop beyond what it is rated for. */
const STOPS_LATE_MS: DurationMs = MINUTE_MS;
/** What its meter may show of one that stands, as a share of its rating. */
const STANDS_WITHIN = 0.02;

/**
 * Most that an engine may give whose controller is silent. One that stood when it was last heard, and was not to start, goes on standing. One that
 * is told by leases that end in the device itself stands once it must have stopped: the last lease is over, its minimum up time, and its way down.
 * Any other may give all that it is rated for, for as long as it is silent.
 */
export const silentEngineMostW = (
  { generator, reversion }: Pick<Device, 'generator' | 'reversion'>,
  known: GeneratorNow | undefined,
  atMs: EpochMs,
): Watt => {
  if (!generator) return 0;
  if (!known?.course) return generator.maxW;
  const { running, isOurs, comesToW = 0, course } = known;
  if (!running && comesToW === 0 && course.powerW <= STANDS_WITHIN * generator.maxW) return 0;
  const stopsAfterMs = generator.minUpS * SECOND_MS + (generator.maxW / generator.rampWPerS) * SECOND_MS + STOPS_LATE_MS;
  const hasStopped = atMs - course.atMs > LONGEST_LEASE_MS + stopsAfterMs;
  return hasStopped && reversion === 'device' && (isOurs || !running) ? 0 : generator.maxW;
};
