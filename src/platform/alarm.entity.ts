import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

@Entity({ name: 'alarms' })
@Index('ix_alarms_subject', ['subject', 'kind'])
export class AlarmEntity {
  @PrimaryGeneratedColumn({ type: 'integer', primaryKeyConstraintName: 'pk_alarms' })
  id!: number;

  /** What it is about: a device, a site, `dispatch`, `ledger`. */
  @Column({ type: 'varchar', length: 96 })
  subject!: string;

  /** One open alarm a subject and kind: raising it again changes at most its message. */
  @Column({ type: 'varchar', length: 48 })
  kind!: string;

  @Column({ type: 'varchar', length: 16 })
  severity!: Severity;

  @Column({ type: 'text' })
  message!: string;

  @Column({ name: 'raised_at_ms', type: 'bigint', transformer: bigintColumn })
  raisedAtMs!: number;

  @Column({ name: 'cleared_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  clearedAtMs!: number | null;
}
