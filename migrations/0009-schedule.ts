import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class Schedule1763800000009 implements MigrationInterface {
  name = 'Schedule1763800000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'plans',
        columns: [
          { name: 'issued_at_ms', type: 'bigint', isPrimary: true, primaryKeyConstraintName: 'pk_plans' },
          { name: 'solver', type: 'varchar', length: '16' },
          { name: 'status', type: 'varchar', length: '16' },
          { name: 'cost_micro', type: 'double precision' },
          { name: 'seconds', type: 'double precision' },
          { name: 'schedule', type: 'text' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('plans');
  }
}
