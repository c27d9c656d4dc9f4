import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, type FindOptionsWhere, In, Like, MoreThanOrEqual, Or, Repository } from 'typeorm';
import type { SiteId } from '../fleet/plant.js';
import type { EpochMs } from '../kernel/units.js';
import { ChainHeads, type Head } from './chain-heads.js';
import { committedBytes, SALT_LENGTH } from './commitment.js';
import { fromHex, toHex, utf8 } from './encoding.js';
import { chainOf, keyOf, type LogEntry, PLANT_SITE, READING_KIND } from './log-entry.js';
import { leafHash } from './merkle.js';
import { ProofConflictEntity, ProofErasureEntity, ProofRecordEntity } from './proof.entity.js';
import { encodeRecord, FIRST_PREVIOUS, parseRecord, recordHash } from './record.js';
import { type Signer, SigningKeys } from './signing-keys.js';
import { TileStore } from './tile-store.js';

/** What came of a call: what is new, and what the log held before. */
export interface AppendResult {
  readonly added: number;
  readonly alreadyRecorded: number;
  /** What no verifier would take for a record, and so is not signed. Absent where there is nothing of it. */
  readonly refused?: number;
}

/** Signing takes the event loop some 60 µs a record, so a chunk holds it for about ten milliseconds. */
const CHUNK = 150;

interface Signed {
  readonly row: ProofRecordEntity;
  readonly head: Head;
}

/** Which of a site's records: all where nothing more is asked. */
export interface RecordsQuery {
  readonly siteId: SiteId;
  /** Patterns of SQL, such as `correction/%`. */
  readonly kinds?: readonly string[];
  readonly deviceId?: string;
  readonly channel?: string;
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  readonly limit: number;
}

/**
 * Signs, commits and appends, one chunk after another. The row of a leaf is what counts: the tiles follow it, and are made up for
 * after a stop between the two.
 */
@Injectable()
export class ProofLog {
  private readonly logger = new Logger('proof');
  private readonly heads = new ChainHeads();
  private readonly erasures = new Map<SiteId, number>();
  private queue: Promise<unknown> = Promise.resolve();
  /** What is in memory may not be what is stored. */
  private isUnsure = false;

  constructor(
    @InjectRepository(ProofRecordEntity) private readonly records: Repository<ProofRecordEntity>,
    private readonly tiles: TileStore,
    private readonly keys: SigningKeys,
  ) {}

  get size(): number {
    return this.tiles.size;
  }

  root(): Uint8Array {
    return this.tiles.root();
  }

  inclusionProof(leafIndex: number, treeSize: number): Promise<Uint8Array[]> {
    return this.tiles.inclusionProof(leafIndex, treeSize);
  }

  consistencyProof(oldSize: number, newSize: number): Promise<Uint8Array[]> {
    return this.tiles.consistencyProof(oldSize, newSize);
  }

  /** Takes up where the process last ended. */
  load(): Promise<void> {
    return this.inOrder(() => this.takeUp());
  }

  row(leafIndex: number): Promise<ProofRecordEntity | null> {
    return this.records.findOneBy({ leafIndex });
  }

  /** A site's records, latest first. Erased ones are among them. */
  find({ siteId, kinds, deviceId, channel, fromMs, toMs, limit }: RecordsQuery): Promise<ProofRecordEntity[]> {
    const where: FindOptionsWhere<ProofRecordEntity> = {
      siteId,
      ...(kinds && { kind: Or(...kinds.map((kind) => Like(kind))) }),
      ...(deviceId !== undefined && { deviceId }),
      ...(channel !== undefined && { channel }),
      ...((fromMs !== undefined || toMs !== undefined) && { startMs: Between(fromMs ?? 0, (toMs ?? Number.MAX_SAFE_INTEGER) - 1) }),
    };
    return this.records.find({ where, order: { startMs: 'DESC', leafIndex: 'DESC' }, take: limit });
  }

  /** Which of these record hashes are superseded. */
  async superseded(hashes: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.records.find({ select: { supersedes: true, leafIndex: true }, where: { supersedes: In([...hashes]) } });
    return new Set(rows.map(({ supersedes }) => supersedes!));
  }

