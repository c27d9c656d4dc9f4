import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { PlantDirectory } from '../fleet/plant-directory.js';
import type { SiteId } from '../fleet/plant.js';
import { AlarmService } from '../platform/alarm.service.js';
import { Clock } from '../platform/clock.js';
import { AnchorOutbox } from './anchor-outbox.service.js';
import { parseBundle } from './bundle.js';
import { parseCheckpoint, parseNote, verifyNote } from './checkpoint.js';
import { fromBase64, fromHex, sameBytes, toHex, utf8 } from './encoding.js';
import { PLANT_SITE } from './log-entry.js';
import { ProofLog } from './proof-log.service.js';
import { ProofConflictEntity } from './proof.entity.js';
import { parseRecord, type ProofRecord } from './record.js';
import { verifySignature } from './signature.js';

/** Something signed that the log contradicts. */
export interface Contradiction {
  readonly kind: ProofConflictEntity['kind'];
  readonly siteId?: SiteId;
  readonly detail: string;
  /** What was brought, and what the log has in its place; absent where it has nothing. */
  readonly brought: string;
  readonly held?: string;
}

export type EvidenceOutcome =
  /** Nothing in it was signed by this plant's keys. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'agrees' }
  | { readonly kind: 'contradicts'; readonly details: readonly string[] };

/** Keeps what contradicts the log, and raises the alarm: two accounts under one key are the one thing a log can't explain away. */
@Injectable()
export class ProofEvidence {
  constructor(
    @InjectRepository(ProofConflictEntity) private readonly conflicts: Repository<ProofConflictEntity>,
    private readonly log: ProofLog,
    private readonly outbox: AnchorOutbox,
    private readonly plant: PlantDirectory,
    private readonly alarms: AlarmService,
    private readonly clock: Clock,
  ) {}

  /** Holds a bundle that somebody brought against the log: its record against the one at the same place, its root and anchor against ours. */
  async examine(file: string, log: { readonly origin: string; readonly key: Uint8Array }): Promise<EvidenceOutcome> {
    const parsed = parseBundle(file);
    if (parsed.kind === 'malformed') return { kind: 'malformed', reason: parsed.reason };
    const { bundle } = parsed;
    const record = parseRecord(bundle.record);
    const signature = fromHex(bundle.signature, 64) ?? new Uint8Array(0);
    const siteId = record && verifySignature(signature, utf8(bundle.record), fromHex(record.signer, 32)!) ? this.siteOf(record) : undefined;
    const note = parseNote(bundle.checkpoint);
    const ourTree = note !== undefined && verifyNote(note, log.origin, log.key);
    const foreign = await this.outbox.contradictedBy(fromBase64(bundle.anchor.transaction) ?? new Uint8Array(0), log.origin);
    if (siteId === undefined && !ourTree && !foreign) return { kind: 'not-ours' };
    const found: Contradiction[] = [
      ...(foreign ? [{ kind: 'anchor', ...foreign } as const] : []),
      ...(siteId === undefined ? [] : await this.recordAgainstLog(record!, bundle.record, bundle.signature, siteId)),
      ...(ourTree ? await this.treeAgainstLog(note.text, bundle.checkpoint) : []),
    ];
    if (found.length === 0) return { kind: 'agrees' };
    for (const one of found) await this.keep(one);
    return { kind: 'contradicts', details: found.map(({ detail }) => detail) };
  }

  /** Keeps a contradiction, once, and raises the alarm. */
  async keep({ kind, siteId, detail, brought, held }: Contradiction): Promise<void> {
    const evidence = JSON.stringify({ brought, held });
    const digest = createHash('sha256').update(evidence).digest('hex');
    const row = { digest, foundAtMs: this.clock.now(), kind, siteId: siteId ?? null, detail, evidence };
    await this.conflicts.createQueryBuilder().insert().values(row).orIgnore().updateEntity(false).execute();
    await this.alarms.raise({
      subject: 'proof',
      kind: 'contradiction',
      severity: 'critical',
      message: `${detail}; ${held === undefined ? 'it is' : 'both are'} kept as evidence`,
    });
  }

  count(): Promise<number> {
    return this.conflicts.count();
  }

  /** The newest first. */
  list(limit: number): Promise<ProofConflictEntity[]> {
    return this.conflicts.find({ order: { id: 'DESC' }, take: limit });
  }

  private siteOf({ signer, site }: ProofRecord): SiteId | undefined {
    const sites = [PLANT_SITE, ...this.plant.plant().sites.map(({ id }) => id)];
    return sites.find((id) => {
      const { key, pseudonym } = this.log.signerOf(id);
      return pseudonym === site && toHex(key.publicKey) === signer;
    });
  }

  private async recordAgainstLog(record: ProofRecord, text: string, signature: string, siteId: SiteId): Promise<Contradiction[]> {
    const { channel, sequence } = record;
    const held = await this.log.recordAt(siteId, { channel, sequence, ...('device' in record && { device: record.device }) });
    if (held === text) return [];
    const what =
      held === undefined
        ? `record ${sequence} of a chain (${channel}) was signed by this plant and is not in its log`
        : `two different signed records stand at number ${sequence} of one chain (${channel})`;
    return [{ kind: 'record', siteId, detail: what, brought: `${text}signature ${signature}\n`, held }];
  }

  private async treeAgainstLog(text: string, brought: string): Promise<Contradiction[]> {
    const head = parseCheckpoint(text);
    if (!head) return [];
    if (head.size > this.log.size)
      return [
        { kind: 'tree', detail: `the log signed ${head.size} entries and has ${this.log.size}: an older copy was restored`, brought },
      ];
    const root = await this.log.rootAt(head.size);
    if (sameBytes(root, head.root)) return [];
    return [{ kind: 'tree', detail: `the log signed two roots for ${head.size} entries`, brought, held: toHex(root) }];
  }
}
