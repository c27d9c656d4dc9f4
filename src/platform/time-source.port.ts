import type { DurationMs } from '../kernel/units.js';

/** Somebody outside this computer who knows the time. */
export abstract class TimeSource {
  /** How far the wall clock is behind the right time, negative where it is ahead. Throws an `AdapterError` where nobody answers. */
  abstract offsetMs(): Promise<DurationMs>;
}

/** Where nobody is asked, the wall clock is believed. */
export class NoTimeSource extends TimeSource {
  offsetMs(): Promise<DurationMs> {
    return Promise.resolve(0);
  }
}
