import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const INTERVAL_KEY = { isPrimary: true, primaryKeyConstraintName: 'pk_interval_energies' };
const REFUSED_KEY = { isPrimary: true, primaryKeyConstraintName: 'pk_refused_readings' };

export class Telemetry1763800000004 implements MigrationInterface {
  name = 'Telemetry1763800000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'interval_energies',
        columns: [
          { name: 'site_id', type: 'varchar', length: '48', ...INTERVAL_KEY },
          { name: 'start_ms', type: 'bigint', ...INTERVAL_KEY },
          { name: 'device_id', type: 'varchar', length: '48', ...INTERVAL_KEY },
          { name: 'flow', type: 'varchar', length: '16', ...INTERVAL_KEY },
          { name: 'end_ms', type: 'bigint' },
          { name: 'to_bus_wh', type: 'double precision', isNullable: true },
          { name: 'from_bus_wh', type: 'double precision', isNullable: true },
          { name: 'to_bus_counter_wh', type: 'double precision', isNullable: true },
          { name: 'from_bus_counter_wh', type: 'double precision', isNullable: true },
          { name: 'quality', type: 'varchar', length: '16' },
          { name: 'commanded', type: 'boolean', default: 'false' },
        ],
        indices: [{ name: 'ix_interval_energies_start', columnNames: ['start_ms'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'refused_readings',
        columns: [
          { name: 'device_id', type: 'varchar', length: '48', ...REFUSED_KEY },
          { name: 'hour_ms', type: 'bigint', ...REFUSED_KEY },
          { name: 'quantity', type: 'varchar', length: '32', ...REFUSED_KEY },
          { name: 'reason', type: 'varchar', length: '24', ...REFUSED_KEY },
          { name: 'count', type: 'integer' },
          { name: 'last_at_ms', type: 'bigint' },
          { name: 'last_value', type: 'varchar', length: '32', isNullable: true },
        ],
        indices: [{ name: 'ix_refused_readings_hour', columnNames: ['hour_ms'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['refused_readings', 'interval_energies']) await runner.dropTable(table);
  }
}
