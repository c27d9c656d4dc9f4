import type { DurationMs } from '../kernel/units.js';

/** Somebody outside this computer who knows the time. */
export abstract class TimeSource {
  /**
   * How far the wall clock is behind the right time, negative where it is ahead; `undefined` where there is nobody to ask. Throws an
   * `AdapterError` where nobody answers.
   */
  abstract offsetMs(): Promise<DurationMs | undefined>;
}

/** Where nobody is asked, the wall clock is believed, unless the devices agree that it is wrong. */
export class NoTimeSource extends TimeSource {
  offsetMs(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
