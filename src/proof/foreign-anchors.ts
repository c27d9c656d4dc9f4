import { AdapterError } from '../kernel/errors.js';
import { sameBytes, toBase64 } from './encoding.js';
import { type AnchorMemo, parseMemo } from './memo.js';
import type { ProofAnchorEntity } from './proof.entity.js';

/** An anchor signed by our key that is none of ours, and what of ours it contradicts. */
export interface ForeignAnchor {
  readonly size: number;
  readonly detail: string;
  /** Base64 of the signed transactions: evidence by themselves, whoever shows them. */
  readonly brought: string;
  readonly held?: string;
}

const contradicts = (theirs: AnchorMemo, ours: AnchorMemo): string | undefined => {
  if (ours.size === theirs.size && !sameBytes(ours.root, theirs.root)) return `the anchor key signed two roots for ${theirs.size} entries`;
  if (sameBytes(ours.previousRoot, theirs.previousRoot))
    return `the anchor key signed two successors of one root: ${ours.size} and ${theirs.size} entries`;
  return undefined;
};

/** What is to be kept of an anchor that is none of `ours`, whose `memo` must be one. */
export const foreignAnchor = ({ memo, bytes }: { memo: string; bytes: Uint8Array }, ours: readonly ProofAnchorEntity[]): ForeignAnchor => {
  const theirs = parseMemo(memo)!;
  const brought = toBase64(bytes);
  for (const each of ours) {
    const own = parseMemo(each.memo);
    const detail = own?.origin === theirs.origin ? contradicts(theirs, own) : undefined;
    if (detail !== undefined) return { size: theirs.size, detail, brought, held: each.transaction ?? each.checkpoint };
  }
  return { size: theirs.size, detail: `the chain holds an anchor of ${theirs.size} entries that this log has not made`, brought };
};

/** The chain holds what this log has not made: anchoring stops, since no waiting helps. */
export class ForeignAnchors extends AdapterError {
  constructor(readonly anchors: readonly ForeignAnchor[]) {
    super(
      `the chain holds an anchor of ${anchors[0]?.size} entries that this log has not made: an older copy of the plant was restored, ` +
        'or another one runs with its keys. Restore the newest backup, or begin a new log with `vpp proof new-log`',
      false,
    );
  }
}