  /** The newest record of a subject of some kind, in the order of the log. */
  newestOn(subject: string, kind: string): Promise<ProofRecordEntity | null> {
    return this.records.findOne({ where: { deviceId: subject, kind }, order: { leafIndex: 'DESC' } });
  }

  /** What is recorded of one interval of a device and channel: its reading and the corrections of it, oldest first. */
  ofInterval(place: { subject: string; channel: string; startMs: EpochMs }): Promise<ProofRecordEntity[]> {
    const { subject: deviceId, channel, startMs } = place;
    return this.records.find({
      where: [
        { startMs, deviceId, channel, kind: READING_KIND },
        { startMs, deviceId, channel, kind: Like('correction/%') },
      ],
      order: { leafIndex: 'ASC' },
    });
  }

  /** Readings of intervals that begin in `[fromMs, toMs)` and are stated as missing, whether corrected since or not. */
  missingBetween(fromMs: EpochMs, toMs: EpochMs): Promise<ProofRecordEntity[]> {
    return this.records.find({ where: { startMs: Between(fromMs, toMs - 1), kind: READING_KIND, record: Like('%\nquality missing\n%') } });
  }

  /** The canonical text at one place of a site's chain; undefined where there is none. `device` is absent where the chain has none. */
  async recordAt(
    siteId: SiteId,
    { channel, device, sequence }: { channel: string; device?: string; sequence: number },
  ): Promise<string | undefined> {
    const where = {
      siteId,
      channel,
      record: Like(`%\nsequence ${sequence}\nprevious %`),
      ...(device !== undefined && { deviceId: device }),
    };
    return (await this.records.findOne({ where }))?.record ?? undefined;
  }

  /** The root of the tree over the first `size` leaves, which the log must have. */
  rootAt(size: number): Promise<Uint8Array> {
    return this.tiles.rootAt(size);
  }

  /** What signs a site's records now. */
  signerOf(siteId: SiteId): Signer {
    return siteId === PLANT_SITE ? this.keys.ofPlant() : this.keys.ofSite(siteId, this.erasures.get(siteId));
  }

  /** Records each entry once; what the log holds already stays as it is. Yields between chunks. */
  append(entries: readonly LogEntry[]): Promise<AppendResult> {
    return this.inOrder(async () => {
      if (this.isUnsure) await this.takeUp();
      let [added, refused] = [0, 0];
      for (let at = 0; at < entries.length; at += CHUNK) {
        const chunk = await this.appendChunk(entries.slice(at, at + CHUNK));
        added += chunk.added;
        refused += chunk.refused;
        await nextTurn();
      }
      return { added, alreadyRecorded: entries.length - added - refused, ...(refused > 0 && { refused }) };
    });
  }

  /**
   * Forgets what was recorded of a site: records, signatures and salts. The leaves stay, and with them everyone else's proofs.
   * What is recorded from then on stands under another key and pseudonym. Answers how many records were forgotten.
   */
  eraseSite(siteId: SiteId, atMs: EpochMs): Promise<number> {
    return this.inOrder(async () => {
      // SQLite would leave the bytes in its file until they are written over.
      if (this.records.manager.connection.options.type === 'better-sqlite3') await this.records.query('PRAGMA secure_delete = ON');
      const times = (this.erasures.get(siteId) ?? 0) + 1;
      const forgotten = await this.records.manager.transaction(async (manager) => {
        const held = await manager.countBy(ProofRecordEntity, { siteId, salt: Like('%') });
        await manager.update(ProofRecordEntity, { siteId }, { record: null, signature: null, salt: null, supersedes: null });
        await manager.delete(ProofConflictEntity, { siteId });
        await manager.upsert(ProofErasureEntity, { siteId, times, atMs }, ['siteId']);
        return held;
      });
      this.erasures.set(siteId, times);
      this.heads.forget(siteId);
      return forgotten;
    });
  }

