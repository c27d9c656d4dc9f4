import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Between, MoreThanOrEqual, Repository } from 'typeorm';
import type { SiteId } from '../fleet/plant.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import { committedBytes, SALT_LENGTH } from './commitment.js';
import { fromHex, toHex, utf8 } from './encoding.js';
import { leafHash } from './merkle.js';
import { ProofRecordEntity } from './proof.entity.js';
import { encodeRecord, FIRST_PREVIOUS, type IntervalReading, parseRecord, recordableWh, recordHash } from './record.js';
import { SigningKeys } from './signing-keys.js';
import { TileStore } from './tile-store.js';

/** What came of a call: what is new, and what the log held before. */
export interface AppendResult {
  readonly added: number;
  readonly alreadyRecorded: number;
}

/** Where a device and channel stands in its own chain of records. */
interface Head {
  readonly sequence: number;
  readonly hash: string;
}

/** Signing takes the event loop some 60 µs a record, so a chunk holds it for about ten milliseconds. */
const CHUNK = 150;
const KIND = 'interval-reading';

const slotKey = ({ deviceId, channel, startMs }: { deviceId: string; channel: string; startMs: number }): string =>
  `${startMs} ${channel} ${deviceId}`;

/**
 * Signs, commits and appends, one chunk after another. The row of a leaf is what counts: the tiles follow it, and are made up for
 * after a stop between the two.
 */
@Injectable()
export class ProofLog {
  private readonly heads = new Map<string, Head>();
  private queue: Promise<unknown> = Promise.resolve();

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
    return this.inOrder(async () => {
      await this.tiles.load();
      await this.catchUpTiles();
      await this.loadHeads();
    });
  }

  row(leafIndex: number): Promise<ProofRecordEntity | null> {
    return this.records.findOneBy({ leafIndex });
  }

  /** The latest intervals of a site, latest first. */
  newestOf(siteId: SiteId, limit: number): Promise<ProofRecordEntity[]> {
    return this.records.find({ where: { siteId }, order: { startMs: 'DESC', leafIndex: 'DESC' }, take: limit });
  }

  /** Records each interval once; what the log holds already stays as it is. Yields between chunks. */
  append(intervals: readonly IntervalEnergy[]): Promise<AppendResult> {
    return this.inOrder(async () => {
      let added = 0;
      for (let at = 0; at < intervals.length; at += CHUNK) {
        added += await this.appendChunk(intervals.slice(at, at + CHUNK));
        await nextTurn();
      }
      return { added, alreadyRecorded: intervals.length - added };
    });
  }

  /** Forgets what was recorded of a site: records, signatures and salts. The leaves stay, and with them everyone else's proofs. */
  eraseSite(siteId: SiteId): Promise<void> {
    return this.inOrder(async () => {
      await this.records.update({ siteId }, { record: null, signature: null, salt: null });
    });
  }

  private async appendChunk(intervals: readonly IntervalEnergy[]): Promise<number> {
    const fresh = await this.notRecorded(intervals);
    if (fresh.length === 0) return 0;
    const headsAfter = new Map<string, Head>();
    const salts = randomBytes(SALT_LENGTH * fresh.length);
    const rows = fresh.map((interval, offset) => {
      const salt = salts.subarray(offset * SALT_LENGTH, (offset + 1) * SALT_LENGTH);
      return this.rowOf(interval, this.tiles.size + offset, salt, headsAfter);
    });
    await this.records.createQueryBuilder().insert().values(rows).updateEntity(false).execute();
    for (const [key, head] of headsAfter) this.heads.set(key, head);
    this.tiles.append(rows.map((row) => fromHex(row.leafHash, 32)!));
    await this.tiles.save();
    return rows.length;
  }

  private async notRecorded(intervals: readonly IntervalEnergy[]): Promise<IntervalEnergy[]> {
    const starts = intervals.map(({ startMs }) => startMs);
    const known = await this.records
      .createQueryBuilder('r')
      .select(['r.startMs', 'r.deviceId', 'r.channel', 'r.leafIndex'])
      .where({ kind: KIND, startMs: Between(Math.min(...starts), Math.max(...starts)) })
      .getMany();
    const taken = new Set(known.map(slotKey));
    return intervals.filter((interval) => {
      const key = slotKey({ ...interval, channel: interval.flow });
      if (taken.has(key)) return false;
      taken.add(key);
      return true;
    });
  }

  private rowOf(interval: IntervalEnergy, leafIndex: number, salt: Uint8Array, headsAfter: Map<string, Head>): ProofRecordEntity {
    const { siteId, deviceId, flow: channel, startMs } = interval;
    const chain = `${channel} ${deviceId}`;
    const { key, pseudonym } = this.keys.ofSite(siteId);
    const before = headsAfter.get(chain) ?? this.heads.get(chain);
    const reading = readingOf(interval, { signer: toHex(key.publicKey), site: pseudonym, before });
    const record = encodeRecord(reading);
    const signature = key.sign(utf8(record));
    const commitment = createHmac('sha256', salt).update(committedBytes(record, signature)).digest();
    headsAfter.set(chain, { sequence: reading.sequence, hash: recordHash(record) });
    const leaf = toHex(leafHash(commitment));
    return {
      leafIndex,
      kind: KIND,
      siteId,
      deviceId,
      channel,
      startMs,
      leafHash: leaf,
      record,
      signature: toHex(signature),
      salt: toHex(salt),
    };
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

  private async loadHeads(): Promise<void> {
    const last = await this.records
      .createQueryBuilder('r')
      .select('MAX(r.leafIndex)', 'leafIndex')
      .groupBy('r.deviceId')
      .addGroupBy('r.channel')
      .getRawMany<{ leafIndex: number }>();
    this.heads.clear();
    for (const { leafIndex } of last) {
      const row = await this.records.findOneBy({ leafIndex });
      const reading = row?.record ? parseRecord(row.record) : undefined;
      if (row?.record && reading)
        this.heads.set(`${row.channel} ${row.deviceId}`, { sequence: reading.sequence, hash: recordHash(row.record) });
    }
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

/** An interval as the record that states it. One whose energies are absent, or no energies at all, is stated as missing. */
const readingOf = (
  interval: IntervalEnergy,
  { signer, site, before }: { signer: string; site: string; before: Head | undefined },
): IntervalReading => {
  const { deviceId, flow, startMs, endMs, quality } = interval;
  const known = quality !== 'missing';
  const toBusWh = known ? recordableWh(interval.toBusWh) : undefined;
  const fromBusWh = known ? recordableWh(interval.fromBusWh) : undefined;
  return {
    type: KIND,
    signer,
    site,
    device: deviceId,
    channel: flow,
    sequence: before ? before.sequence + 1 : 0,
    previous: before?.hash ?? FIRST_PREVIOUS,
    startMs,
    endMs,
    quality: toBusWh === undefined && fromBusWh === undefined ? 'missing' : quality,
    toBusWh,
    fromBusWh,
    toBusCounterWh: recordableWh(interval.toBusCounterWh),
    fromBusCounterWh: recordableWh(interval.fromBusCounterWh),
  };
};
