import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInput } from '../kernel/errors.js';
import { freshDir, intervalsOf, type ProofPlant, removeDir, startProof } from '../proof/proof-plant.fixture.js';
import { base58 } from '../proof/transaction.js';
import { proofCommand } from './proof.js';

describe('vpp proof verify', () => {
  let dir: string;
  let plant: ProofPlant;
  let file: string;
  let text: string;
  let printed: string[];
  const run = async (...args: string[]): Promise<number | string | undefined> => {
    process.exitCode = undefined;
    await proofCommand()
      .exitOverride()
      .parseAsync(['verify', ...args], { from: 'user' });
    const code = process.exitCode;
    process.exitCode = undefined;
    return code;
  };
  const put = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  beforeAll(async () => {
    dir = freshDir();
    plant = await startProof(dir);
    await plant.recorder.recordIntervals(intervalsOf(0));
    await plant.proof.anchorNow();
    const outcome = await plant.proof.bundle(2);
    if (outcome.kind !== 'bundle') throw new Error(outcome.kind);
    text = outcome.file;
    file = put('bundle.json', text);
  });
  afterAll(async () => {
    await plant.stop();
    removeDir(dir);
  });
  beforeEach(() => {
    printed = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  });
  afterEach(() => vi.restoreAllMocks());

  it('passes a good bundle with 0, step by step, and says what it did not check', async () => {
    expect(await run(file)).toBe(0);
    const said = printed.join('\n');
    for (const step of ['format', 'signature', 'commitment', 'inclusion', 'consistency', 'checkpoint', 'anchor'])
      expect(said).toMatch(new RegExp(`passed +${step} `));
    expect(said).toMatch(/meter-1, grid, .*121\.5 Wh into the site, 3\.25 Wh out of it \(measured\)/);
    expect(said).toMatch(/Not checked:[^]*hints until a node is asked/);
  });

  it('asks the chain with --rpc', async () => {
    expect(await run(file, '--rpc', plant.ledger.rpcUrl, '--key', base58(plant.keys.anchor.publicKey))).toBe(0);
    expect(printed.join('\n')).toMatch(/passed +landed[^]*passed +fork/);
  });

  it('answers machines in JSON', async () => {
    expect(await run(file, '--json')).toBe(0);
    expect(JSON.parse(printed.join(''))).toMatchObject({ ok: true, results: [{ file, ok: true, record: { device: 'meter-1' } }] });
  });

  it('fails a changed bundle with 1, whichever byte it is', async () => {
    for (const at of [0, 1, 17, 200, Math.floor(text.length / 2), text.length - 1]) {
      const changed = put('changed.json', `${text.slice(0, at)}${text[at] === '~' ? '!' : '~'}${text.slice(at + 1)}`);
      expect(await run(changed), `byte ${at}`).toBe(1);
    }
    expect(printed.join('\n')).toMatch(/FAILED +format/);
  });

  it('fails with 1 under another key, and for one interval counted twice', async () => {
    expect(await run(file, '--key', base58(plant.keys.log.publicKey))).toBe(1);
    expect(printed.join('\n')).toMatch(/FAILED +anchor +The anchor was not signed by the pinned anchor key/);
    const other = put('other.json', text.replace('"leafIndex": 2', '"leafIndex": 3'));
    expect(await run(file, other)).toBe(1);
  });

  it.each([
    ['a file that is not there', () => [join(dir, 'nowhere.json')], /can not be read/],
    ['a file that never ends', () => ['/dev/zero'], /too large for a proof bundle/],
    ['a file that is no bundle', () => [put('other.txt', 'hello')], /not a proof bundle/],
    ['a key that is none', () => [file, '--key', 'abc'], /not a public key/],
    ['an address that is none', () => [file, '--rpc', 'ftp://x'], /give the http or https address/],
    ['a node that is away', () => [file, '--rpc', 'http://127.0.0.1:1'], /nothing was checked/],
  ])('takes %s for bad input', async (_what, args, message) => {
    const failure = await run(...args()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadInput);
    expect((failure as BadInput).message).toMatch(message);
  });
});
