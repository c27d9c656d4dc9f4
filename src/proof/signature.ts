import { ed25519 } from '@noble/curves/ed25519.js';

/**
 * Whether an Ed25519 signature (RFC 8032) holds, by the strict rules that node:crypto follows too (no ZIP-215 encodings). False
 * for anything malformed.
 */
export const verifySignature = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
  try {
    return signature.length === 64 && publicKey.length === 32 && ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};
