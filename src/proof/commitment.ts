import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { prefixed, utf8 } from './encoding.js';

export const SALT_LENGTH = 32;
const DOMAIN = 'heliograph-commitment/1\n';

/** The bytes a commitment is made over: domain, canonical record, signature. */
export const committedBytes = (recordText: string, signature: Uint8Array): Uint8Array => prefixed(DOMAIN, utf8(recordText), signature);

/**
 * What a leaf says of a signed record: HMAC-SHA-256 under a fresh 32-byte salt. Without the salt nobody can tell, or guess and
 * check, what was recorded; with it nobody can show another record for the same leaf.
 */
export const commitmentOf = (salt: Uint8Array, recordText: string, signature: Uint8Array): Uint8Array =>
  hmac(sha256, salt, committedBytes(recordText, signature));
