import { SqliteReadingStore } from '../../src/telemetry/adapters/sqlite-reading-store.js';
import { measuredMonthContract } from '../contract/measured-month.js';

/** On the twelfth of that month the clocks change: its day has 92 slots. */
measuredMonthContract(
  'SQLite',
  () => {
    const store = SqliteReadingStore.open(':memory:');
    return Promise.resolve({ store, reopen: () => Promise.reject(new Error('in memory')), dispose: () => store.close() });
  },
  '2017-03',
  8,
);
