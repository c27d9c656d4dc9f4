import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { EventDirection } from '../signals/grid-event.js';
import type { DeliveredSlot } from './delivered.js';

/** What one site delivered to one event. The key lets it be settled once; `payDate` names the one statement that carries it. */
@Entity({ name: 'event_results' })
@Index('ix_event_results_household', ['householdId', 'payDate'])
export class EventResultEntity {
  @PrimaryColumn({ name: 'event_id', type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_event_results' })
  eventId!: string;

  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_event_results' })
  siteId!: string;

  /** Absent where nobody lives at the site, as at a community battery: it delivers, but nothing is paid. */
  @Column({ name: 'household_id', type: 'varchar', length: 48, nullable: true })
  householdId!: string | null;

  @Column({ name: 'pay_date', type: 'varchar', length: 10 })
  payDate!: string;

  @Column({ name: 'settled_at_ms', type: 'bigint', transformer: bigintColumn })
  settledAtMs!: number;

  @Column({ type: 'varchar', length: 8 })
  direction!: EventDirection;

  @Column({ name: 'start_ms', type: 'bigint', transformer: bigintColumn })
  startMs!: number;

  @Column({ name: 'end_ms', type: 'bigint', transformer: bigintColumn })
  endMs!: number;

  @Column({ name: 'price_micro_per_kwh', type: 'bigint', transformer: bigintColumn })
  priceMicroPerKwh!: number;

  @Column({ name: 'delivered_wh', type: 'double precision' })
  deliveredWh!: number;

  @Column({ name: 'amount_micro', type: 'bigint', transformer: bigintColumn })
  amountMicro!: number;

  @Column({ name: 'slots_paid', type: 'integer' })
  slotsPaid!: number;

  @Column({ name: 'slots_unpaid', type: 'integer' })
  slotsUnpaid!: number;

  @Column({ name: 'baseline_days', type: 'integer' })
  baselineDays!: number;

  @Column({ type: 'simple-json' })
  slots!: DeliveredSlot[];
}
