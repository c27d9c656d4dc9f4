import { sha256 } from '@noble/hashes/sha2.js';
import { textOf, toHex, utf8 } from './encoding.js';

/**
 * Everything a stranger needs to check one record, in one file. Keys and hashes are lower-case hexadecimal. The parts under
 * `hints` are not signed by anyone: a verifier shows them as hints until a node of the chain has confirmed them.
 */
export interface Bundle {
  readonly format: typeof BUNDLE_FORMAT;
  /** The canonical text that was signed (`record.ts`). */
  readonly record: string;
  readonly signature: string;
  readonly salt: string;
  /** The leaf's data: HMAC-SHA-256 of the signed record under the salt. */
  readonly commitment: string;
  readonly leafIndex: number;
  readonly inclusion: readonly string[];
  /** Signed note of the tree that was anchored. */
  readonly checkpoint: string;
  /** The anchor before this one; absent for the first. */
  readonly earlier?: { readonly checkpoint: string; readonly consistency: readonly string[] };
  readonly anchor: { readonly transaction: string };
  /** Whom the bundle says to trust. A verifier that knows better pins its own. */
  readonly keys: { readonly log: string; readonly anchor: string };
  readonly hints: BundleHints;
}

export interface BundleHints {
  /** `embedded`, or the host of the node the anchor was sent through. */
  readonly ledger: string;
  readonly slot: number;
  readonly timeMs: number;
  /** How the signing key is kept; `demo` keys prove nothing to an outsider. */
  readonly assurance: 'software' | 'demo';
}

export type ParsedBundle = { readonly kind: 'bundle'; readonly bundle: Bundle } | { readonly kind: 'malformed'; readonly reason: string };

export const BUNDLE_FORMAT = 'heliograph-proof/1';
const MAX_BUNDLE_BYTES = 65_536;

/** Members in their order, which is the only one allowed. */
const ordered = ({ format, record, signature, salt, commitment, leafIndex, inclusion, checkpoint, ...rest }: Bundle): Bundle => {
  const { earlier, anchor, keys, hints } = rest;
  return {
    format,
    record,
    signature,
    salt,
    commitment,
    leafIndex,
    inclusion,
    checkpoint,
    ...(earlier && { earlier: { checkpoint: earlier.checkpoint, consistency: earlier.consistency } }),
    anchor: { transaction: anchor.transaction },
    keys: { log: keys.log, anchor: keys.anchor },
    hints: { ledger: hints.ledger, slot: hints.slot, timeMs: hints.timeMs, assurance: hints.assurance },
  };
};

/**
 * The file: JSON indented by two spaces, members in their order, and last a digest over every byte before it. The digest
 * keeps accidents from passing as hints; it is no signature.
 */
export const serializeBundle = (bundle: Bundle): string => {
  const body = `${JSON.stringify(ordered(bundle), null, 2).slice(0, -2)},\n`;
  return `${body}  "digest": "${toHex(sha256(utf8(body)))}"\n}\n`;
};

type Shape = 'text' | 'count' | 'texts' | 'time' | Record<string, unknown>;

const SHAPE = {
  format: 'text',
  record: 'text',
  signature: 'text',
  salt: 'text',
  commitment: 'text',
  leafIndex: 'count',
  inclusion: 'texts',
  checkpoint: 'text',
  earlier: { checkpoint: 'text', consistency: 'texts' },
  anchor: { transaction: 'text' },
  keys: { log: 'text', anchor: 'text' },
  hints: { ledger: 'text', slot: 'count', timeMs: 'count', assurance: 'text' },
  digest: 'text',
};
const OPTIONAL = ['earlier'];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first thing that does not have its shape, in words; undefined where all do. */
const misshapen = (value: unknown, shape: Shape, path: string): string | undefined => {
  if (shape === 'text') return typeof value === 'string' ? undefined : `${path} must be a text`;
  if (shape === 'count') return Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : `${path} must be a whole number`;
  if (shape === 'texts')
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : `${path} must be a list of texts`;
  if (!isObject(value) || typeof shape !== 'object') return `${path || 'the bundle'} must be an object`;
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(shape, key));
  // Its name is a stranger's text, and not for a terminal.
  if (unknown !== undefined) return `${path.slice(0, -1) || 'the bundle'} has a member that no bundle has`;
  for (const [key, inner] of Object.entries(shape)) {
    if (OPTIONAL.includes(key) && !Object.hasOwn(value, key)) continue;
    const fault = misshapen(value[key], inner as Shape, isObject(inner) ? `${path}${key}.` : `${path}${key}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Nobody has signed it, and it is shown: no line of its own, and nothing that moves a cursor. */
const isWord = (text: string): boolean => /^[!-~]{1,96}$/.test(text);

const malformed = (reason: string): ParsedBundle => ({ kind: 'malformed', reason });

/** Reads a bundle strictly: no unknown members, and the very bytes that `serializeBundle` writes, digest included. */
export const parseBundle = (file: string | Uint8Array): ParsedBundle => {
  const text = typeof file === 'string' ? file : textOf(file);
  if (text === undefined) return malformed('the file is not UTF-8 text');
  if (utf8(text).length > MAX_BUNDLE_BYTES) return malformed('the file is too large for a bundle');
  const value = parseJson(text);
  if (!isObject(value)) return malformed('the file is not a JSON object');
  const fault = misshapen(value, SHAPE, '');
  if (fault !== undefined) return malformed(fault);
  const { digest: _digest, ...members } = value;
  // The shape has been checked member by member; the two narrow texts are checked here.
  const bundle = members as unknown as Bundle;
  if (bundle.format !== BUNDLE_FORMAT) return malformed('its format is unknown to this verifier');
  if (!['software', 'demo'].includes(bundle.hints.assurance)) return malformed('hints.assurance must be software or demo');
  if (!isWord(bundle.hints.ledger)) return malformed('hints.ledger must be one word');
  if (serializeBundle(bundle) !== text) return malformed('the file was changed: it does not match its own digest and layout');
  return { kind: 'bundle', bundle };
};
