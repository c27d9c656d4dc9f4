import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** What a person did, and why. Rows are only ever added. */
@Entity({ name: 'audit_entries' })
export class AuditEntity {
  @PrimaryGeneratedColumn({ type: 'integer', primaryKeyConstraintName: 'pk_audit_entries' })
  id!: number;

  @Column({ name: 'at_ms', type: 'bigint', transformer: bigintColumn })
  atMs!: number;

  @Column({ name: 'by_user', type: 'varchar', length: 64 })
  byUser!: string;

  @Column({ type: 'varchar', length: 48 })
  action!: string;

  @Column({ type: 'varchar', length: 96 })
  subject!: string;

  @Column({ type: 'text' })
  detail!: string;
}
