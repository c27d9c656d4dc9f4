import { readFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

const STUCK_MS = 10 * 60_000;

/**
 * Ends the process of a file that has not finished after ten minutes: a blocked event loop hears no timeout of its own, and
 * one such file would hold all that come after it. The runner counts the file as failed and goes on. Linux only: elsewhere
 * it names the file.
 */
export default class StuckReporter implements Reporter {
  private readonly running = new Map<string, NodeJS.Timeout>();

  onTestModuleStart({ moduleId }: TestModule): void {
    const timer = setTimeout(() => {
      process.stderr.write(`STUCK: ${moduleId} has not ended after ${STUCK_MS / 60_000} minutes\n`);
      for (const child of children()) process.kill(child, 'SIGKILL');
    }, STUCK_MS);
    this.running.set(moduleId, timer.unref());
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    clearTimeout(this.running.get(moduleId));
    this.running.delete(moduleId);
  }
}

const children = (): number[] => {
  try {
    return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};
