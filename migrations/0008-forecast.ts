import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class Forecast1763800000008 implements MigrationInterface {
  name = 'Forecast1763800000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'forecasts',
        columns: [
          { name: 'site_id', type: 'varchar', length: '48', isPrimary: true, primaryKeyConstraintName: 'pk_forecasts' },
          { name: 'issued_at_ms', type: 'bigint', isPrimary: true, primaryKeyConstraintName: 'pk_forecasts' },
          { name: 'start_ms', type: 'bigint' },
          { name: 'slot_ms', type: 'integer' },
          { name: 'load_model', type: 'varchar', length: '16' },
          { name: 'pv_model', type: 'varchar', length: '16' },
          { name: 'load_w', type: 'text' },
          { name: 'pv_w', type: 'text' },
        ],
        indices: [{ name: 'ix_forecasts_issued', columnNames: ['issued_at_ms'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'forecast_models',
        columns: [
          { name: 'site_id', type: 'varchar', length: '48', isPrimary: true, primaryKeyConstraintName: 'pk_forecast_models' },
          { name: 'quantity', type: 'varchar', length: '8', isPrimary: true, primaryKeyConstraintName: 'pk_forecast_models' },
          { name: 'trained_at_ms', type: 'bigint' },
          { name: 'history_start_ms', type: 'bigint' },
          { name: 'history_end_ms', type: 'bigint' },
          { name: 'rows_used', type: 'integer' },
          { name: 'seconds', type: 'double precision' },
          { name: 'network', type: 'text' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['forecast_models', 'forecasts']) await runner.dropTable(table);
  }
}
