import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, MoreThanOrEqual, Not, Repository } from 'typeorm';
import { AdapterError } from '../kernel/errors.js';
import type { EpochMs } from '../kernel/units.js';
import { Clock } from '../platform/clock.js';
import { checkpointOf } from './anchor-facts.js';
import { signCheckpoint } from './checkpoint.js';
import { fromBase64, sameBytes, toBase64 } from './encoding.js';
import { type LandedTransaction, Ledger } from './ledger.port.js';
import { type ForeignAnchor, ForeignAnchors, foreignAnchor } from './foreign-anchors.js';
import { encodeMemo, MAX_MEMO_BYTES, parseMemo, POLICY } from './memo.js';
import { emptyRoot } from './merkle.js';
import { ProofAnchorEntity } from './proof.entity.js';
import { SigningKeys } from './signing-keys.js';
import { memoOf, parseTransaction, payerOf, signaturesHold } from './transaction.js';

/** A tree that is to be anchored. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

const HISTORY_SEARCHED = 1_000;
/** Once a process has seen the whole history, only what may have come since. */
const NEWEST_SEARCHED = 20;

/**
 * The anchors on their way to the chain. Each step is stored before the next is taken, so a stop at any point neither loses an
 * anchor nor sends two: the same bytes are sent again until they are in a block, and only bytes that can never land any more,
 * and are not found in the key's history, are replaced.
 */
@Injectable()
export class AnchorOutbox {
  private historySeen = false;

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

  madeSince(atMs: EpochMs): Promise<number> {
    return this.anchors.countBy({ createdAtMs: MoreThanOrEqual(atMs) });
  }

  /** The anchor before another, in the same log. */
  async before(anchor: ProofAnchorEntity): Promise<ProofAnchorEntity | null> {
    const before = anchor.id === 0 ? null : await this.anchors.findOneBy({ id: anchor.id - 1 });
    return before && checkpointOf(before).origin === checkpointOf(anchor).origin ? before : null;
  }

