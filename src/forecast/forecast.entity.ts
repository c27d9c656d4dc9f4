import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from '../platform/columns.js';
import type { HorizonScores } from './scoreboard.js';
import type { SeriesModels } from './series-models.js';

export type StoredQuantiles = readonly [p10W: readonly number[], p50W: readonly number[], p90W: readonly number[]];

/** One issued forecast of one site (or of the whole fleet) as two arrays on even slots. */
@Entity({ name: 'forecasts' })
@Index('ix_forecasts_issued', ['issuedAtMs'])
export class ForecastEntity {
  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_forecasts' })
  siteId!: string;

  @PrimaryColumn({ name: 'issued_at_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_forecasts' })
  issuedAtMs!: number;

  @Column({ name: 'start_ms', type: 'bigint', transformer: bigintColumn })
  startMs!: number;

  @Column({ name: 'slot_ms', type: 'integer' })
  slotMs!: number;

  @Column({ name: 'load_model', type: 'varchar', length: 16 })
  loadModel!: string;

  @Column({ name: 'pv_model', type: 'varchar', length: 16 })
  pvModel!: string;

  /** Whole watts. */
  @Column({ name: 'load_w', type: 'simple-json' })
  loadW!: number[];

  @Column({ name: 'pv_w', type: 'simple-json' })
  pvW!: number[];

  /** P10, P50 and P90, each an array on the slots; whole watts. */
  @Column({ name: 'load_quantiles', type: 'simple-json', nullable: true })
  loadQuantiles!: StoredQuantiles | null;

  @Column({ name: 'pv_quantiles', type: 'simple-json', nullable: true })
  pvQuantiles!: StoredQuantiles | null;
}

/** How each model did on one local day of one site, by horizon. */
@Entity({ name: 'forecast_scores' })
export class ForecastScoreEntity {
  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_forecast_scores' })
  siteId!: string;

  @PrimaryColumn({ type: 'varchar', length: 8, primaryKeyConstraintName: 'pk_forecast_scores' })
  quantity!: string;

  @PrimaryColumn({ name: 'day_start_ms', type: 'bigint', transformer: bigintColumn, primaryKeyConstraintName: 'pk_forecast_scores' })
  dayStartMs!: number;

  @Column({ type: 'simple-json' })
  horizons!: HorizonScores;
}

/** What has been learnt of one quantity of one site (or of a pool of sites), and what from. */
@Entity({ name: 'forecast_models' })
export class ForecastModelEntity {
  @PrimaryColumn({ name: 'site_id', type: 'varchar', length: 48, primaryKeyConstraintName: 'pk_forecast_models' })
  siteId!: string;

  @PrimaryColumn({ type: 'varchar', length: 8, primaryKeyConstraintName: 'pk_forecast_models' })
  quantity!: string;

  @Column({ name: 'trained_at_ms', type: 'bigint', transformer: bigintColumn })
  trainedAtMs!: number;

  @Column({ name: 'history_start_ms', type: 'bigint', transformer: bigintColumn })
  historyStartMs!: number;

  @Column({ name: 'history_end_ms', type: 'bigint', transformer: bigintColumn })
  historyEndMs!: number;

  @Column({ name: 'rows_used', type: 'integer' })
  rowsUsed!: number;

  @Column({ type: 'double precision' })
  seconds!: number;

  @Column({ type: 'simple-json' })
  network!: SeriesModels;
}
