import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { toHex } from './encoding.js';
import { freshDir, removeDir } from './proof-plant.fixture.js';
import { loadSigningKeys, signingKeyOf } from './signing-keys.js';

const ORIGIN = 'heliograph.invalid/test';

describe('the signing keys', () => {
  let dir: string;
  beforeEach(() => {
    dir = freshDir();
  });
  afterEach(() => removeDir(dir));
  const file = (): string => join(dir, 'proof-keys.json');

  it('are made on first use, for this user only, and stay', () => {
    const made = loadSigningKeys(dir, false, ORIGIN);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    const again = loadSigningKeys(dir, false, ORIGIN);
    expect(toHex(again.anchor.publicKey)).toBe(toHex(made.anchor.publicKey));
    expect(toHex(again.log.publicKey)).toBe(toHex(made.log.publicKey));
    expect(again.ofSite('home-1').pseudonym).toBe(made.ofSite('home-1').pseudonym);
    expect(toHex(again.ofSite('home-1').key.publicKey)).toBe(toHex(made.ofSite('home-1').key.publicKey));
  });

  it('keep the name of their log, also where the plant is called otherwise by now', () => {
    expect(loadSigningKeys(dir, false, ORIGIN).origin).toBe(ORIGIN);
    expect(loadSigningKeys(dir, false, 'heliograph.invalid/renamed').origin).toBe(ORIGIN);
  });

  it('are one for each purpose and each site, and tell no site by its name', () => {
    const keys = loadSigningKeys(dir, false, ORIGIN);
    const all = [keys.log, keys.anchor, keys.ofSite('home-1').key, keys.ofSite('home-2').key].map(({ publicKey }) => toHex(publicKey));
    expect(new Set(all).size).toBe(4);
    expect(keys.ofSite('home-1').pseudonym).toMatch(/^[0-9a-f]{32}$/);
    expect(keys.ofSite('home-1').pseudonym).not.toBe(keys.ofSite('home-2').pseudonym);
  });

  it('of a demo are refused by a plant, and those of a plant by a demo', () => {
    loadSigningKeys(dir, true, ORIGIN);
    expect(() => loadSigningKeys(dir, false, ORIGIN)).toThrow(/demo keys, which prove nothing/);
    const other = freshDir();
    loadSigningKeys(other, false, ORIGIN);
    expect(() => loadSigningKeys(other, true, ORIGIN)).toThrow(/plant's keys/);
    removeDir(other);
  });

  it('may come from the environment, and then leave no file', () => {
    const made = loadSigningKeys(dir, false, ORIGIN);
    const text = readFileSync(file(), 'utf8');
    const other = freshDir();
    const given = loadSigningKeys(other, false, ORIGIN, { text });
    expect(toHex(given.log.publicKey)).toBe(toHex(made.log.publicKey));
    expect(existsSync(join(other, 'proof-keys.json'))).toBe(false);
    expect(() => loadSigningKeys(other, true, ORIGIN, { text })).toThrow(/VPP_PROOF_KEYS: these are a plant's keys/);
    expect(() => loadSigningKeys(other, false, ORIGIN, { text: 'x' })).toThrow(/VPP_PROOF_KEYS: damaged/);
    removeDir(other);
  });

  it('sign anchors by somebody else\u2019s where one is named', () => {
    const anchor = signingKeyOf(new Uint8Array(32).fill(9));
    expect(loadSigningKeys(dir, false, ORIGIN, { anchor }).anchor).toBe(anchor);
    expect(loadSigningKeys(dir, false, ORIGIN).anchor.publicKey).not.toEqual(anchor.publicKey);
  });

  it('are refused where others may read them, or where the file is damaged', () => {
    loadSigningKeys(dir, false, ORIGIN);
    const text = readFileSync(file(), 'utf8');
    chmodSync(file(), 0o644);
    expect(() => loadSigningKeys(dir, false, ORIGIN)).toThrow(/chmod 600/);
    chmodSync(file(), 0o600);
    for (const broken of ['', '{}', text.slice(0, -20), text.replace(/"log": "../, '"log": "')]) {
      writeFileSync(file(), broken);
      expect(() => loadSigningKeys(dir, false, ORIGIN)).toThrow(BadInput);
    }
  });
});
