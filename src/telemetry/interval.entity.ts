import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Flow } from '../kernel/flow.js';
import { bigintColumn } from '../platform/columns.js';
import type { EnergyQuality } from './interval-energy.js';

/** One closed interval of one flow of one device. Relational, because money and proofs rest on it. */
@Entity({ name: 'interval_energies' })
@Index('ix_interval_energies_start', ['startMs'])
export class IntervalEnergyEntity {
  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_interval_energies' })
  siteId!: string;

  @PrimaryColumn({ name: 'start_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_interval_energies' })
  startMs!: number;

  @PrimaryColumn({ name: 'device_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_interval_energies' })
  deviceId!: string;

  @PrimaryColumn({ type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_interval_energies' })
  flow!: Flow;

  @Column({ name: 'end_ms', type: 'bigint', transformer: bigintColumn })
  endMs!: number;

  @Column({ name: 'to_bus_wh', type: 'double precision', nullable: true })
  toBusWh!: number | null;

  @Column({ name: 'from_bus_wh', type: 'double precision', nullable: true })
  fromBusWh!: number | null;

  @Column({ name: 'to_bus_counter_wh', type: 'double precision', nullable: true })
  toBusCounterWh!: number | null;

  @Column({ name: 'from_bus_counter_wh', type: 'double precision', nullable: true })
  fromBusCounterWh!: number | null;

  @Column({ type: 'varchar', length: 16 })
  quality!: EnergyQuality;

  @Column({ type: 'boolean', default: () => 'false' })
  commanded!: boolean;

  @Column({ type: 'boolean', default: () => 'false' })
  imported!: boolean;

  @Column({ name: 'clock_unsure', type: 'boolean', default: () => 'false' })
  clockUnsure!: boolean;

  @Column({ name: 'available_wh', type: 'double precision', nullable: true })
  availableWh!: number | null;
}
