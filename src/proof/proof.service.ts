import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { SiteId } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import type { DurationMs, EpochMs, WattHour } from '../kernel/units.js';
import type { EnergyQuality, IntervalEnergy } from '../telemetry/interval-energy.js';
import { AnchorOutbox } from './anchor-outbox.service.js';
import { type Bundle, BUNDLE_FORMAT, serializeBundle } from './bundle.js';
import { commitmentOf } from './commitment.js';
import { fromHex, toHex } from './encoding.js';
import { Ledger } from './ledger.port.js';
import { ProofLog, type AppendResult } from './proof-log.service.js';
import type { ProofAnchorEntity } from './proof.entity.js';
import { parseRecord } from './record.js';
import { SigningKeys } from './signing-keys.js';
import { base58 } from './transaction.js';

/** A household's proof at a glance. `anchor` is absent until its transaction is in a block. */
export interface ProofSummary {
  readonly leafIndex: number;
  readonly siteId: SiteId;
  readonly deviceId: string;
  readonly channel: string;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly toBusWh?: WattHour;
  readonly fromBusWh?: WattHour;
  readonly quality: EnergyQuality;
  readonly anchor?: { readonly signature: string; readonly slot: number; readonly atMs: EpochMs };
}

/** `file` is the bundle's exact bytes: send them as they are, since `vpp proof verify` refuses any other spelling. */
export type BundleOutcome =
  | { readonly kind: 'bundle'; readonly siteId: SiteId; readonly bundle: Bundle; readonly file: string }
  | { readonly kind: 'not-anchored'; readonly siteId: SiteId }
  | { readonly kind: 'erased'; readonly siteId: SiteId }
  | { readonly kind: 'unknown' };

export type AnchorOutcome =
  | { readonly kind: 'up-to-date' }
  | { readonly kind: 'anchored'; readonly size: number; readonly signature: string; readonly slot: number }
  /** On its way: the outbox goes on by itself. `reason` says what the chain answered. */
  | { readonly kind: 'pending'; readonly size: number; readonly reason?: string };

export interface ProofStatus {
  readonly ledger: string;
  readonly rpcUrl: string;
  readonly origin: string;
  readonly demoKeys: boolean;
  /** What a verifier pins: hexadecimal, and base58 for the anchor key's address. */
  readonly logKey: string;
  readonly anchorKey: string;
  readonly anchorAddress: string;
  readonly leaves: number;
  /** Leaves under an anchor that is in a block. */
  readonly anchoredLeaves: number;
  readonly unfinishedAnchors: number;
  readonly lastAnchor?: { readonly signature: string; readonly slot: number; readonly atMs: EpochMs; readonly finalized: boolean };
  /** Why the outbox stands still; absent where it does not. */
  readonly fault?: { readonly message: string; readonly retryable: boolean };
}

/** What `ProofModule.register` was given beside keys and ledger. */
export class ProofSettings {
  constructor(
    readonly origin: string,
    readonly anchorPeriodMs: DurationMs,
  ) {}
}

