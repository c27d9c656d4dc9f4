import { type MigrationInterface, type QueryRunner, Table, TableColumn } from 'typeorm';

const QUANTILES = [
  new TableColumn({ name: 'load_quantiles', type: 'text', isNullable: true }),
  new TableColumn({ name: 'pv_quantiles', type: 'text', isNullable: true }),
];

/** Quantiles of issued forecasts, and how each model did when the truth arrived. */
export class ForecastScores1763800000014 implements MigrationInterface {
  name = 'ForecastScores1763800000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumns('forecasts', QUANTILES);
    const primaryKeyConstraintName = 'pk_forecast_scores';
    await runner.createTable(
      new Table({
        name: 'forecast_scores',
        columns: [
          { name: 'site_id', type: 'varchar', length: '48', isPrimary: true, primaryKeyConstraintName },
          { name: 'quantity', type: 'varchar', length: '8', isPrimary: true, primaryKeyConstraintName },
          { name: 'day_start_ms', type: 'bigint', isPrimary: true, primaryKeyConstraintName },
          { name: 'horizons', type: 'text' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('forecast_scores');
    await runner.dropColumns(
      'forecasts',
      QUANTILES.map(({ name }) => name),
    );
  }
}
