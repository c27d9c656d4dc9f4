import { type MigrationInterface, type QueryRunner, TableColumn } from 'typeorm';

const FACTS = [
  new TableColumn({ name: 'imported', type: 'boolean', default: 'false' }),
  new TableColumn({ name: 'clock_unsure', type: 'boolean', default: 'false' }),
  new TableColumn({ name: 'available_wh', type: 'double precision', isNullable: true }),
];

/** What else is known of an interval: where it came from, how sure its hour is, and what the sun would have given. */
export class IntervalFacts1763800000013 implements MigrationInterface {
  name = 'IntervalFacts1763800000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumns('interval_energies', FACTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumns(
      'interval_energies',
      FACTS.map(({ name }) => name),
    );
  }
}