/** Records what was measured, anchors it, and hands out the proofs. */
@Injectable()
export class ProofService implements OnModuleInit {
  private fault: ProofStatus['fault'];
  private anchoring: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: ProofLog,
    private readonly outbox: AnchorOutbox,
    private readonly keys: SigningKeys,
    private readonly ledger: Ledger,
    private readonly settings: ProofSettings,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.log.load();
  }

  /** Signs, commits and appends closed intervals. One that is recorded already is left as it is, so calling twice records once. */
  recordInterval(intervals: readonly IntervalEnergy[]): Promise<AppendResult> {
    return this.log.append(intervals.filter(({ imported }) => !imported));
  }

  /** Anchors everything recorded since the last anchor, in one transaction. Does not throw where the chain is away. */
  anchorNow(): Promise<AnchorOutcome> {
    return this.inOrder(async () => {
      await this.advanceAll();
      const waiting = (await this.outbox.unfinished()).find(({ state }) => state !== 'confirmed');
      // The memo names the root before it, so anchors go out one after the other.
      if (waiting) return this.outcomeOf(waiting);
      const anchor = await this.outbox.propose({ origin: this.settings.origin, size: this.log.size, root: this.log.root() });
      if (!anchor) return { kind: 'up-to-date' };
      await this.advance(anchor);
      return this.outcomeOf(anchor);
    });
  }

  /** Takes the anchors on their way one step further. The jobs call it; so may anyone. */
  pushOutbox(): Promise<void> {
    return this.inOrder(() => this.advanceAll());
  }

  /** A site's newest proofs, newest first. */
  async proofsOf(siteId: SiteId, limit: number): Promise<ProofSummary[]> {
    const rows = await this.log.newestOf(siteId, limit);
    const anchors: ProofAnchorEntity[] = [];
    const summaries: ProofSummary[] = [];
    for (const row of rows) {
      const reading = row.record === null ? undefined : parseRecord(row.record);
      if (!reading) continue;
      const anchor = await this.anchorOf(row.leafIndex, anchors);
      summaries.push({
        leafIndex: row.leafIndex,
        siteId,
        deviceId: row.deviceId,
        channel: row.channel,
        startMs: reading.startMs,
        endMs: reading.endMs,
        toBusWh: reading.toBusWh,
        fromBusWh: reading.fromBusWh,
        quality: reading.quality,
        anchor: landingOf(anchor),
      });
    }
    return summaries;
  }

  /** Everything needed to check one record. */
  async bundle(leafIndex: number): Promise<BundleOutcome> {
    const row = await this.log.row(leafIndex);
    if (!row) return { kind: 'unknown' };
    const { siteId, record, signature, salt } = row;
    if (record === null || signature === null || salt === null) return { kind: 'erased', siteId };
    const anchor = await this.outbox.covering(leafIndex);
    const landing = landingOf(anchor);
    if (!anchor || !landing) return { kind: 'not-anchored', siteId };
    const earlier = await this.outbox.before(anchor);
    const { keys, ledger } = this;
    const bundle: Bundle = {
      format: BUNDLE_FORMAT,
      record,
      signature,
      salt,
      commitment: toHex(commitmentOf(fromHex(salt)!, record, fromHex(signature)!)),
      leafIndex,
      inclusion: (await this.log.inclusionProof(leafIndex, anchor.treeSize)).map((hash) => toHex(hash)),
      checkpoint: anchor.checkpoint,
      earlier: earlier
        ? {
            checkpoint: earlier.checkpoint,
            consistency: (await this.log.consistencyProof(earlier.treeSize, anchor.treeSize)).map((hash) => toHex(hash)),
          }
        : undefined,
      anchor: { transaction: anchor.transaction! },
      keys: { log: toHex(keys.log.publicKey), anchor: toHex(keys.anchor.publicKey) },
      hints: { ledger: ledger.name, slot: landing.slot, timeMs: landing.atMs, assurance: keys.demo ? 'demo' : 'software' },
    };
    return { kind: 'bundle', siteId, bundle, file: serializeBundle(bundle) };
  }

  async status(): Promise<ProofStatus> {
    const { keys, ledger, settings } = this;
    const last = await this.outbox.latestLanded();
    const landing = landingOf(last);
    return {
      ledger: ledger.name,
      rpcUrl: ledger.rpcUrl,
      origin: settings.origin,
      demoKeys: keys.demo,
      logKey: toHex(keys.log.publicKey),
      anchorKey: toHex(keys.anchor.publicKey),
      anchorAddress: base58(keys.anchor.publicKey),
      leaves: this.log.size,
      anchoredLeaves: last?.treeSize ?? 0,
      unfinishedAnchors: (await this.outbox.unfinished()).length,
      lastAnchor: last && landing ? { ...landing, finalized: last.state === 'finalized' } : undefined,
      fault: this.fault,
    };
  }

  /** Lamports left to pay for anchors with, and for how many anchors at the base fee they last. */
  async balance(): Promise<{ lamports: number; anchorsLeft: number }> {
    const lamports = await this.ledger.balanceLamports(this.keys.anchor.publicKey);
    return { lamports, anchorsLeft: Math.floor(lamports / LAMPORTS_AN_ANCHOR) };
  }

  /** Forgets a site's records, signatures and salts. Everyone else's proofs hold as before. */
  eraseSite(siteId: SiteId): Promise<void> {
    return this.log.eraseSite(siteId);
  }

  private async advanceAll(): Promise<void> {
    for (const anchor of await this.outbox.unfinished()) if (!(await this.advance(anchor))) return;
  }

  private async advance(anchor: ProofAnchorEntity): Promise<boolean> {
    try {
      await this.outbox.advance(anchor);
      this.fault = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      this.fault = { message: error.message, retryable: error.retryable };
      return false;
    }
  }

  private outcomeOf(anchor: ProofAnchorEntity): AnchorOutcome {
    const landing = landingOf(anchor);
    if (landing) return { kind: 'anchored', size: anchor.treeSize, signature: landing.signature, slot: landing.slot };
    return { kind: 'pending', size: anchor.treeSize, reason: this.fault?.message };
  }

  /** The anchor that covers a leaf; `seen` keeps those that were read before. */
  private async anchorOf(leafIndex: number, seen: ProofAnchorEntity[]): Promise<ProofAnchorEntity | null> {
    const known = seen.find(({ previousSize, treeSize }) => leafIndex >= previousSize && leafIndex < treeSize);
    if (known) return known;
    const anchor = await this.outbox.covering(leafIndex);
    if (anchor) seen.push(anchor);
    return anchor;
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.anchoring.then(work);
    this.anchoring = done.catch(() => undefined);
    return done;
  }
}

const LAMPORTS_AN_ANCHOR = 5_000;

/** Where an anchor is on chain, if it is. */
const landingOf = (anchor: ProofAnchorEntity | null): { signature: string; slot: number; atMs: EpochMs } | undefined => {
  if (!anchor || (anchor.state !== 'confirmed' && anchor.state !== 'finalized')) return undefined;
  const { signature, slot, blockTimeMs } = anchor;
  return signature === null || slot === null || blockTimeMs === null ? undefined : { signature, slot, atMs: blockTimeMs };
};
