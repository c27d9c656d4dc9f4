import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';

/** What a household has said since the fleet file: it holds over the file's defaults. */
@Entity({ name: 'consents' })
export class ConsentEntity {
  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_consents' })
  siteId!: string;

  @Column({ name: 'reserve_floor_pct', type: 'double precision' })
  reserveFloorPct!: number;

  @Column({ name: 'opted_out', type: 'boolean', default: () => 'false' })
  optedOut!: boolean;

  @Column({ name: 'changed_at_ms', type: 'bigint', transformer: bigintColumn })
  changedAtMs!: number;
}

/** A device or a whole site taken out of control for maintenance. Nothing commands it until somebody takes this away. */
@Entity({ name: 'lock_outs' })
export class LockOutEntity {
  /** A device's or a site's id. */
  @PrimaryColumn({ type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_lock_outs' })
  subject!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'by_user', type: 'varchar', length: 64 })
  byUser!: string;

  @Column({ name: 'since_ms', type: 'bigint', transformer: bigintColumn })
  sinceMs!: number;
}
