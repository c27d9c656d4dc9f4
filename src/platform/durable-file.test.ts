import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeDurably } from './durable-file.js';

describe('a file that is written durably', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is there whole, in folders made for it, and for its user alone', () => {
    const file = join(folder, 'new', 'table.json');
    writeDurably(file, 'first');
    chmodSync(file, 0o644);
    writeDurably(file, 'second');
    expect(readFileSync(file, 'utf8')).toBe('second');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it('stays as it was where it cannot be written', () => {
    const file = join(folder, 'table.json');
    writeFileSync(file, 'first');
    mkdirSync(`${file}.new`);
    expect(() => writeDurably(file, 'second')).toThrow(/EISDIR/);
    expect(readFileSync(file, 'utf8')).toBe('first');
  });
});
