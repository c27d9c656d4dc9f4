import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

/** What the plant said of an event when it was announced or last amended. */
export class EventPromise1763800000020 implements MigrationInterface {
  name = 'EventPromise1763800000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn('grid_events', new TableColumn({ name: 'promise', type: 'text', isNullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn('grid_events', 'promise');
  }
}
