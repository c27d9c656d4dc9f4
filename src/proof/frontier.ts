import { emptyRoot, nodeHash } from './merkle.js';

/** A finished subtree: the root over the leaves `[index · 2^height, (index + 1) · 2^height)`. */
export interface TreeNode {
  readonly height: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/** What appending needs of a tree: its size and the roots of its finished subtrees, largest first: one for each bit of the size. */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

/** Sizes stay below 2^53. */
const MAX_HEIGHT = 52;

export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] };

/** Adds one leaf hash; `onNode` hears of the leaf and of every subtree it finishes, from the leaf upwards. */
export const appendLeaf = ({ size, roots }: Frontier, leaf: Uint8Array, onNode?: (node: TreeNode) => void): Frontier => {
  const kept = [...roots];
  let [height, index, hash] = [0, size, leaf];
  onNode?.({ height, index, hash });
  while (index % 2 === 1) {
    hash = nodeHash(kept.pop()!, hash);
    height += 1;
    index = (index - 1) / 2;
    onNode?.({ height, index, hash });
  }
  kept.push(hash);
  return { size: size + 1, roots: kept };
};

/** Root of the tree that ends here. */
export const frontierRoot = ({ roots }: Frontier): Uint8Array =>
  roots.length === 0 ? emptyRoot() : roots.reduceRight((right, left) => nodeHash(left, right));

/** The finished subtrees of a tree of `size`, largest first: where a frontier is read back from. */
export const frontierNodes = (size: number): { height: number; index: number }[] => {
  const nodes: { height: number; index: number }[] = [];
  let from = 0;
  for (let height = MAX_HEIGHT; height >= 0; height -= 1) {
    const width = 2 ** height;
    if (from + width > size) continue;
    nodes.push({ height, index: from / width });
    from += width;
  }
  return nodes;
};
