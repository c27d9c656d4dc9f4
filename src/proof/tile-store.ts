import { hash as digestOf } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { appendLeaf, EMPTY_FRONTIER, type Frontier, frontierNodes, frontierRoot, type TreeNode } from './frontier.js';
import { consistencyRanges, emptyRoot, HASH_LENGTH, inclusionRanges, type LeafRange } from './merkle.js';
import { ProofTileEntity } from './proof.entity.js';

const TILE_HEIGHT = 8;
const TILE_WIDTH = 2 ** TILE_HEIGHT;
const TILES_KEPT = 96;

/** `nodeHash` of the tree, by what Node.js has built in: a proof from disk takes a whole tile of them, and the pure one twice as long. */
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const input = Buffer.allocUnsafe(1 + 2 * HASH_LENGTH);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + HASH_LENGTH);
  return new Uint8Array(digestOf('sha256', input, 'buffer'));
};

/** The hashes of a tile (`rows[0]`) and, as far as they are finished, of the subtrees above them within the tile. */
interface Tile {
  readonly rows: Uint8Array[][];
}

interface GrowingTile extends Tile {
  readonly tileIndex: number;
}

/**
 * The hashes of the log in tiles of 256. In memory are the frontier, the growing tile of each level, and a few tiles read last:
 * no more at a million leaves than at a thousand.
 */
@Injectable()
export class TileStore {
  private frontier: Frontier = EMPTY_FRONTIER;
  /** The growing tile of each level. */
  private readonly growing: GrowingTile[] = [];
  private readonly unsaved = new Map<string, ProofTileEntity>();
  private readonly recent = new Map<string, Tile>();

  constructor(@InjectRepository(ProofTileEntity) private readonly tiles: Repository<ProofTileEntity>) {}

  get size(): number {
    return this.frontier.size;
  }

  root(): Uint8Array {
    return frontierRoot(this.frontier);
  }

  /** Takes up what is stored. */
  async load(): Promise<void> {
    this.growing.length = 0;
    this.recent.clear();
    this.frontier = EMPTY_FRONTIER;
    for (let level = 0; ; level += 1) {
      const last = await this.tiles.findOne({ where: { level }, order: { tileIndex: 'DESC' } });
      if (!last) break;
      const hashes = hashesOf(last);
      this.growing.push(hashes.length < TILE_WIDTH ? { tileIndex: last.tileIndex, ...tileOf(hashes) } : emptyTile(last.tileIndex + 1));
    }
    const [leaves] = this.growing;
    if (!leaves) return;
    const size = leaves.tileIndex * TILE_WIDTH + leaves.rows[0]!.length;
    await this.mendUpperLevels();
    const roots = [];
    for (const { height, index } of frontierNodes(size)) roots.push(await this.nodeAt(height, index));
    this.frontier = { size, roots };
  }

  /** Adds leaf hashes in memory; `save` writes them. Returns the root after them. */
  append(leaves: readonly Uint8Array[]): void {
    for (const leaf of leaves) this.frontier = appendLeaf(this.frontier, leaf, (node) => this.keep(node));
  }

  /** Writes the tiles that changed. */
  async save(): Promise<void> {
    for (const [level, { tileIndex, rows }] of this.growing.entries())
      if (rows[0]!.length > 0) this.unsaved.set(`${level}/${tileIndex}`, { level, tileIndex, hashes: textOf(rows[0]!) });
    const changed = [...this.unsaved.values()];
    if (changed.length > 0) await this.tiles.upsert(changed, ['level', 'tileIndex']);
    this.unsaved.clear();
  }

  /** Proof that a leaf is in the tree of `treeSize`, which the log must have reached and saved. */
  inclusionProof(leafIndex: number, treeSize: number): Promise<Uint8Array[]> {
    return this.rootsOf(inclusionRanges(leafIndex, treeSize));
  }

  /** Proof that the tree of `oldSize` is the beginning of that of `newSize`, which the log must have reached and saved. */
  consistencyProof(oldSize: number, newSize: number): Promise<Uint8Array[]> {
    return this.rootsOf(consistencyRanges(oldSize, newSize));
  }

  /** Root of the tree of `size`, which the log must have reached and saved. */
  async rootAt(size: number): Promise<Uint8Array> {
    return size === 0 ? emptyRoot() : this.rangeRoot({ from: 0, to: size });
  }

  private async rootsOf(ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
    const roots = [];
    for (const range of ranges) roots.push(await this.rangeRoot(range));
    return roots;
  }

