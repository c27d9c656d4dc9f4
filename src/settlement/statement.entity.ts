import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { FeedInPrice } from './feed-in.js';
import type { AdjustmentKind } from './statement.js';
import type { StatementLine } from './views.js';

/**
 * One household's issued day. It is one row, lines and all, so that it is there whole or not at all whatever happens while
 * it is written; it is never changed.
 */
@Entity({ name: 'statements' })
@Index('ux_statements_household_date', ['householdId', 'date'], { unique: true })
export class StatementEntity {
  @PrimaryColumn({ type: 'varchar', length: 80, primaryKeyConstraintName: 'pk_statements' })
  id!: string;

  @Column({ name: 'household_id', type: 'varchar', length: 48 })
  householdId!: string;

  @Column({ type: 'varchar', length: 10 })
  date!: string;

  @Column({ type: 'varchar', length: 64 })
  zone!: string;

  @Column({ type: 'varchar', length: 16 })
  currency!: string;

  @Column({ name: 'issued_at_ms', type: 'bigint', transformer: bigintColumn })
  issuedAtMs!: number;

  @Column({ name: 'total_micro', type: 'bigint', transformer: bigintColumn })
  totalMicro!: number;

  @Column({ type: 'simple-json' })
  lines!: StatementLine[];

  /** Feed-in as stated, and the prices it was counted at: what later data is compared with. */
  @Column({ name: 'feed_in_wh', type: 'double precision' })
  feedInWh!: number;

  @Column({ name: 'feed_in_micro', type: 'bigint', transformer: bigintColumn })
  feedInMicro!: number;

  @Column({ name: 'feed_in_prices', type: 'simple-json' })
  feedInPrices!: FeedInPrice[];
}

/** A correction to something stated before; `payDate` names the one statement that carries it. */
@Entity({ name: 'adjustments' })
@Index('ix_adjustments_pay_date', ['householdId', 'payDate'])
export class AdjustmentEntity {
  @PrimaryColumn({ name: 'household_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_adjustments' })
  householdId!: string;

  @PrimaryColumn({ type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_adjustments' })
  kind!: AdjustmentKind;

  @PrimaryColumn({ type: 'varchar', length: 16, primaryKeyConstraintName: 'pk_adjustments' })
  subject!: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_adjustments' })
  revision!: number;

  @Column({ name: 'pay_date', type: 'varchar', length: 10 })
  payDate!: string;

  @Column({ name: 'found_at_ms', type: 'bigint', transformer: bigintColumn })
  foundAtMs!: number;

  @Column({ name: 'energy_wh', type: 'double precision' })
  energyWh!: number;

  @Column({ name: 'price_micro_per_kwh', type: 'bigint', transformer: bigintColumn })
  priceMicroPerKwh!: number;

  @Column({ name: 'amount_micro', type: 'bigint', transformer: bigintColumn })
  amountMicro!: number;

  @Column({ type: 'text' })
  text!: string;

  @Column({ type: 'text' })
  arithmetic!: string;
}