  /**
   * Decides on an anchor of this tree, unless nothing was added since the last. Stored, not sent. Throws `AdapterError` where the
   * chain can't be asked, or (not retryable) where the log's last anchor is another key's, and `ForeignAnchors` where the chain
   * holds anchors of this log that are not among ours: one more beside either would show the log differently to different people.
   */
  async propose(head: TreeHead): Promise<ProofAnchorEntity | undefined> {
    const last = await this.latest();
    if (head.size <= (last?.treeSize ?? 0)) return undefined;
    if (last && checkpointOf(last).origin === head.origin) this.demandOwnKey(last);
    await this.demandNoStrangers(head.origin);
    const previousRoot = last && checkpointOf(last).origin === head.origin ? checkpointOf(last).root : emptyRoot();
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

  /** What a transaction that somebody brought says against ours, where our key signed it as an anchor of this log. */
  async contradictedBy(bytes: Uint8Array, origin: string): Promise<ForeignAnchor | undefined> {
    const transaction = parseTransaction(bytes);
    const memo = transaction && memoOf(transaction);
    if (memo === undefined || parseMemo(memo)?.origin !== origin || (await this.anchors.existsBy({ memo }))) return undefined;
    if (!sameBytes(transaction!.accounts[0]!, this.keys.anchor.publicKey) || !signaturesHold(transaction!)) return undefined;
    return foreignAnchor({ memo, bytes }, await this.anchors.find({ order: { id: 'DESC' } }));
  }

  private async demandNoStrangers(origin: string): Promise<void> {
    const limit = this.historySeen ? NEWEST_SEARCHED : HISTORY_SEARCHED;
    const ours = await this.anchors.find({ order: { id: 'DESC' }, take: 2 * limit });
    const known = new Set(ours.flatMap(({ signature }) => signature ?? []));
    const memos = new Set(ours.map(({ memo }) => memo));
    const { transactions, untold } = await this.ledger.memoTransactions(this.keys.anchor.publicKey, { limit, known });
    const strangers = transactions.filter(({ memo }) => !memos.has(memo) && parseMemo(memo)?.origin === origin);
    if (strangers.length > 0) throw new ForeignAnchors(strangers.map((stranger) => foreignAnchor(stranger, ours)));
    if (untold > 0) throw new AdapterError(`the node lists ${untold} transaction(s) of the anchor key that it does not tell`, true);
    this.historySeen = true;
  }

  /** Another key's anchors have a history of their own, in which nobody would look for those before. */
  private demandOwnKey({ transaction }: ProofAnchorEntity): void {
    const payer = transaction === null ? undefined : payerOf(fromBase64(transaction)!);
    if (payer && !sameBytes(payer, this.keys.anchor.publicKey))
      throw new AdapterError(
        'the log was anchored by another key before. Put that one back, or begin a new log with `vpp proof new-log`',
        false,
      );
  }

  /** Takes one anchor as far as it goes now. Throws `AdapterError` where the chain can't be reached; nothing is lost by it. */
  async advance(anchor: ProofAnchorEntity): Promise<void> {
    if (anchor.state === 'prepared') await this.sign(anchor);
    if (await this.take(anchor)) return;
    // A block it was in may have been dropped: then it is on its way again.
    if (anchor.state === 'confirmed') await this.store(anchor, { state: 'signed', slot: null, blockTimeMs: null });
    const head = await this.ledger.finalized();
    if (head.height > anchor.lastValidBlockHeight!) return this.replace(anchor, head.slot);
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
    if (!landed) return false;
    if (toBase64(landed.bytes) !== anchor.transaction || landed.slot !== landing.slot)
      throw new AdapterError('the node contradicts itself: it tells another transaction, or another slot, than the anchor asked for', true);
    if (landed.timeMs === undefined) throw new AdapterError('the node does not tell when the block of the anchor was', true);
    await this.store(anchor, { state: landing.level, slot: landed.slot, blockTimeMs: landed.timeMs });
    return true;
  }

  /** The bytes can never land any more. Unless some bytes of this anchor did, it is signed anew. */
  private async replace(anchor: ProofAnchorEntity, passedSlot: number): Promise<void> {
    if ((await this.ledger.oldestSlot()) > anchor.preparedSlot!)
      throw new AdapterError('the node has forgotten the time of an unfinished anchor; use one with full history', true);
    const tried = [anchor.signature!, ...anchor.expiredSignatures];
    for (const signature of tried) {
      const landing = await this.ledger.find(signature, passedSlot);
      if (!landing || landing.failed) continue;
      const landed = await this.ledger.transaction(signature);
      if (landed?.signature !== signature)
        throw new AdapterError('the node says that the anchor is in a block, and does not tell its transaction', true);
      return this.adopt(anchor, landed);
    }
    const search = { limit: HISTORY_SEARCHED, memo: anchor.memo, atLeastSlot: passedSlot };
    const { transactions, untold } = await this.ledger.memoTransactions(this.keys.anchor.publicKey, search);
    const [landed] = transactions;
    if (landed) return this.adopt(anchor, landed);
    if (untold > 0) throw new AdapterError(`the node lists ${untold} transaction(s) that may be the anchor, and does not tell them`, true);
    this.demandOwnKey(anchor);
    await this.store(anchor, {
      state: 'prepared',
      transaction: null,
      signature: null,
      lastValidBlockHeight: null,
      expiredSignatures: tried,
    });
    return this.advance(anchor);
  }

  private async adopt(anchor: ProofAnchorEntity, { signature, bytes }: LandedTransaction): Promise<void> {
    await this.store(anchor, { state: 'signed', signature, transaction: toBase64(bytes) });
    await this.take(anchor);
  }

  private async store(anchor: ProofAnchorEntity, change: Partial<ProofAnchorEntity>): Promise<void> {
    await this.anchors.update({ id: anchor.id }, change);
    Object.assign(anchor, change);
  }
}
