import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { EventDirection, EventPromise } from './grid-event.js';

@Entity({ name: 'grid_events' })
@Index('ux_grid_events_number', ['number'], { unique: true })
@Index('ix_grid_events_end', ['endMs'])
export class GridEventEntity {
  /** `EV-0001`. */
  @PrimaryColumn({ type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_grid_events' })
  id!: string;

  @Column({ type: 'integer' })
  number!: number;

  @Column({ type: 'varchar', length: 8 })
  direction!: EventDirection;

  @Column({ name: 'power_w', type: 'double precision' })
  powerW!: number;

  @Column({ name: 'price_micro_per_kwh', type: 'bigint', transformer: bigintColumn })
  priceMicroPerKwh!: number;

  @Column({ name: 'start_ms', type: 'bigint', transformer: bigintColumn })
  startMs!: number;

  @Column({ name: 'end_ms', type: 'bigint', transformer: bigintColumn })
  endMs!: number;

  @Column({ name: 'announced_at_ms', type: 'bigint', transformer: bigintColumn })
  announcedAtMs!: number;

  @Column({ name: 'announced_by', type: 'varchar', length: 64 })
  announcedBy!: string;

  /** When it was last changed or cut short, and by whom. */
  @Column({ name: 'amended_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  amendedAtMs!: number | null;

  @Column({ name: 'amended_by', type: 'varchar', length: 64, nullable: true })
  amendedBy!: string | null;

  /** What was asked for at that moment, in the house's sign: the fleet goes down from there. */
  @Column({ name: 'amended_from_w', type: 'double precision', nullable: true })
  amendedFromW!: number | null;

  /** What the plant said it can deliver, when it was announced or last amended. */
  @Column({ type: 'simple-json', nullable: true })
  promise!: EventPromise | null;

  /** When it was cancelled while it ran: nothing is asked for from then on, though it is settled until its end. */
  @Column({ name: 'stopped_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  stoppedAtMs!: number | null;

  @Column({ name: 'cancelled_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  cancelledAtMs!: number | null;

  @Column({ name: 'settled_at_ms', type: 'bigint', nullable: true, transformer: bigintColumn })
  settledAtMs!: number | null;
}

@Entity({ name: 'event_opt_outs' })
export class EventOptOutEntity {
  @PrimaryColumn({ name: 'event_id', type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_event_opt_outs' })
  eventId!: string;

  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 64, primaryKeyConstraintName: 'pk_event_opt_outs' })
  siteId!: string;

  @Column({ name: 'at_ms', type: 'bigint', transformer: bigintColumn })
  atMs!: number;

  @Column({ name: 'by_user', type: 'varchar', length: 64 })
  byUser!: string;
}
