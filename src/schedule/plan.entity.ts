import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { Schedule } from './schedule.js';

/** A plan as it was put in force. */
@Entity({ name: 'plans' })
export class PlanEntity {
  @PrimaryColumn({ name: 'issued_at_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_plans' })
  issuedAtMs!: number;

  @Column({ type: 'varchar', length: 16 })
  solver!: string;

  @Column({ type: 'varchar', length: 16 })
  status!: string;

  @Column({ name: 'cost_micro', type: 'double precision' })
  costMicro!: number;

  @Column({ type: 'double precision' })
  seconds!: number;

  @Column({ type: 'simple-json' })
  schedule!: Schedule;
}