  /** Root over a range that begins where a subtree does: finished subtrees, joined from the right. */
  private async rangeRoot({ from, to }: LeafRange): Promise<Uint8Array> {
    const nodes = [];
    for (const { height, index } of frontierNodes(to - from)) nodes.push(await this.nodeAt(height, from / 2 ** height + index));
    return nodes.reduceRight((right, left) => nodeHash(left, right));
  }

  private async nodeAt(height: number, index: number): Promise<Uint8Array> {
    const level = Math.floor(height / TILE_HEIGHT);
    const row = height % TILE_HEIGHT;
    const first = index * 2 ** row;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const offset = (first % TILE_WIDTH) / 2 ** row;
    const hash = (await this.tileAt(level, tileIndex)).rows[row]?.[offset];
    if (!hash) throw new Error(`the proof log lacks node ${index} at height ${height}`);
    return hash;
  }

  private async tileAt(level: number, tileIndex: number): Promise<Tile> {
    const growing = this.growing[level];
    if (growing?.tileIndex === tileIndex) return growing;
    const key = `${level}/${tileIndex}`;
    const known = this.recent.get(key);
    if (known) {
      this.recent.delete(key);
      this.recent.set(key, known);
      return known;
    }
    const stored = this.unsaved.get(key) ?? (await this.tiles.findOneBy({ level, tileIndex }));
    if (!stored) throw new Error(`the proof log lacks tile ${tileIndex} of level ${level}`);
    const tile = tileOf(hashesOf(stored));
    this.recent.set(key, tile);
    if (this.recent.size > TILES_KEPT) this.recent.delete(this.recent.keys().next().value!);
    return tile;
  }

  private keep({ height, hash }: TreeNode): void {
    const level = Math.floor(height / TILE_HEIGHT);
    const row = height % TILE_HEIGHT;
    const { tileIndex, rows } = (this.growing[level] ??= emptyTile(0));
    rows[row]!.push(hash);
    // The last row has two hashes when the tile is full; the node above them belongs to the next level.
    if (row < TILE_HEIGHT - 1 || rows[row]!.length < 2) return;
    this.unsaved.set(`${level}/${tileIndex}`, { level, tileIndex, hashes: textOf(rows[0]!) });
    this.growing[level] = emptyTile(tileIndex + 1);
  }

  /** A stop between two writes can leave an upper level short of roots that the level below has already finished. */
  private async mendUpperLevels(): Promise<void> {
    for (let level = 1; ; level += 1) {
      const finished = this.growing[level - 1]!.tileIndex;
      if (finished === 0) return;
      const { tileIndex, rows } = (this.growing[level] ??= emptyTile(0));
      const stored = tileIndex * TILE_WIDTH + rows[0]!.length;
      if (stored === finished) continue;
      const hashes = [...rows[0]!];
      for (let index = stored; index < finished; index += 1) hashes.push(await this.tileRoot(level - 1, index));
      this.adoptTiles(level, tileIndex, hashes);
    }
  }

  private async tileRoot(level: number, tileIndex: number): Promise<Uint8Array> {
    const [left, right] = (await this.tileAt(level, tileIndex)).rows[TILE_HEIGHT - 1]!;
    return nodeHash(left!, right!);
  }

  /** Puts hashes from `tileIndex` on in place as this level's tiles. */
  private adoptTiles(level: number, tileIndex: number, hashes: readonly Uint8Array[]): void {
    let at = 0;
    let index = tileIndex;
    for (; at + TILE_WIDTH <= hashes.length; at += TILE_WIDTH, index += 1)
      this.unsaved.set(`${level}/${index}`, { level, tileIndex: index, hashes: textOf(hashes.slice(at, at + TILE_WIDTH)) });
    this.growing[level] = { tileIndex: index, ...tileOf(hashes.slice(at)) };
  }
}

const emptyTile = (tileIndex: number): GrowingTile => ({ tileIndex, ...tileOf([]) });

const textOf = (hashes: readonly Uint8Array[]): string => Buffer.concat(hashes).toString('base64');

const hashesOf = ({ hashes }: ProofTileEntity): Uint8Array[] => {
  const bytes = new Uint8Array(Buffer.from(hashes, 'base64'));
  return Array.from({ length: bytes.length / HASH_LENGTH }, (_, at) => bytes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH));
};

const tileOf = (hashes: readonly Uint8Array[]): Tile => {
  const rows = [[...hashes]];
  while (rows.length < TILE_HEIGHT) {
    const below = rows.at(-1)!;
    rows.push(Array.from({ length: Math.floor(below.length / 2) }, (_, at) => nodeHash(below[2 * at]!, below[2 * at + 1]!)));
  }
  return { rows };
};
