import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFolderLocked, lockFolder } from './folder-lock.js';

describe('the lock on a plant’s folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is held by one at a time', () => {
    const held = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`${folder} is in use by a plant that is running`);
    held.release();
    lockFolder(folder).release();
  });

  it('says that a commissioning holds it, where one does', () => {
    const held = [lockFolder(folder, 'commissioning'), lockFolder(folder)];
    expect(() => lockFolder(folder)).toThrow(`${folder} is in use: a commissioning is under way`);
    expect(() => lockFolder(folder, 'commissioning')).toThrow(`${folder} is in use: a commissioning is under way`);
    for (const lock of held) lock.release();
    lockFolder(folder).release();
  });

  it('is seen by others, who take nothing', () => {
    expect(isFolderLocked(join(folder, 'none'))).toBe(false);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    const held = lockFolder(folder);
    expect(isFolderLocked(folder)).toBe(true);
    held.release();
    expect(isFolderLocked(folder)).toBe(false);
    lockFolder(folder).release();
  });
});