  private async appendChunk(entries: readonly LogEntry[]): Promise<{ added: number; refused: number }> {
    const fresh = await this.notRecorded(entries);
    const headsAfter = new Map<LogEntry, Head>();
    const latest = new Map<string, Head>();
    const salts = randomBytes(SALT_LENGTH * fresh.length);
    const rows: Signed['row'][] = [];
    for (const [offset, entry] of fresh.entries()) {
      const chain = `${entry.siteId} ${chainOf(entry)}`;
      const before = latest.get(chain) ?? this.heads.get(entry.siteId, chainOf(entry));
      const salt = salts.subarray(offset * SALT_LENGTH, (offset + 1) * SALT_LENGTH);
      const signed = this.signed(entry, before, this.tiles.size + rows.length, salt);
      if (!signed) continue;
      latest.set(chain, signed.head);
      headsAfter.set(entry, signed.head);
      rows.push(signed.row);
    }
    const counts = { added: rows.length, refused: fresh.length - rows.length };
    if (rows.length === 0) return counts;
    // Whether the rows are there is not known where the connection breaks before the answer.
    this.isUnsure = true;
    await this.records.createQueryBuilder().insert().values(rows).updateEntity(false).execute();
    this.isUnsure = false;
    for (const [entry, head] of headsAfter) this.heads.set(entry.siteId, chainOf(entry), head);
    this.tiles.append(rows.map((row) => fromHex(row.leafHash, 32)!));
    await this.tiles.save();
    return counts;
  }

  private async notRecorded(entries: readonly LogEntry[]): Promise<LogEntry[]> {
    const starts = entries.map(({ startMs }) => startMs);
    const known = await this.records
      .createQueryBuilder('r')
      .select('r.startMs', 'startMs')
      .addSelect('r.deviceId', 'subject')
      .addSelect('r.channel', 'channel')
      .addSelect('r.kind', 'kind')
      .where({
        startMs: Between(Math.min(...starts), Math.max(...starts)),
        deviceId: In([...new Set(entries.map(({ subject }) => subject))]),
      })
      .getRawMany<{ startMs: number | string; subject: string; channel: string; kind: string }>();
    const taken = new Set(known.map((row) => keyOf({ ...row, startMs: Number(row.startMs) })));
    return entries.filter((entry) => {
      const key = keyOf(entry);
      if (taken.has(key)) return false;
      taken.add(key);
      return true;
    });
  }

  private signed(entry: LogEntry, before: Head | undefined, leafIndex: number, salt: Uint8Array): Signed | undefined {
    const { kind, siteId, subject: deviceId, channel, startMs, supersedes } = entry;
    const { key, pseudonym } = this.signerOf(siteId);
    const sequence = before ? before.sequence + 1 : 0;
    const position = { signer: toHex(key.publicKey), site: pseudonym, sequence, previous: before?.hash ?? FIRST_PREVIOUS };
    const record = encodeRecord(entry.compose(position));
    // Readings are the bulk, and sound by how `readingEntry` makes them.
    if (kind !== READING_KIND && !parseRecord(record)) {
      this.logger.error(`not recorded, since it is no sound record: ${kind} of ${deviceId} at ${startMs}`);
      return undefined;
    }
    const signature = key.sign(utf8(record));
    const commitment = createHmac('sha256', salt).update(committedBytes(record, signature)).digest();
    const row = {
      leafIndex,
      kind,
      siteId,
      deviceId,
      channel,
      startMs,
      leafHash: toHex(leafHash(commitment)),
      record,
      signature: toHex(signature),
      salt: toHex(salt),
      supersedes: supersedes ?? null,
    };
    return { row, head: { sequence, hash: recordHash(record) } };
  }

  private async takeUp(): Promise<void> {
    await this.tiles.load();
    await this.catchUpTiles();
    this.erasures.clear();
    for (const { siteId, times } of await this.records.manager.find(ProofErasureEntity)) this.erasures.set(siteId, times);
    await this.heads.load(this.records, (siteId) => this.signerOf(siteId).pseudonym);
    this.isUnsure = false;
  }

  private async catchUpTiles(): Promise<void> {
    for (;;) {
      const from = this.tiles.size;
      const behind = await this.records.find({
        select: { leafIndex: true, leafHash: true },
        where: { leafIndex: MoreThanOrEqual(from) },
        order: { leafIndex: 'ASC' },
        take: 5_000,
      });
      if (behind.length === 0) return;
      if (behind.some(({ leafIndex }, offset) => leafIndex !== from + offset)) throw new Error(`the proof log lacks a leaf after ${from}`);
      this.tiles.append(behind.map((row) => fromHex(row.leafHash, 32)!));
      await this.tiles.save();
    }
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }
}
