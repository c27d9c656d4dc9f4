import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '../../test/prop.js';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from './encoding.js';
import { appendLeaf, EMPTY_FRONTIER, frontierNodes, frontierRoot } from './frontier.js';
import { consistencyProof, inclusionProof, leafHash, nodeHash, rootOf, verifyConsistency, verifyInclusion } from './merkle.js';

const VECTORS = process.env['VPP_TEST_DATA'] ?? join(import.meta.dirname, '../../../shared/data');
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const pathOf = (proof: string[] | null): Uint8Array[] => (proof ?? []).map(bytes);
const leavesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => leafHash(utf8(`leaf ${at}`)));
const flipped = (hash: Uint8Array, bit: number): Uint8Array => hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

/** The eight leaves, and the roots of the trees over the first n of them, that the reference implementations of RFC 6962 share. */
const RFC_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) =>
  leafHash(fromHex(hex)!),
);
const RFC_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('Merkle tree of RFC 6962', () => {
  it('has the known roots', () => {
    for (const [size, root] of RFC_ROOTS.entries()) expect(toHex(rootOf(RFC_LEAVES.slice(0, size)))).toBe(root);
  });

  it('tells a leaf from a node', () => {
    const [left, right] = RFC_LEAVES;
    const joined = new Uint8Array([...left!, ...right!]);
    expect(leafHash(joined)).not.toEqual(nodeHash(left!, right!));
  });

  it('refuses a leaf or a size outside the tree', () => {
    expect(() => inclusionProof(RFC_LEAVES, 8)).toThrow(RangeError);
    expect(() => consistencyProof(RFC_LEAVES, 9)).toThrow(RangeError);
  });

  it('never throws on what is malformed', () => {
    const root = rootOf(RFC_LEAVES);
    const leaf = RFC_LEAVES[0]!;
    const odd: unknown[] = [
      undefined,
      null,
      -1,
      1.5,
      Number.NaN,
      Infinity,
      2 ** 64,
      '1',
      {},
      [],
      [null],
      [new Uint8Array(31)],
      new Uint8Array(0),
    ];
    for (const value of odd) {
      expect(verifyInclusion(value as never, 0, 8, [], root)).toBe(false);
      expect(verifyInclusion(leaf, value as never, 8, inclusionProof(RFC_LEAVES, 0), root)).toBe(false);
      expect(verifyInclusion(leaf, 0, value as never, inclusionProof(RFC_LEAVES, 0), root)).toBe(false);
      expect(verifyInclusion(leaf, 0, 8, value as never, root)).toBe(false);
      expect(verifyInclusion(leaf, 0, 8, inclusionProof(RFC_LEAVES, 0), value as never)).toBe(false);
      expect(verifyConsistency(value as never, 8, root, root, [])).toBe(false);
      expect(verifyConsistency(8, value as never, root, root, [])).toBe(false);
      expect(verifyConsistency(6, 8, value as never, root, [])).toBe(false);
      expect(verifyConsistency(6, 8, root, value as never, [])).toBe(false);
      expect(verifyConsistency(6, 8, root, root, value as never)).toBe(false);
    }
  });

  it('takes no hole in a proof for a hash, and no size near 2^53 for a power of two', () => {
    const root = rootOf(RFC_LEAVES);
    const holes = new Array<Uint8Array>(3);
    expect(verifyInclusion(RFC_LEAVES[0]!, 0, 8, holes, root)).toBe(false);
    expect(verifyConsistency(4, 8, root, root, new Array<Uint8Array>(1))).toBe(false);
    const [largest, proof] = [Number.MAX_SAFE_INTEGER, Array.from({ length: 53 }, () => root)];
    for (const [old, size] of [
      [largest, largest],
      [largest - 1, largest],
      [-0, largest],
    ] as const)
      expect(verifyConsistency(old, size, root, rootOf([]), proof)).toBe(false);
    expect(verifyInclusion(root, largest - 1, largest, proof, root)).toBe(false);
    expect(frontierNodes(largest)).toHaveLength(53);
  });

  it('lets every tree follow from the empty one, and only from that', () => {
    expect(verifyConsistency(0, 8, rootOf([]), rootOf(RFC_LEAVES), [])).toBe(true);
    expect(verifyConsistency(0, 8, RFC_LEAVES[0]!, rootOf(RFC_LEAVES), [])).toBe(false);
    expect(verifyConsistency(0, 8, rootOf([]), rootOf(RFC_LEAVES), [RFC_LEAVES[0]!])).toBe(false);
  });

  test.prop([fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat()])('proves every leaf, at its own place alone', (size, some, other) => {
    const leaves = leavesOf(size);
    const [index, wrong] = [some % size, other % size];
    const proof = inclusionProof(leaves, index);
    expect(verifyInclusion(leaves[index]!, index, size, proof, rootOf(leaves))).toBe(true);
    if (wrong !== index) expect(verifyInclusion(leaves[index]!, wrong, size, proof, rootOf(leaves))).toBe(false);
  });

  test.prop([fc.integer({ min: 1, max: 120 }), fc.nat()])('proves every tree to begin with every smaller one', (size, some) => {
    const leaves = leavesOf(size);
    const oldSize = some % (size + 1);
    const oldRoot = rootOf(leaves.slice(0, oldSize));
    expect(verifyConsistency(oldSize, size, oldRoot, rootOf(leaves), consistencyProof(leaves, oldSize))).toBe(true);
  });

  test.prop([fc.integer({ min: 2, max: 100 }), fc.nat(), fc.nat(), fc.nat()])('sees one flipped bit', (size, some, place, bit) => {
    const leaves = leavesOf(size);
    const index = some % size;
    const proof = inclusionProof(leaves, index);
    const bad = proof.map((hash, at) => (at === place % proof.length ? flipped(hash, bit % 256) : hash));
    expect(verifyInclusion(leaves[index]!, index, size, bad, rootOf(leaves))).toBe(false);
    const oldSize = 1 + (some % (size - 1));
    const oldRoot = rootOf(leaves.slice(0, oldSize));
    const path = consistencyProof(leaves, oldSize);
    const spoilt = path.map((hash, at) => (at === place % path.length ? flipped(hash, bit % 256) : hash));
    expect(verifyConsistency(oldSize, size, oldRoot, rootOf(leaves), spoilt)).toBe(false);
    expect(verifyConsistency(oldSize, size, flipped(oldRoot, bit % 256), rootOf(leaves), path)).toBe(false);
  });

  test.prop([fc.integer({ min: 0, max: 300 })])('grows by its frontier to the same root, and finishes the nodes it says', (size) => {
    const leaves = leavesOf(size);
    const nodes = new Map<string, Uint8Array>();
    let frontier = EMPTY_FRONTIER;
    for (const leaf of leaves) frontier = appendLeaf(frontier, leaf, ({ height, index, hash }) => nodes.set(`${height}/${index}`, hash));
    expect(frontierRoot(frontier)).toEqual(rootOf(leaves));
    expect(frontierNodes(size).map(({ height, index }) => nodes.get(`${height}/${index}`))).toEqual(frontier.roots);
  });
});

