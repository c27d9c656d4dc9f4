import { fromBase64, toBase64 } from './encoding.js';
import { HASH_LENGTH } from './merkle.js';

/** What an anchor says on chain: `vpp1|origin|size|root|previous root|policy`, roots in base64. Nothing else of the plant goes there. */
export interface AnchorMemo {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly previousRoot: Uint8Array;
  /** Names the rules the records were made by: see docs/proof.md. */
  readonly policy: string;
}

export const POLICY = 'interval-1';
export const MAX_MEMO_BYTES = 249;

export const encodeMemo = ({ origin, size, root, previousRoot, policy }: AnchorMemo): string =>
  `vpp1|${origin}|${size}|${toBase64(root)}|${toBase64(previousRoot)}|${policy}`;

/** The anchor a memo holds; undefined where it is none of ours. */
export const parseMemo = (memo: string): AnchorMemo | undefined => {
  const [version, origin, sizeText, rootText, previousText, policy, ...more] = memo.split('|');
  const root = fromBase64(rootText ?? '', HASH_LENGTH);
  const previousRoot = fromBase64(previousText ?? '', HASH_LENGTH);
  if (version !== 'vpp1' || !origin || !policy || more.length > 0 || !root || !previousRoot) return undefined;
  const size = Number(sizeText);
  const parsed = { origin, size, root, previousRoot, policy };
  return Number.isSafeInteger(size) && memo.length <= MAX_MEMO_BYTES && encodeMemo(parsed) === memo ? parsed : undefined;
};
