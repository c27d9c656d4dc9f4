import type { HealthChange, Sample, SelfWord } from '../sample.js';
import { SampleSink } from '../sample-sink.port.js';

/** Keeps what it is given, and lets a test wait for it. */
export class RecordingSink extends SampleSink {
  readonly samples: Sample[] = [];
  readonly changes: HealthChange[] = [];
  readonly words: SelfWord[] = [];
  private readonly waiting = new Set<() => void>();

  accept(sample: Sample): void {
    this.samples.push(sample);
    this.tell();
  }

  healthChanged(change: HealthChange): void {
    this.changes.push(change);
    this.tell();
  }

  saidOfItself(word: SelfWord): void {
    this.words.push(word);
    this.tell();
  }

  /** Resolves once the condition holds, which is looked at with all that is told. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  /** The next sample of every one of these devices that is taken from now on. */
  async next(deviceIds: readonly string[]): Promise<Map<string, Sample>> {
    const from = this.samples.length;
    const fresh = (): Map<string, Sample> => new Map(this.samples.slice(from).map((sample) => [sample.deviceId, sample]));
    await this.until(() => deviceIds.every((id) => fresh().has(id)));
    return fresh();
  }

  private tell(): void {
    for (const look of this.waiting) look();
  }
}
