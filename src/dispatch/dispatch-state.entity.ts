import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';

/** Whether the plant may command at all. It outlives the process: what an operator released stays released. */
@Entity({ name: 'dispatch_state' })
export class DispatchStateEntity {
  /** One row, with id 1. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_dispatch_state' })
  id!: number;

  @Column({ type: 'boolean', default: () => 'false' })
  released!: boolean;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'by_user', type: 'varchar', length: 64 })
  byUser!: string;

  @Column({ name: 'since_ms', type: 'bigint', transformer: bigintColumn })
  sinceMs!: number;
}
