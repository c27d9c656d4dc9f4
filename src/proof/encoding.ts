import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';

export { bytesToHex as toHex, concatBytes } from '@noble/hashes/utils.js';

const encoder = new TextEncoder();

/** UTF-8 of a text. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** The text of UTF-8 bytes; `undefined` where they are not UTF-8. */
export const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** Bytes of lower-case hexadecimal, of exactly `length` bytes where that is given; `undefined` for anything else. */
export const fromHex = (hex: string, length?: number): Uint8Array | undefined => {
  if (!/^([0-9a-f]{2})*$/.test(hex) || (length !== undefined && hex.length !== 2 * length)) return undefined;
  return hexToBytes(hex);
};

/** Standard base64 with padding (RFC 4648, section 4). */
export const toBase64 = (bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};

/** Bytes of standard base64 in its one canonical spelling, of `length` bytes where that is given; `undefined` for anything else. */
export const fromBase64 = (base64: string, length?: number): Uint8Array | undefined => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (toBase64(bytes) !== base64) return undefined;
  return length === undefined || bytes.length === length ? bytes : undefined;
};

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);

/** A text as bytes followed by raw bytes. */
export const prefixed = (prefix: string, ...parts: readonly Uint8Array[]): Uint8Array => concatBytes(utf8(prefix), ...parts);
