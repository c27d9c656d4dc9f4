import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, Not, Repository } from 'typeorm';
import { AdapterError } from '../kernel/errors.js';
import { Clock } from '../platform/clock.js';
import { parseCheckpoint, parseNote, signCheckpoint } from './checkpoint.js';
import { fromBase64, toBase64 } from './encoding.js';
import { Ledger } from './ledger.port.js';
import { encodeMemo, MAX_MEMO_BYTES, POLICY } from './memo.js';
import { emptyRoot } from './merkle.js';
import { ProofAnchorEntity } from './proof.entity.js';
import { SigningKeys } from './signing-keys.js';

/** A tree that is to be anchored. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

const HISTORY_SEARCHED = 1_000;

/**
 * The anchors on their way to the chain. Each step is stored before the next is taken, so a stop at any point neither loses an
 * anchor nor sends two: the same bytes are sent again until they are in a block, and only bytes that can never land any more,
 * and are not found in the key's history, are replaced.
 */
@Injectable()
export class AnchorOutbox {
  constructor(
    @InjectRepository(ProofAnchorEntity) private readonly anchors: Repository<ProofAnchorEntity>,
    private readonly ledger: Ledger,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  latest(): Promise<ProofAnchorEntity | null> {
    return this.anchors.findOne({ where: {}, order: { id: 'DESC' } });
  }

  /** The newest anchor that is in a block. */
  latestLanded(): Promise<ProofAnchorEntity | null> {
    return this.anchors.findOne({ where: { state: In(['confirmed', 'finalized']) }, order: { id: 'DESC' } });
  }

  /** The anchors that are not in a block for good, oldest first. */
  unfinished(): Promise<ProofAnchorEntity[]> {
    return this.anchors.find({ where: { state: Not('finalized') }, order: { id: 'ASC' } });
  }

  /** The first anchor that covers a leaf, whether sent or not. */
  covering(leafIndex: number): Promise<ProofAnchorEntity | null> {
    return this.anchors.findOne({ where: { treeSize: MoreThan(leafIndex) }, order: { treeSize: 'ASC' } });
  }

  /** The anchor before another. */
  async before(anchor: ProofAnchorEntity): Promise<ProofAnchorEntity | null> {
    return anchor.id === 0 ? null : this.anchors.findOneBy({ id: anchor.id - 1 });
  }

  /** Decides on an anchor of this tree, unless nothing was added since the last. Stored, not sent. */
  async propose(head: TreeHead): Promise<ProofAnchorEntity | undefined> {
    const last = await this.latest();
    if (head.size <= (last?.treeSize ?? 0)) return undefined;
    const previousRoot = last ? checkpointOf(last).root : emptyRoot();
    const memo = encodeMemo({ ...head, previousRoot, policy: POLICY });
    if (memo.length > MAX_MEMO_BYTES) throw new RangeError(`an anchor's memo must stay below ${MAX_MEMO_BYTES + 1} bytes`);
    const anchor: ProofAnchorEntity = {
      id: last ? last.id + 1 : 0,
      treeSize: head.size,
      previousSize: last?.treeSize ?? 0,
      checkpoint: signCheckpoint(head, this.keys.log.publicKey, (message) => this.keys.log.sign(message)),
      memo,
      state: 'prepared',
      createdAtMs: this.clock.now(),
      transaction: null,
      signature: null,
      lastValidBlockHeight: null,
      preparedSlot: null,
      expiredSignatures: [],
      slot: null,
      blockTimeMs: null,
    };
    await this.anchors.insert(anchor);
    return anchor;
  }

  /** Takes one anchor as far as it goes now. Throws `AdapterError` where the chain can't be reached; nothing is lost by it. */
  async advance(anchor: ProofAnchorEntity): Promise<void> {
    if (anchor.state === 'prepared') await this.sign(anchor);
    if (await this.take(anchor)) return;
    // A block it was in may have been dropped: then it is on its way again.
    if (anchor.state === 'confirmed') await this.store(anchor, { state: 'signed', slot: null, blockTimeMs: null });
    const height = await this.ledger.finalizedHeight();
    if (height > anchor.lastValidBlockHeight!) return this.replace(anchor);
    await this.ledger.send(fromBase64(anchor.transaction!)!);
    await this.take(anchor);
  }

  private async sign(anchor: ProofAnchorEntity): Promise<void> {
    const { bytes, signature, lastValidBlockHeight, preparedSlot } = await this.ledger.prepare(anchor.memo, this.keys.anchor);
    await this.store(anchor, {
      state: 'signed',
      transaction: toBase64(bytes),
      signature,
      lastValidBlockHeight,
      preparedSlot: anchor.preparedSlot ?? preparedSlot,
    });
  }

  /** Notes where the anchor is, if it is in a block. */
  private async take(anchor: ProofAnchorEntity): Promise<boolean> {
    const landing = await this.ledger.find(anchor.signature!);
    if (!landing || landing.failed || landing.level === 'processed') return false;
    if (landing.level === 'confirmed' && anchor.state === 'confirmed' && anchor.slot === landing.slot) return true;
    const landed = await this.ledger.transaction(anchor.signature!);
    if (landed?.timeMs === undefined) return false;
    await this.store(anchor, { state: landing.level, slot: landed.slot, blockTimeMs: landed.timeMs });
    return true;
  }

  /** The bytes can never land any more. Unless some bytes of this anchor did, it is signed anew. */
  private async replace(anchor: ProofAnchorEntity): Promise<void> {
    if ((await this.ledger.oldestSlot()) > anchor.preparedSlot!)
      throw new AdapterError('the node has forgotten the time of an unfinished anchor; use one with full history', true);
    const tried = [anchor.signature!, ...anchor.expiredSignatures];
    for (const signature of tried) {
      const landing = await this.ledger.find(signature);
      const landed = landing && !landing.failed ? await this.ledger.transaction(signature) : undefined;
      if (landed) return this.adopt(anchor, landed.signature, landed.bytes);
    }
    const history = await this.ledger.memoTransactions(this.keys.anchor.publicKey, HISTORY_SEARCHED, anchor.memo);
    const [landed] = history;
    if (landed) return this.adopt(anchor, landed.signature, landed.bytes);
    await this.store(anchor, {
      state: 'prepared',
      transaction: null,
      signature: null,
      lastValidBlockHeight: null,
      expiredSignatures: tried,
    });
    return this.advance(anchor);
  }

  private async adopt(anchor: ProofAnchorEntity, signature: string, bytes: Uint8Array): Promise<void> {
    await this.store(anchor, { state: 'signed', signature, transaction: toBase64(bytes) });
    await this.take(anchor);
  }

  private async store(anchor: ProofAnchorEntity, change: Partial<ProofAnchorEntity>): Promise<void> {
    await this.anchors.update({ id: anchor.id }, change);
    Object.assign(anchor, change);
  }
}

/** The checkpoint an anchor was stored with. */
export const checkpointOf = ({ id, checkpoint }: ProofAnchorEntity): { origin: string; size: number; root: Uint8Array } => {
  const note = parseNote(checkpoint);
  const parsed = note && parseCheckpoint(note.text);
  if (!parsed) throw new Error(`the checkpoint of anchor ${id} is damaged`);
  return parsed;
};
