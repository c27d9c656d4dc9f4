import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedJournal, type JournalEntry } from './embedded-journal.js';

const BUILT = fileURLToPath(new URL('../../../dist/src/proof/adapters/embedded-journal.js', import.meta.url));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'heliograph-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const entry = (timeMs: number): JournalEntry => ({ kind: 'genesis', timeMs, seed: 'x'.repeat(120) });

it('ends with its last whole entry when there is no more room, goes on from there, and opens again', () => {
  // A file may grow to one kilobyte: the write that would pass it comes back short, as on a full disk.
  const script = `
    const { EmbeddedJournal } = await import(${JSON.stringify(BUILT)});
    const journal = EmbeddedJournal.open(${JSON.stringify(dir)});
    const entry = (timeMs, length) => ({ kind: 'genesis', timeMs, seed: 'x'.repeat(length) });
    let timeMs = 0;
    try { for (;;) { journal.append(entry(timeMs, 120)); timeMs += 1; } } catch (error) { console.log(timeMs, error.code); }
    journal.append(entry(99, 1));
  `;
  const limited = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 1; exec "$0" --input-type=module -e "$1"`, process.execPath, script], {
    encoding: 'utf8',
  });
  expect(limited.stderr).toBe('');
  const [count, code] = limited.stdout.trim().split(' ');
  expect(code).toBe('EFBIG');
  const times = [...Array.from({ length: Number(count) }, (_, index) => index), 99];
  const again = EmbeddedJournal.open(dir);
  expect(again.entries.map(({ timeMs }) => timeMs)).toEqual(times);
  again.append(entry(100));
  again.close();
  expect(EmbeddedJournal.open(dir).entries).toHaveLength(times.length + 1);
});

it('is refused in one line where something before its end is damaged', () => {
  const lines = [entry(1), entry(2)].map((each) => JSON.stringify(each));
  writeFileSync(join(dir, 'embedded-ledger.jsonl'), `${lines[0]}\n{"kind":\n${lines[1]}\n`);
  expect(() => EmbeddedJournal.open(dir)).toThrow(/embedded-ledger\.jsonl: line 2 is damaged; restore/);
});
