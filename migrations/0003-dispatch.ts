import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class Dispatch1763800000003 implements MigrationInterface {
  name = 'Dispatch1763800000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'dispatch_state',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true, primaryKeyConstraintName: 'pk_dispatch_state' },
          { name: 'released', type: 'boolean', default: 'false' },
          { name: 'reason', type: 'text' },
          { name: 'by_user', type: 'varchar', length: '64' },
          { name: 'since_ms', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('dispatch_state');
  }
}
