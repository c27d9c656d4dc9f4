import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Whether this kernel gives a process a file system of its own, without being its administrator. */
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'full', tmpdir()]).status === 0;

interface Outcome {
  readonly told: number;
  readonly kept: number;
  readonly queued: number;
  readonly integrity: string;
  readonly full: { readonly reports: number; readonly queued: number; readonly first: { readonly kind: string; readonly message: string } };
  readonly last: { readonly kind: string; readonly lost: number };
}

/** Real disks of a few megabytes, and a real `ENOSPC`. */
describe.runIf(canMount)('a full disk', () => {
  it.each(['sqlite', 'spool'])('corrupts nothing, is told of, and loses nothing once there is room again: %s', (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    const script = 'mount -t tmpfs -o size=12m full "$1" && exec "$2" test/servers/disk-full.mjs "$1" "$3"';
    try {
      const text = execFileSync('unshare', ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, kind], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      const outcome = JSON.parse(text) as Outcome;
      expect(outcome.full.first).toMatchObject({ kind: 'failing', message: expect.stringMatching(/full/) });
      expect(outcome.full.queued).toBeGreaterThan(0);
      expect(outcome).toMatchObject({ kept: outcome.told, queued: 0, integrity: 'ok', last: { kind: 'recovered', lost: 0 } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('is tried where this runs as it is meant to', () => {
  expect(canMount || process.env['CI'] === undefined).toBe(true);
});
