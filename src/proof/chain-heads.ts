import type { Repository } from 'typeorm';
import type { SiteId } from '../fleet/plant.js';
import { chainOf } from './log-entry.js';
import type { ProofRecordEntity } from './proof.entity.js';
import { parseRecord, recordHash } from './record.js';

/** The last record of a chain, which the next one names. */
export interface Head {
  readonly sequence: number;
  readonly hash: string;
}

/** Where each chain of each site stands. */
export class ChainHeads {
  private readonly bySite = new Map<SiteId, Map<string, Head>>();

  /** Takes up what is stored under the names that sites go by now: erased chains, and those of an earlier log, have ended. */
  async load(records: Repository<ProofRecordEntity>, pseudonymOf: (siteId: SiteId) => string): Promise<void> {
    this.bySite.clear();
    const last = await records
      .createQueryBuilder('r')
      .select('MAX(r.leafIndex)', 'leafIndex')
      .groupBy('r.siteId')
      .addGroupBy('r.deviceId')
      .addGroupBy('r.channel')
      .where('r.channel NOT IN (:...alone)', { alone: ['event', 'baseline', 'statement'] })
      .getRawMany<{ leafIndex: number }>();
    const alone = await records
      .createQueryBuilder('r')
      .select('MAX(r.leafIndex)', 'leafIndex')
      .groupBy('r.siteId')
      .addGroupBy('r.channel')
      .where('r.channel IN (:...alone)', { alone: ['event', 'baseline', 'statement'] })
      .getRawMany<{ leafIndex: number }>();
    for (const { leafIndex } of [...last, ...alone]) {
      const row = await records.findOneBy({ leafIndex });
      const record = row?.record ? parseRecord(row.record) : undefined;
      if (row?.record && record?.site === pseudonymOf(row.siteId))
        this.set(row.siteId, chainOf({ channel: row.channel, subject: row.deviceId }), {
          sequence: record.sequence,
          hash: recordHash(row.record),
        });
    }
  }

  get(siteId: SiteId, chain: string): Head | undefined {
    return this.bySite.get(siteId)?.get(chain);
  }

  set(siteId: SiteId, chain: string, head: Head): void {
    let chains = this.bySite.get(siteId);
    if (!chains) this.bySite.set(siteId, (chains = new Map<string, Head>()));
    chains.set(chain, head);
  }

  forget(siteId: SiteId): void {
    this.bySite.delete(siteId);
  }
}
