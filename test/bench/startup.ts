import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './bench-row.js';
import { historyFilled, startDemo } from './demo-process.js';

/** From `npm start` to the first useful page: on an empty folder, history included, and on one that has been used. */
export const startupBench = async (): Promise<BenchRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-bench-'));
  try {
    const bareMs = await bareNodeMs();
    const first = await startDemo(folder);
    const beganMs = performance.now();
    await historyFilled(first.url);
    const filledMs = performance.now() - beganMs;
    await first.stop();
    const later = await startDemo(folder);
    await later.stop();
    return [
      { what: 'bare `node -e 0`', value: bareMs / 1_000, unit: 's' },
      { what: 'first start to first page', value: first.upMs / 1_000, unit: 's', bound: 20 },
      { what: 'later start to first page', value: later.upMs / 1_000, unit: 's', bound: 5 },
      { what: 'the other 29 days behind it', value: filledMs / 1_000, unit: 's' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const bareNodeMs = async (): Promise<number> => {
  const { spawnSync } = await import('node:child_process');
  const beganMs = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - beganMs;
};
