import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './bench-row.js';
import { historyFilled, startDemo } from './demo-process.js';

const SETTLE_MS = 150_000;
const WATCH_MS = 60_000;
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

/** The whole demo at rest: its past is filled in, its networks are trained, nobody looks at a page. Linux only. */
export const demoBench = async (): Promise<BenchRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-bench-'));
  const demo = await startDemo(folder);
  try {
    await historyFilled(demo.url);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const before = cpuMs(demo.child.pid!);
    const beganMs = performance.now();
    let mostMb = 0;
    while (performance.now() - beganMs < WATCH_MS) {
      mostMb = Math.max(mostMb, residentMb(demo.child.pid!));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    const share = (cpuMs(demo.child.pid!) - before) / (performance.now() - beganMs);
    return [
      { what: 'processor at rest', value: share * 100, unit: '% of one', bound: 25 },
      { what: 'resident memory at rest', value: mostMb, unit: 'MB', bound: 500 },
    ];
  } finally {
    await demo.stop();
    rmSync(folder, { recursive: true });
  }
};

const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

const residentMb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