interface InclusionCase {
  name: string;
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
}
interface ConsistencyCase {
  name: string;
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
}

describe.skipIf(!existsSync(join(VECTORS, 'merkle')))('cases of transparency-dev/merkle', () => {
  const casesOf = <T>(file: string): T[] => JSON.parse(readFileSync(join(VECTORS, 'merkle', file), 'utf8')) as T[];

  /** Names of the cases in which we and the reference differ. */
  const differing = <T extends { name: string; wantErr: boolean }>(file: string, verifies: (each: T) => boolean): string[] =>
    casesOf<T>(file)
      .filter((each) => verifies(each) === each.wantErr)
      .map(({ name }) => name);

  it('agrees on every inclusion proof', () => {
    const verifies = ({ leafIdx, treeSize, root, leafHash: leaf, proof }: InclusionCase): boolean =>
      verifyInclusion(bytes(leaf), leafIdx, treeSize, pathOf(proof), bytes(root));
    expect(casesOf('inclusion.json').length).toBeGreaterThan(40);
    expect(differing('inclusion.json', verifies)).toEqual([]);
  });

  it('agrees on every consistency proof', () => {
    const verifies = ({ size1, size2, root1, root2, proof }: ConsistencyCase): boolean =>
      verifyConsistency(size1, size2, bytes(root1), bytes(root2), pathOf(proof));
    expect(casesOf('consistency.json').length).toBeGreaterThan(40);
    expect(differing('consistency.json', verifies)).toEqual([]);
  });
});
