import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { randomStream } from '../../src/kernel/random.js';

const KILLS = 200;
const LONGEST_LIFE_MS = 60;

interface Found {
  readonly samples: number;
  readonly inOrder: boolean;
  readonly rolledUp: boolean;
}
/** What one process found, and what it had acknowledged when it was killed. */
interface Life {
  readonly openedInMs: number;
  readonly found: readonly Found[];
  readonly acknowledged: number;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Lives until `lifeMs` after its first acknowledgement. */
const live = async (lifeMs: number): Promise<Life> => {
  const child = spawn(process.execPath, ['test/servers/reading-appender.mjs', join(folder, 'readings.sqlite')]);
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const ended = once(child, 'exit');
  let [openedInMs, acknowledged, found]: [number, number, Found[]] = [NaN, 0, []];
  let killing: NodeJS.Timeout | undefined;
  for await (const line of createInterface(child.stdout)) {
    const [word, value] = line.split(' ') as [string, string];
    if (word === 'opened') openedInMs = Number(value);
    if (word === 'found') found = JSON.parse(value) as Found[];
    // Half a line is no acknowledgement.
    if (word !== 'acknowledged' || !/^\d+$/.test(value)) continue;
    acknowledged = Number(value);
    killing ??= setTimeout(() => child.kill('SIGKILL'), lifeMs);
  }
  await ended;
  if (errors !== '') throw new Error(errors);
  return { openedInMs, found, acknowledged };
};

it(`loses nothing that was acknowledged, and doubles nothing, in ${KILLS} times kill -9`, { timeout: 400_000 }, async () => {
  const random = randomStream(20_261_128);
  let acknowledged = 0;
  const openings: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const life = await live(random() * LONGEST_LIFE_MS);
    openings.push(life.openedInMs);
    // All devices of a batch are there or none, whatever moment it was killed at.
    expect(new Set(life.found.map(({ samples }) => samples)).size, `life ${kill}`).toBe(1);
    expect(
      life.found.every(({ inOrder, rolledUp }) => inOrder && rolledUp),
      `life ${kill}: ${JSON.stringify(life.found)}`,
    ).toBe(true);
    expect(life.found[0]!.samples).toBeGreaterThanOrEqual(acknowledged);
    ({ acknowledged } = life);
  }
  expect(acknowledged).toBeGreaterThan(40 * KILLS);
  // Nothing is repaired at length: a store that was killed opens as one that was closed.
  expect(openings.sort((a, b) => a - b)[KILLS / 2]).toBeLessThan(1_000);
});
