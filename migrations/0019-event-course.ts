import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

/** What was asked for when an event was last changed or cancelled. */
export class EventCourse1763800000019 implements MigrationInterface {
  name = 'EventCourse1763800000019';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn('grid_events', new TableColumn({ name: 'amended_from_w', type: 'double precision', isNullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn('grid_events', 'amended_from_w');
  }
}
