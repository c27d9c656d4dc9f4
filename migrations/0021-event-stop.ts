import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

/** When an event was cancelled while it ran. */
export class EventStop1763800000021 implements MigrationInterface {
  name = 'EventStop1763800000021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn('grid_events', new TableColumn({ name: 'stopped_at_ms', type: 'bigint', isNullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn('grid_events', 'stopped_at_ms');
  }
}
