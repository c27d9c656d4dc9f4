import type { Sample } from '../field/sample.js';
import { AdapterError } from '../kernel/errors.js';
import type { ReadingStore } from './reading-store.port.js';

/**
 * Brings samples into a store, halving a batch that it refuses for good until the one sample it cannot take stands alone and
 * is told of. Throws what may succeed later.
 */
export const appendAll = async (
  store: Pick<ReadingStore, 'append'>,
  samples: readonly Sample[],
  unstorable: (sample: Sample, message: string) => void,
): Promise<void> => {
  try {
    await store.append(samples);
  } catch (error) {
    if (!(error instanceof AdapterError) || error.retryable) throw error;
    if (samples.length === 1) return unstorable(samples[0]!, error.message);
    const middle = samples.length >> 1;
    await appendAll(store, samples.slice(0, middle), unstorable);
    await appendAll(store, samples.slice(middle), unstorable);
  }
};
