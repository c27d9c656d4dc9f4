import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdapterError, BadInput } from '../../kernel/errors.js';
import { toHex, utf8 } from '../encoding.js';
import { freshDir, removeDir } from '../proof-plant.fixture.js';
import { verifySignature } from '../signature.js';
import { signingKeyOf } from '../signing-keys.js';
import { ProgramSigner } from './program-signer.js';

const SEED = new Uint8Array(32).fill(5);

describe('a program that signs', () => {
  let dir: string;
  beforeEach(() => {
    dir = freshDir();
  });
  afterEach(() => removeDir(dir));

  /** A signer in Node.js; `sign` is what it does with the message `bytes`. */
  const program = (sign: string): string => {
    const path = join(dir, 'signer.cjs');
    writeFileSync(
      path,
      `#!${process.execPath}
const { createPrivateKey, sign } = require('node:crypto');
const key = createPrivateKey({ key: Buffer.from('302e020100300506032b657004220420${toHex(SEED)}', 'hex'), format: 'der', type: 'pkcs8' });
if (process.argv[2] === 'public-key') console.log('${toHex(signingKeyOf(SEED).publicKey)}');
else {
  const bytes = Buffer.from(require('node:fs').readFileSync(0, 'utf8'), 'hex');
  ${sign}
}
`,
    );
    chmodSync(path, 0o700);
    return path;
  };

  it('signs what it is given, with a key that never comes here', async () => {
    const signer = ProgramSigner.open(program("console.log(sign(null, bytes, key).toString('hex'));"));
    expect(toHex(signer.publicKey)).toBe(toHex(signingKeyOf(SEED).publicKey));
    const message = utf8('an anchor');
    expect(verifySignature(await signer.sign(message), message, signer.publicKey)).toBe(true);
  });

  it.each([
    ['prints nothing', '', /no signature/],
    ['signs something else', "console.log(sign(null, Buffer.from('x'), key).toString('hex'));", /no signature/],
    ['refuses', 'process.exit(3);', /does not sign/],
  ])('is tried again where it %s', async (_what, sign, message) => {
    const failure = await ProgramSigner.open(program(sign))
      .sign(utf8('an anchor'))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AdapterError);
    expect(failure).toMatchObject({ retryable: true, message: expect.stringMatching(message) as string });
  });

  it('that can not be run, or has no key, stops the start', () => {
    expect(() => ProgramSigner.open(join(dir, 'nowhere'))).toThrow(BadInput);
    expect(() => ProgramSigner.open('/bin/echo')).toThrow(/64 hexadecimal digits/);
  });
});
