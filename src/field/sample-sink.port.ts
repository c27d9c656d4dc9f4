import type { HealthChange, Sample } from './sample.js';

/** Where the field's samples go. Telemetry implements it; neither call may block the polling. */
export abstract class SampleSink {
  abstract accept(sample: Sample): void;
  abstract healthChanged(change: HealthChange): void;
}
