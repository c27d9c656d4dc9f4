import { sha256 } from '@noble/hashes/sha2.js';
import { sameBytes } from './encoding.js';

/**
 * The Merkle tree of RFC 6962, section 2.1, and RFC 9162, section 2.1, with SHA-256: leaves keep their order, none is
 * doubled, and a leaf can never pass for a node. All functions are over 32-byte hashes; sizes are whole numbers below 2^53.
 */
export const HASH_LENGTH = 32;

/** Hash of a leaf: SHA-256(0x00 || data). */
export const leafHash = (data: Uint8Array): Uint8Array => {
  const input = new Uint8Array(data.length + 1);
  input.set(data, 1);
  return sha256(input);
};

/** Hash of an inner node: SHA-256(0x01 || left || right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const input = new Uint8Array(1 + left.length + right.length);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + left.length);
  return sha256(input);
};

/** Root of the empty tree: SHA-256 of nothing. */
export const emptyRoot = (): Uint8Array => sha256(new Uint8Array(0));

/** Root over leaf hashes in their order (Merkle tree hash, RFC 9162 section 2.1.1). */
export const rootOf = (leafHashes: readonly Uint8Array[]): Uint8Array => {
  if (leafHashes.length === 0) return emptyRoot();
  let level = leafHashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at + 1 < level.length; at += 2) above.push(nodeHash(level[at]!, level[at + 1]!));
    if (level.length % 2 === 1) above.push(level.at(-1)!);
    level = above;
  }
  return level[0]!;
};

/** The leaves `[from, to)`, of which a proof names the subtree's root. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** The largest power of two below `size`, which is at least 2: where RFC 9162 splits a tree. */
const splitOf = (size: number): number => {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
};

/** The subtrees whose roots are the inclusion proof of a leaf, leaf to root (RFC 9162 section 2.1.3.1). Throws outside the tree. */
export const inclusionRanges = (leafIndex: number, treeSize: number): LeafRange[] => {
  if (!(Number.isSafeInteger(leafIndex) && Number.isSafeInteger(treeSize) && leafIndex >= 0 && leafIndex < treeSize))
    throw new RangeError(`no leaf ${leafIndex} in a tree of ${treeSize}`);
  const ranges: LeafRange[] = [];
  let [from, to] = [0, treeSize];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (leafIndex < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
};

/** The subtrees whose roots are the consistency proof of two sizes (RFC 9162 section 2.1.4.1); none from the empty tree. */
export const consistencyRanges = (oldSize: number, newSize: number): LeafRange[] => {
  if (!(Number.isSafeInteger(oldSize) && Number.isSafeInteger(newSize) && oldSize >= 0 && oldSize <= newSize))
    throw new RangeError(`a tree of ${newSize} holds none of ${oldSize}`);
  if (oldSize === 0) return [];
  const ranges: LeafRange[] = [];
  let [from, to] = [0, newSize];
  while (to !== oldSize) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  if (from > 0) ranges.push({ from, to });
  return ranges.reverse();
};

const rootsOf = (leafHashes: readonly Uint8Array[], ranges: readonly LeafRange[]): Uint8Array[] =>
  ranges.map(({ from, to }) => rootOf(leafHashes.slice(from, to)));

/** Proof that the leaf at `leafIndex` is in the tree over `leafHashes`. Throws `RangeError` outside the tree. */
export const inclusionProof = (leafHashes: readonly Uint8Array[], leafIndex: number): Uint8Array[] =>
  rootsOf(leafHashes, inclusionRanges(leafIndex, leafHashes.length));

/** Proof that the tree over the first `oldSize` leaf hashes is the beginning of the tree over all. Throws `RangeError` where it is larger. */
export const consistencyProof = (leafHashes: readonly Uint8Array[], oldSize: number): Uint8Array[] =>
  rootsOf(leafHashes, consistencyRanges(oldSize, leafHashes.length));

const isHash = (value: unknown): value is Uint8Array => value instanceof Uint8Array && value.length === HASH_LENGTH;
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** `Array.from` shows the holes of a sparse array, which `every` would pass over. */
const areHashes = (values: unknown): values is Uint8Array[] => Array.isArray(values) && Array.from(values).every(isHash);

const half = (value: number): number => Math.floor(value / 2);

/** Whether `proof` shows a leaf in a tree (RFC 9162 section 2.1.3.2). False for anything malformed; never throws. */
export const verifyInclusion = (
  leaf: Uint8Array,
  leafIndex: number,
  treeSize: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean => {
  if (!isHash(leaf) || !isHash(root) || !isSize(leafIndex) || !isSize(treeSize) || !areHashes(proof) || leafIndex >= treeSize) return false;
  let [node, last, hash] = [leafIndex, treeSize - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(hash, root);
};

/** By halving: the logarithm of 2^53 - 1 is rounded to a whole number. */
const isPowerOfTwo = (value: number): boolean => {
  let odd = value;
  while (odd > 1 && odd % 2 === 0) odd /= 2;
  return odd === 1;
};

/**
 * Whether `proof` shows that the tree of `oldSize` is the beginning of the tree of `newSize` (RFC 9162 section 2.1.4.2). From
 * the empty tree, whose root is SHA-256 of nothing, every tree follows by an empty proof. False for anything malformed; never throws.
 */
export const verifyConsistency = (
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean => {
  if (!isSize(oldSize) || !isSize(newSize) || !isHash(oldRoot) || !isHash(newRoot) || !areHashes(proof) || oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, emptyRoot());
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : [...proof];
  const first = path.shift();
  if (!first) return false;
  let [node, last] = [oldSize - 1, newSize - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [oldHash, newHash] = [first, first];
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(oldHash, oldRoot) && sameBytes(newHash, newRoot);
};
