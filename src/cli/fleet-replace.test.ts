import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { checkReplaceable, replaceFile } from './fleet-replace.js';

describe('a fleet file that is replaced', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    file = join(folder, 'fleet.yaml');
    writeFileSync(file, 'before');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is looked at first, and left as it is', () => {
    checkReplaceable(file);
    expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['fleet.yaml'], 'before']);
    mkdirSync(`${file}.new`);
    expect(() => checkReplaceable(file)).toThrow(BadInput);
    expect(() => checkReplaceable(join(folder, 'none.yaml'))).toThrow(/none\.yaml cannot be written \(ENOENT/);
  });

  it('stays under its own name and mode, behind a link', () => {
    chmodSync(file, 0o640);
    const link = join(folder, 'link.yaml');
    symlinkSync(file, link);
    replaceFile(link, 'after');
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['after', 0o640]);
    expect(readdirSync(folder).sort()).toEqual(['fleet.yaml', 'link.yaml']);
  });

  it.runIf(process.getuid?.() === 0)('stays its owner’s, where root replaces it', () => {
    chownSync(file, 1_234, 2_345);
    replaceFile(file, 'after');
    const { uid, gid } = statSync(file);
    expect([uid, gid]).toEqual([1_234, 2_345]);
  });
});
