import { type Bundle, type ParsedBundle, parseBundle, serializeBundle } from './bundle.js';
import { type Checkpoint, parseCheckpoint, parseNote, verifyNote } from './checkpoint.js';
import { commitmentOf } from './commitment.js';
import { fromBase64, fromHex, sameBytes, toHex, utf8 } from './encoding.js';
import { type AnchorMemo, parseMemo, POLICY } from './memo.js';
import { emptyRoot, HASH_LENGTH, leafHash, verifyConsistency, verifyInclusion } from './merkle.js';
import { type ProofRecord, parseRecord } from './record.js';
import { verifySignature } from './signature.js';
import { base58, memoOf, parseTransaction, publicKeyOf, signaturesHold, signatureText, type WireTransaction } from './transaction.js';

export const STEP_NAMES = [
  'format',
  'signature',
  'commitment',
  'inclusion',
  'consistency',
  'checkpoint',
  'anchor',
  'landed',
  'fork',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

export interface VerificationStep {
  readonly name: StepName;
  readonly ok: boolean;
  /** In plain words: what was found. */
  readonly detail: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly steps: readonly VerificationStep[];
  /** What nobody has checked, in plain words: never empty, since no proof reaches into a meter. */
  readonly notChecked: readonly string[];
  readonly record?: ProofRecord;
  /** Name of the anchor on chain, base58. */
  readonly anchorSignature?: string;
}

/** Keys the verifier knows from elsewhere: 64 hexadecimal digits or base58. What is not pinned is taken from the bundle, and said so. */
export interface PinnedKeys {
  readonly logKey?: string;
  readonly anchorKey?: string;
  readonly signer?: string;
  readonly origin?: string;
}

/** What a node of the chain said: the anchor as it holds it, and the other anchors of the same key. */
export interface ChainEvidence {
  readonly anchor?: { readonly transaction: Uint8Array; readonly slot: number; readonly timeMs?: number; readonly finalized: boolean };
  /** Memos of the key's newest transactions, from their instructions. */
  readonly memos: readonly string[];
  /** How many transactions back the node was asked, and whether it has told of all there are. */
  readonly searched: number;
  readonly complete: boolean;
}

/** A bundle's parts as bytes. What can't be decoded is empty, and fails its step. */
interface Parts {
  readonly bundle: Bundle;
  readonly record: ProofRecord | undefined;
  readonly signature: Uint8Array;
  readonly commitment: Uint8Array;
  readonly checkpoint: Checkpoint | undefined;
  readonly earlier: Checkpoint | undefined;
  readonly transaction: WireTransaction | undefined;
  readonly memo: AnchorMemo | undefined;
  readonly logKey: Uint8Array;
  readonly anchorKey: Uint8Array;
  readonly pinned: PinnedKeys;
}

const NOTHING = new Uint8Array(0);

const checkpointIn = (note: string | undefined): Checkpoint | undefined => {
  const parsed = note === undefined ? undefined : parseNote(note);
  return parsed && parseCheckpoint(parsed.text);
};

/** A pinned key in either spelling, or the bundle's own in the only one it may have. */
const keyOf = (pinned: string | undefined, own: string): Uint8Array =>
  (pinned === undefined ? fromHex(own, 32) : publicKeyOf(pinned)) ?? NOTHING;

const partsOf = (bundle: Bundle, pinned: PinnedKeys): Parts => {
  const transaction = parseTransaction(fromBase64(bundle.anchor.transaction) ?? NOTHING);
  const memo = transaction && memoOf(transaction);
  return {
    bundle,
    record: parseRecord(bundle.record),
    signature: fromHex(bundle.signature, 64) ?? NOTHING,
    commitment: fromHex(bundle.commitment, HASH_LENGTH) ?? NOTHING,
    checkpoint: checkpointIn(bundle.checkpoint),
    earlier: checkpointIn(bundle.earlier?.checkpoint),
    transaction,
    memo: memo === undefined ? undefined : parseMemo(memo),
    logKey: keyOf(pinned.logKey, bundle.keys.log),
    anchorKey: keyOf(pinned.anchorKey, bundle.keys.anchor),
    pinned,
  };
};

type Finding = readonly [ok: boolean, detail: string];

const checkSignature = ({ bundle, record, signature, pinned }: Parts): Finding => {
  if (!record) return [false, 'The record is not in its canonical form.'];
  if (pinned.signer !== undefined && toHex(publicKeyOf(pinned.signer) ?? NOTHING) !== record.signer)
    return [false, `The record names another signer than the one you expect: ${record.signer}.`];
  const holds = verifySignature(signature, utf8(bundle.record), fromHex(record.signer, 32) ?? NOTHING);
  return holds
    ? [true, `The record was signed by the key ${record.signer.slice(0, 16)}… and not changed since.`]
    : [false, 'The record does not match the signature of the key it names.'];
};

const checkCommitment = ({ bundle, signature, commitment }: Parts): Finding => {
  const salt = fromHex(bundle.salt, 32);
  const holds = salt !== undefined && sameBytes(commitmentOf(salt, bundle.record, signature), commitment);
  return holds ? [true, 'The log entry was made for exactly this signed record.'] : [false, 'The log entry was made for something else.'];
};

const pathOf = (hashes: readonly string[]): Uint8Array[] => hashes.map((hash) => fromHex(hash, HASH_LENGTH) ?? NOTHING);

const checkInclusion = ({ bundle, commitment, checkpoint }: Parts): Finding => {
  if (!checkpoint) return [false, 'The checkpoint can not be read, so there is no tree to be in.'];
  const { size, root } = checkpoint;
  const holds =
    commitment.length === HASH_LENGTH && verifyInclusion(leafHash(commitment), bundle.leafIndex, size, pathOf(bundle.inclusion), root);
  return holds
    ? [true, `The entry is number ${bundle.leafIndex} of the ${size} in the log.`]
    : [false, `The entry is not number ${bundle.leafIndex} of the ${size} in the log.`];
};

const checkConsistency = ({ bundle, checkpoint, earlier, memo, logKey }: Parts): Finding => {
  const previousRoot = memo?.previousRoot;
  if (!checkpoint || !previousRoot) return [false, 'The checkpoint or the anchor can not be read.'];
  if (!bundle.earlier)
    return sameBytes(previousRoot, emptyRoot())
      ? [true, 'This is the first anchor of the log; there is none before it.']
      : [false, 'The anchor names one before it, which the bundle leaves out.'];
  const note = parseNote(bundle.earlier.checkpoint);
  if (!earlier || note?.signatures.length !== 1 || earlier.origin !== checkpoint.origin || !verifyNote(note, earlier.origin, logKey))
    return [false, "The earlier checkpoint is not signed by the log's key."];
  if (!sameBytes(earlier.root, previousRoot)) return [false, 'The earlier checkpoint is not the one this anchor follows.'];
  if (earlier.size === 0 || earlier.size >= checkpoint.size) return [false, 'The earlier checkpoint is of no smaller log.'];
  const holds = verifyConsistency(earlier.size, checkpoint.size, earlier.root, checkpoint.root, pathOf(bundle.earlier.consistency));
  return holds
    ? [true, `The log only grew since the anchor before: its first ${earlier.size} entries are unchanged.`]
    : [false, 'The log was changed since the anchor before: what was in it then is not in it now.'];
};

const checkCheckpoint = ({ bundle, checkpoint, logKey, pinned }: Parts): Finding => {
  const note = parseNote(bundle.checkpoint);
  if (!checkpoint || !note) return [false, 'The checkpoint can not be read.'];
  if (pinned.origin !== undefined && pinned.origin !== checkpoint.origin)
    return [false, `The checkpoint is of another log: ${checkpoint.origin}.`];
  return note.signatures.length === 1 && verifyNote(note, checkpoint.origin, logKey)
    ? [true, `The log "${checkpoint.origin}" signed that it held ${checkpoint.size} entries under this root.`]
    : [false, "The checkpoint is not signed by the log's key."];
};

const checkAnchor = ({ checkpoint, transaction, memo, anchorKey, pinned }: Parts): Finding => {
  if (!transaction) return [false, 'The anchor is not a readable transaction.'];
  const [payer] = transaction.accounts;
  if (!payer || !sameBytes(payer, anchorKey) || transaction.signatures.length !== 1)
    return [false, `The anchor was not signed by ${pinned.anchorKey === undefined ? "the bundle's" : 'the pinned'} anchor key.`];
  if (!signaturesHold(transaction)) return [false, 'The signature of the anchor does not hold.'];
  if (!memo || !checkpoint) return [false, 'The anchor carries no readable memo, or more than a memo.'];
  if (memo.policy !== POLICY) return [false, 'The anchor was made by rules that this verifier does not know.'];
  const same = memo.origin === checkpoint.origin && memo.size === checkpoint.size && sameBytes(memo.root, checkpoint.root);
  return same
    ? [true, `The anchor transaction, signed by ${base58(anchorKey)}, names this very size and root.`]
    : [false, 'The anchor transaction names another log, size or root.'];
};

const checkLanded = ({ bundle, transaction }: Parts, { anchor }: ChainEvidence): Finding => {
  if (!anchor) return [false, 'The chain does not know the anchor transaction (a node may forget old ones: ask one with full history).'];
  const own = fromBase64(bundle.anchor.transaction);
  if (!transaction || !own || !sameBytes(own, anchor.transaction)) return [false, 'The chain holds another transaction under this name.'];
  const { slot, timeMs } = bundle.hints;
  if (slot !== anchor.slot || (anchor.timeMs !== undefined && anchor.timeMs !== timeMs))
    return [false, `The chain says slot ${anchor.slot}, ${timeText(anchor.timeMs)}; the bundle says slot ${slot}, ${timeText(timeMs)}.`];
  const level = anchor.finalized ? 'for good' : 'but not yet finally';
  return [true, `The anchor landed ${level} in slot ${anchor.slot}, ${timeText(anchor.timeMs)}.`];
};

const timeText = (timeMs: number | undefined): string =>
  timeMs !== undefined && Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : 'at an unknown time';

/**
 * Anchors of one log that can't both be true: one size under two roots, two different successors of one root, one that follows an
 * anchor of as many entries or more, or (where `complete` says that none is left out) one that follows a root never anchored.
 */
export const forksAmong = (memos: readonly string[], origin: string, complete = false): string[] => {
  const sizeOf = new Map([[toHex(emptyRoot()), 0]]);
  const rootOfSize = new Map<number, string>();
  const successorOf = new Map<string, { readonly size: number; readonly root: string }>();
  const forks = new Set<string>();
  for (const memo of memos) {
    const anchor = parseMemo(memo);
    if (!anchor || anchor.origin !== origin) continue;
    const root = toHex(anchor.root);
    const { size } = anchor;
    const previous = toHex(anchor.previousRoot);
    const other = successorOf.get(previous);
    if ((rootOfSize.get(size) ?? root) !== root) forks.add(`two roots for ${size} entries`);
    if (other && (other.size !== size || other.root !== root)) forks.add(`two successors of root ${previous.slice(0, 16)}…`);
    rootOfSize.set(size, root);
    successorOf.set(previous, { size, root });
    sizeOf.set(root, size);
  }
  for (const [previous, { size }] of successorOf) {
    const before = sizeOf.get(previous);
    if (before !== undefined && before >= size) forks.add(`an anchor of ${size} entries that follows one of ${before}`);
    if (before === undefined && complete) forks.add(`an anchor of ${size} entries that follows a root never anchored`);
  }
  return [...forks];
};

const checkFork = ({ checkpoint, transaction }: Parts, { memos, complete }: ChainEvidence): Finding => {
  const own = transaction && memoOf(transaction);
  const forks = checkpoint
    ? forksAmong(own === undefined ? memos : [...memos, own], checkpoint.origin, complete)
    : ['no readable checkpoint'];
  return forks.length === 0
    ? [true, `None of the ${memos.length} anchors the node knows of this key contradicts another.`]
    : [false, `The log was shown differently to different people: ${forks.join('; ')}.`];
};

const OFFLINE: readonly [StepName, (parts: Parts) => Finding][] = [
  ['signature', checkSignature],
  ['commitment', checkCommitment],
  ['inclusion', checkInclusion],
  ['consistency', checkConsistency],
  ['checkpoint', checkCheckpoint],
  ['anchor', checkAnchor],
];

const unchecked = (parts: Parts, chain: ChainEvidence | undefined): string[] => {
  const { bundle, pinned } = parts;
  const open = ["What the meter itself measured: Modbus is unauthenticated, so the proof begins where the plant's software key signed."];
  open.push(...unknownOf(parts, chain));
  if (bundle.hints.assurance === 'demo') open.push('Who holds the keys: they are marked as demo keys, which prove nothing to an outsider.');
  if (pinned.anchorKey === undefined)
    open.push("Whose anchor key it is: none was pinned, so the bundle's own was used; compare it with the one the plant publishes.");
  if (pinned.logKey === undefined) open.push("Whose log key it is: none was pinned, so the bundle's own was used.");
  if (!chain) {
    const { slot, timeMs, ledger } = bundle.hints;
    open.push(`Whether the anchor is on the chain (${ledger}): slot ${slot} and ${timeText(timeMs)} are hints until a node is asked.`);
    open.push('Whether the same key also anchored something that contradicts this.');
  } else {
    if (chain.anchor && chain.anchor.timeMs === undefined)
      open.push(`When the block of the anchor was: the node does not tell, so ${timeText(bundle.hints.timeMs)} is a hint.`);
    const older = chain.complete ? '' : `Anchors older than the key's last ${chain.searched} transactions, and w`;
    open.push(`${older || 'W'}hether the node told everything it knows.`);
  }
  return open;
};

const parseInput = (input: string | Uint8Array | Bundle): ParsedBundle => {
  if (typeof input === 'string' || input instanceof Uint8Array) return parseBundle(input);
  try {
    return parseBundle(serializeBundle(input));
  } catch {
    return { kind: 'malformed', reason: 'it is no bundle' };
  }
};

/** What stays open because of what the record is. */
const unknownOf = ({ record }: Parts, chain: ChainEvidence | undefined): string[] => {
  switch (record?.type) {
    case 'interval-reading':
    case 'correction':
      return ['Whether a later record corrects this one: the plant lists the newest one for each interval.'];
    case 'decision':
      return ['Whether the device did what it showed: its meter tells, in the readings of the same interval.'];
    case 'baseline': {
      const atMs = chain?.anchor?.timeMs;
      if (atMs !== undefined && atMs < record.startMs) return [];
      const why = atMs === undefined ? 'ask a node when its anchor landed' : `its anchor landed at ${timeText(atMs)}`;
      return [`Whether the baseline was fixed before its event began, at ${timeText(record.startMs)}: ${why}.`];
    }
    case 'statement':
      return ['Whether the amounts follow from readings, prices and baselines, and whether they were paid.'];
    case 'grid-event':
    case undefined:
      return [];
  }
};

/**
 * Checks a bundle: a file's text or bytes, or a parsed bundle. Pure, so the page and the command line run the same. With
 * `chain`, also what a node said. Every step is checked, also after one that failed; nothing throws.
 */
export const verifyBundle = (input: string | Uint8Array | Bundle, pinned: PinnedKeys = {}, chain?: ChainEvidence): Verification => {
  const parsed = parseInput(input);
  if (parsed.kind === 'malformed')
    return {
      ok: false,
      steps: [{ name: 'format', ok: false, detail: `This is not an unchanged bundle: ${parsed.reason}.` }],
      notChecked: ['Everything else: nothing in a file that was changed can be relied on.'],
    };
  const parts = partsOf(parsed.bundle, pinned);
  const findings: [StepName, Finding][] = OFFLINE.map(([name, check]) => [name, check(parts)]);
  if (chain) findings.push(['landed', checkLanded(parts, chain)], ['fork', checkFork(parts, chain)]);
  const steps: VerificationStep[] = [
    { name: 'format', ok: true, detail: 'The file is complete and as it was written.' },
    ...findings.map(([name, [ok, detail]]) => ({ name, ok, detail })),
  ];
  return {
    ok: steps.every(({ ok }) => ok),
    steps,
    notChecked: unchecked(parts, chain),
    record: parts.record,
    anchorSignature: parts.transaction && signatureText(parts.transaction),
  };
};
