import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class Fleet1763800000002 implements MigrationInterface {
  name = 'Fleet1763800000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'consents',
        columns: [
          { name: 'site_id', type: 'varchar', length: '48', isPrimary: true, primaryKeyConstraintName: 'pk_consents' },
          { name: 'reserve_floor_pct', type: 'double precision' },
          { name: 'opted_out', type: 'boolean', default: 'false' },
          { name: 'changed_at_ms', type: 'bigint' },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'lock_outs',
        columns: [
          { name: 'subject', type: 'varchar', length: '48', isPrimary: true, primaryKeyConstraintName: 'pk_lock_outs' },
          { name: 'reason', type: 'text' },
          { name: 'by_user', type: 'varchar', length: '64' },
          { name: 'since_ms', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['lock_outs', 'consents']) await runner.dropTable(table);
  }
}
