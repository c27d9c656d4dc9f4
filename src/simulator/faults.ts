import type { DurationMs, EpochMs } from '../kernel/units.js';
import { seedOf } from '../kernel/random.js';
import { noiseAt } from './noise.js';
import type { DeviceFault } from './spec.js';

/** How a device takes a request now: it answers, it answers with an exception, or nothing comes back. */
export type Answering = 'answers' | 'silent' | { readonly exception: number };

/** Exceptions of the Modbus application protocol 1.1b3, §7. */
export const EXCEPTION = { illegalFunction: 1, illegalAddress: 2, illegalValue: 3, deviceFailure: 4, gatewayTargetSilent: 11 } as const;

/** What faults make of a device at `atMs`, in a fleet that started at `startedAtMs`. */
export const answering = (faults: readonly DeviceFault[], deviceId: string, atMs: EpochMs, startedAtMs: EpochMs): Answering => {
  for (const fault of faults) {
    if (fault.deviceId !== deviceId) continue;
    if (fault.kind === 'offline' && isWithin(fault, atMs, startedAtMs))
      return fault.answer === 'silence' ? 'silent' : { exception: EXCEPTION.gatewayTargetSilent };
    if (fault.kind === 'meter-gaps' && isInGap(fault, atMs)) return { exception: EXCEPTION.deviceFailure };
  }
  return 'answers';
};

/** Devices that have a fault of this kind at `atMs`. */
export const devicesWith = (
  kind: 'start-fails' | 'timer-stuck' | 'deaf',
  faults: readonly DeviceFault[],
  atMs: EpochMs,
  startedAtMs: EpochMs,
): ReadonlySet<string> =>
  new Set(faults.filter((fault) => fault.kind === kind && isWithin(fault, atMs, startedAtMs)).map((fault) => fault.deviceId));

const isWithin = ({ afterMs, forMs }: { afterMs: DurationMs; forMs: DurationMs }, atMs: EpochMs, startedAtMs: EpochMs): boolean =>
  atMs >= startedAtMs + afterMs && atMs < startedAtMs + afterMs + forMs;

/** One gap in each stretch of `everyMs`, somewhere in it. */
const isInGap = ({ deviceId, everyMs, forMs }: { deviceId: string; everyMs: DurationMs; forMs: DurationMs }, atMs: EpochMs): boolean => {
  const stretch = Math.floor(atMs / everyMs);
  const gapAtMs = stretch * everyMs + noiseAt(seedOf('gap', deviceId), stretch) * Math.max(0, everyMs - forMs);
  return atMs >= gapAtMs && atMs < gapAtMs + forMs;
};
