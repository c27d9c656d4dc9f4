import type { HealthChange, Sample, SelfWord } from './sample.js';

/** Where the field's samples go. Telemetry implements it; no call may block the polling. */
export abstract class SampleSink {
  abstract accept(sample: Sample): void;
  abstract healthChanged(change: HealthChange): void;
  abstract saidOfItself(word: SelfWord): void;
}
