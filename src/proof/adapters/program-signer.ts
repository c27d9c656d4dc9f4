import { execFile, execFileSync } from 'node:child_process';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import { fromHex, toHex } from '../encoding.js';
import { verifySignature } from '../signature.js';
import type { AnchorSigner } from '../signing-keys.js';

const PATIENCE_MS = 10_000;
const SIGNATURE_LENGTH = 64;

/**
 * A key that a program of the operator keeps: a hardware token, a vault. `PROGRAM public-key` prints the key, `PROGRAM sign` reads a
 * message from standard input and prints its Ed25519 signature, all in hexadecimal. What it prints is checked before it is used.
 */
export class ProgramSigner implements AnchorSigner {
  private constructor(
    private readonly program: string,
    readonly publicKey: Uint8Array,
  ) {}

  /** Asks for the public key, and throws `BadInput` where the program can't be run or prints none. */
  static open(program: string): ProgramSigner {
    let printed: string;
    try {
      printed = execFileSync(program, ['public-key'], { encoding: 'utf8', timeout: PATIENCE_MS, stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      throw new BadInput(`VPP_ANCHOR_SIGNER ${program}: it does not tell its public key (${messageOf(error)})`);
    }
    const publicKey = fromHex(printed.trim().toLowerCase(), 32);
    if (!publicKey) throw new BadInput(`VPP_ANCHOR_SIGNER ${program}: \`public-key\` must print 64 hexadecimal digits`);
    return new ProgramSigner(program, publicKey);
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    const printed = await this.ask(toHex(message));
    const signature = fromHex(printed.trim().toLowerCase(), SIGNATURE_LENGTH);
    if (!signature || !verifySignature(signature, message, this.publicKey))
      throw new AdapterError(`${this.program}: what \`sign\` printed is no signature of its key`, true);
    return signature;
  }

  private ask(messageHex: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(this.program, ['sign'], { encoding: 'utf8', timeout: PATIENCE_MS }, (error, printed) => {
        if (error) reject(new AdapterError(`${this.program}: it does not sign (${messageOf(error)})`, true, { cause: error }));
        else resolve(printed);
      });
      // A program that ends without reading is told of by its exit.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(messageHex);
    });
  }
}
