import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { RefusalReason } from './quality-gate.js';

/** What the gate kept aside, counted by device, quantity, reason and hour: a broken device cannot fill the disk. */
@Entity({ name: 'refused_readings' })
@Index('ix_refused_readings_hour', ['hourMs'])
export class RefusedReadingEntity {
  @PrimaryColumn({ name: 'device_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_refused_readings' })
  deviceId!: string;

  @PrimaryColumn({ name: 'hour_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_refused_readings' })
  hourMs!: number;

  /** `sample` where the sample was refused as a whole. */
  @PrimaryColumn({ type: 'varchar', length: 32, primaryKeyConstraintName: 'pk_refused_readings' })
  quantity!: string;

  @PrimaryColumn({ type: 'varchar', length: 24, primaryKeyConstraintName: 'pk_refused_readings' })
  reason!: RefusalReason;

  @Column({ type: 'integer' })
  count!: number;

  @Column({ name: 'last_at_ms', type: 'bigint', transformer: bigintColumn })
  lastAtMs!: number;

  /** As text: what was refused may be no number at all. */
  @Column({ name: 'last_value', type: 'varchar', length: 32, nullable: true })
  lastValue!: string | null;
}
