import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { BaselineSlot } from './baseline.js';

/** A baseline, fixed before its event; rows are only ever added. An event moved to other times gets rows of its own. */
@Entity({ name: 'baselines' })
export class BaselineEntity {
  @PrimaryColumn({ name: 'event_id', type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_baselines' })
  eventId!: string;

  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_baselines' })
  siteId!: string;

  @PrimaryColumn({ name: 'start_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_baselines' })
  startMs!: number;

  @PrimaryColumn({ name: 'end_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_baselines' })
  endMs!: number;

  @Column({ name: 'fixed_at_ms', type: 'bigint', transformer: bigintColumn })
  fixedAtMs!: number;

  @Column({ type: 'simple-json' })
  days!: string[];

  @Column({ type: 'simple-json' })
  slots!: BaselineSlot[];
}
