import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { SiteId } from '../fleet/plant.js';
import { AdapterError } from '../kernel/errors.js';
import type { EpochMs, WattHour } from '../kernel/units.js';
import type { EnergyQuality } from '../telemetry/interval-energy.js';
import { checkpointOf, landingOf } from './anchor-facts.js';
import { AnchorOutbox } from './anchor-outbox.service.js';
import { type Bundle, BUNDLE_FORMAT, serializeBundle } from './bundle.js';
import { commitmentOf } from './commitment.js';
import { fromBase64, fromHex, sameBytes, toHex } from './encoding.js';
import { ForeignAnchors } from './foreign-anchors.js';
import { Ledger } from './ledger.port.js';
import { ProofEvidence } from './proof-evidence.service.js';
import { ProofLog } from './proof-log.service.js';
import { ProofSettings } from './proof-settings.js';
import type { ProofAnchorEntity } from './proof.entity.js';
import { isMetered, parseRecord, type ProofRecord, recordHash } from './record.js';
import { recordText } from './record-text.js';
import { SigningKeys } from './signing-keys.js';
import { base58, payerOf } from './transaction.js';

/** What can be listed, and the kinds of rows that are it. */
const LISTED = {
  reading: ['interval-reading', 'correction/%'],
  decision: ['decision/%'],
  event: ['grid-event'],
  baseline: ['baseline'],
  statement: ['statement'],
} as const;
export const LISTED_KINDS = Object.keys(LISTED) as (keyof typeof LISTED)[];

export interface ProofQuery {
  readonly kind?: keyof typeof LISTED;
  readonly deviceId?: string;
  readonly channel?: string;
  /** Of what begins in `[fromMs, toMs)`. */
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  readonly limit: number;
}

/** A proof at a glance. Energies and quality are those of readings and corrections. */
export interface ProofSummary {
  readonly leafIndex: number;
  readonly siteId: SiteId;
  readonly type: ProofRecord['type'];
  /** What it states, in one line. */
  readonly states: string;
  /** The device; of what is of no device, the event or statement it is about. */
  readonly deviceId: string;
  readonly channel: string;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly toBusWh?: WattHour;
  readonly fromBusWh?: WattHour;
  readonly quality?: EnergyQuality;
  /** A later record takes its place. */
  readonly superseded?: true;
  /** Absent until its transaction is in a block. */
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
  /** How the signing keys are kept: what a proof is worth rests on it. */
  readonly assurance: Bundle['hints']['assurance'];
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

/** Anchors what is recorded, and hands out the proofs. */
@Injectable()
export class ProofService implements OnModuleInit {
  /** Why anchors on their way stand still, and why no new one is made. */
  private fault: ProofStatus['fault'];
  private halt: ProofStatus['fault'];
  private anchoring: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: ProofLog,
    private readonly outbox: AnchorOutbox,
    private readonly keys: SigningKeys,
    private readonly ledger: Ledger,
    private readonly settings: ProofSettings,
    private readonly evidence: ProofEvidence,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.log.load();
  }

  /** Anchors everything recorded since the last anchor, in one transaction. Does not throw where the chain is away. */
  anchorNow(): Promise<AnchorOutcome> {
    return this.inOrder(async () => {
      await this.advanceAll();
      const waiting = (await this.outbox.unfinished()).find(({ state }) => state !== 'confirmed');
      // The memo names the root before it, so anchors go out one after the other.
      if (waiting) return this.outcomeOf(waiting);
      const anchor = await this.propose();
      if (!anchor) return this.halt ? { kind: 'pending', size: this.log.size, reason: this.halt.message } : { kind: 'up-to-date' };
      await this.advance(anchor);
      return this.outcomeOf(anchor);
    });
  }

  /** Takes the anchors on their way one step further. The jobs call it; so may anyone. */
  pushOutbox(): Promise<void> {
    return this.inOrder(() => this.advanceAll());
  }

  /** A site's proofs, newest first. */
  async proofsOf(siteId: SiteId, { kind = 'reading', ...query }: ProofQuery): Promise<ProofSummary[]> {
    const rows = await this.log.find({ siteId, kinds: LISTED[kind], ...query });
    const superseded = await this.log.superseded(rows.flatMap(({ record }) => (record === null ? [] : recordHash(record))));
    const anchors: ProofAnchorEntity[] = [];
    const summaries: ProofSummary[] = [];
    for (const { leafIndex, record: text, deviceId, channel } of rows) {
      const record = text === null ? undefined : parseRecord(text);
      if (text === null || !record) continue;
      const metered = isMetered(record) ? record : undefined;
      summaries.push({
        leafIndex,
        siteId,
        type: record.type,
        states: recordText(record),
        deviceId: deviceId.split(' ')[0]!,
        channel,
        startMs: record.startMs,
        endMs: record.endMs,
        toBusWh: metered?.toBusWh,
        fromBusWh: metered?.fromBusWh,
        quality: metered?.quality,
        superseded: superseded.has(recordHash(text)) ? true : undefined,
        anchor: landingOf(await this.anchorOf(leafIndex, anchors)),
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
      // An earlier log may have been anchored by another key than signs now.
      keys: { log: toHex(keys.log.publicKey), anchor: toHex(payerOf(fromBase64(anchor.transaction!)!)!) },
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
      assurance: keys.demo ? 'demo' : 'software',
      logKey: toHex(keys.log.publicKey),
      anchorKey: toHex(keys.anchor.publicKey),
      anchorAddress: base58(keys.anchor.publicKey),
      leaves: this.log.size,
      anchoredLeaves: last?.treeSize ?? 0,
      unfinishedAnchors: (await this.outbox.unfinished()).length,
      lastAnchor: last && landing ? { ...landing, finalized: last.state === 'finalized' } : undefined,
      fault: this.halt ?? this.fault,
    };
  }

  /** Whether anything was ever recorded of a site. */
  async holds(siteId: SiteId): Promise<boolean> {
    return (await this.log.find({ siteId, limit: 1 })).length > 0;
  }

  /** Forgets a site's records, signatures and salts, and answers how many. Everyone else's proofs hold as before. */
  eraseSite(siteId: SiteId, atMs: EpochMs): Promise<number> {
    return this.log.eraseSite(siteId, atMs);
  }

  /** Decides on an anchor, unless nothing is new, or the chain is away or holds what this log does not: `halt` then says so. */
  private async propose(): Promise<ProofAnchorEntity | undefined> {
    try {
      await this.demandSameLog();
      const anchor = await this.outbox.propose({ origin: this.settings.origin, size: this.log.size, root: this.log.root() });
      this.halt = undefined;
      return anchor;
    } catch (error) {
      if (!(error instanceof AdapterError)) throw error;
      if (error instanceof ForeignAnchors) for (const each of error.anchors) await this.evidence.keep({ kind: 'anchor', ...each });
      this.halt = { message: error.message, retryable: error.retryable };
      return undefined;
    }
  }

  /** A log that was shortened or altered since its last anchor would be anchored against its own word. */
  private async demandSameLog(): Promise<void> {
    const last = await this.outbox.latest();
    if (!last) return;
    const { origin, size, root } = checkpointOf(last);
    const anchored = `${size} entries were anchored`;
    if (size > this.log.size)
      throw new AdapterError(`${anchored}, and the log has ${this.log.size}: it was shortened. Restore the newest backup`, false);
    if (origin === this.settings.origin && !sameBytes(await this.log.rootAt(size), root))
      throw new AdapterError(
        `${anchored}, and those in the log are others: it was altered. Restore the newest backup, or begin a new log with \`vpp proof new-log\``,
        false,
      );
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
