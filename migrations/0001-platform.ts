import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class Platform1763800000001 implements MigrationInterface {
  name = 'Platform1763800000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'users',
        columns: [
          { name: 'name', type: 'varchar', length: '64', isPrimary: true, primaryKeyConstraintName: 'pk_users' },
          { name: 'role', type: 'varchar', length: '16' },
          { name: 'household_id', type: 'varchar', length: '64', isNullable: true },
          { name: 'password_hash', type: 'varchar', length: '255' },
          { name: 'demo', type: 'boolean', default: 'false' },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'sessions',
        columns: [
          { name: 'token_hash', type: 'varchar', length: '64', isPrimary: true, primaryKeyConstraintName: 'pk_sessions' },
          { name: 'user_name', type: 'varchar', length: '64' },
          { name: 'expires_at_ms', type: 'bigint' },
        ],
        indices: [{ name: 'ix_sessions_expires', columnNames: ['expires_at_ms'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'alarms',
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
            primaryKeyConstraintName: 'pk_alarms',
          },
          { name: 'subject', type: 'varchar', length: '96' },
          { name: 'kind', type: 'varchar', length: '48' },
          { name: 'severity', type: 'varchar', length: '16' },
          { name: 'message', type: 'text' },
          { name: 'raised_at_ms', type: 'bigint' },
          { name: 'cleared_at_ms', type: 'bigint', isNullable: true },
        ],
        indices: [{ name: 'ix_alarms_subject', columnNames: ['subject', 'kind'] }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'audit_entries',
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
            primaryKeyConstraintName: 'pk_audit_entries',
          },
          { name: 'at_ms', type: 'bigint' },
          { name: 'by_user', type: 'varchar', length: '64' },
          { name: 'action', type: 'varchar', length: '48' },
          { name: 'subject', type: 'varchar', length: '96' },
          { name: 'detail', type: 'text' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['audit_entries', 'alarms', 'sessions', 'users']) await runner.dropTable(table);
  }
}
