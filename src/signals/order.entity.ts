import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Setpoint } from '../field/setpoint.js';
import { bigintColumn } from '../platform/columns.js';
import type { LimitKind } from './operator-limit.js';

@Entity({ name: 'operator_limits' })
@Index('ix_operator_limits_end', ['endMs'])
export class OperatorLimitEntity {
  @PrimaryGeneratedColumn({ type: 'integer', primaryKeyConstraintName: 'pk_operator_limits' })
  id!: number;

  /** A site's id, or `fleet`. */
  @Column({ type: 'varchar', length: 64 })
  scope!: string;

  @Column({ type: 'varchar', length: 16 })
  kind!: LimitKind;

  @Column({ name: 'value_w', type: 'double precision' })
  valueW!: number;

  @Column({ name: 'start_ms', type: 'bigint', transformer: bigintColumn })
  startMs!: number;

  @Column({ name: 'end_ms', type: 'bigint', transformer: bigintColumn })
  endMs!: number;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'set_by', type: 'varchar', length: 64 })
  setBy!: string;

  @Column({ name: 'set_at_ms', type: 'bigint', transformer: bigintColumn })
  setAtMs!: number;

  @Column({ name: 'withdrawn_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  withdrawnAtMs!: number | null;

  @Column({ name: 'withdrawn_by', type: 'varchar', length: 64, nullable: true })
  withdrawnBy!: string | null;
}

@Entity({ name: 'manual_overrides' })
@Index('ix_manual_overrides_end', ['endMs'])
export class ManualOverrideEntity {
  @PrimaryGeneratedColumn({ type: 'integer', primaryKeyConstraintName: 'pk_manual_overrides' })
  id!: number;

  @Column({ name: 'device_id', type: 'varchar', length: 64 })
  deviceId!: string;

  @Column({ type: 'simple-json' })
  setpoint!: Setpoint;

  @Column({ name: 'start_ms', type: 'bigint', transformer: bigintColumn })
  startMs!: number;

  @Column({ name: 'end_ms', type: 'bigint', transformer: bigintColumn })
  endMs!: number;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'set_by', type: 'varchar', length: 64 })
  setBy!: string;

  @Column({ name: 'set_at_ms', type: 'bigint', transformer: bigintColumn })
  setAtMs!: number;

  @Column({ name: 'withdrawn_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  withdrawnAtMs!: number | null;

  @Column({ name: 'withdrawn_by', type: 'varchar', length: 64, nullable: true })
  withdrawnBy!: string | null;
}
