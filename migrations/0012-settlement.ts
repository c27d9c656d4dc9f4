import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const varchar = (name: string, length: number): TableColumnOptions => ({ name, type: 'varchar', length: String(length) });
const bigint = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
const text = (name: string): TableColumnOptions => ({ name, type: 'text' });
const number = (name: string): TableColumnOptions => ({ name, type: 'double precision' });
const keyOf = (table: string, ...columns: TableColumnOptions[]): TableColumnOptions[] =>
  columns.map((column) => ({ ...column, isPrimary: true, primaryKeyConstraintName: `pk_${table}` }));

export class Settlement1763800000012 implements MigrationInterface {
  name = 'Settlement1763800000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(baselines());
    await runner.createTable(eventResults());
    await runner.createTable(statements());
    await runner.createTable(adjustments());
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['adjustments', 'statements', 'event_results', 'baselines']) await runner.dropTable(table);
  }
}

const baselines = (): Table =>
  new Table({
    name: 'baselines',
    columns: [
      ...keyOf('baselines', varchar('event_id', 16), varchar('site_id', 48), bigint('start_ms'), bigint('end_ms')),
      bigint('fixed_at_ms'),
      text('days'),
      text('slots'),
    ],
  });

const eventResults = (): Table =>
  new Table({
    name: 'event_results',
    columns: [
      ...keyOf('event_results', varchar('event_id', 16), varchar('site_id', 48)),
      { ...varchar('household_id', 48), isNullable: true },
      varchar('pay_date', 10),
      bigint('settled_at_ms'),
      varchar('direction', 8),
      bigint('start_ms'),
      bigint('end_ms'),
      bigint('price_micro_per_kwh'),
      number('delivered_wh'),
      bigint('amount_micro'),
      { name: 'slots_paid', type: 'integer' },
      { name: 'slots_unpaid', type: 'integer' },
      { name: 'baseline_days', type: 'integer' },
      text('slots'),
    ],
    indices: [{ name: 'ix_event_results_household', columnNames: ['household_id', 'pay_date'] }],
  });

const statements = (): Table =>
  new Table({
    name: 'statements',
    columns: [
      ...keyOf('statements', varchar('id', 80)),
      varchar('household_id', 48),
      varchar('date', 10),
      varchar('zone', 64),
      varchar('currency', 16),
      bigint('issued_at_ms'),
      bigint('total_micro'),
      text('lines'),
      number('feed_in_wh'),
      bigint('feed_in_micro'),
      text('feed_in_prices'),
    ],
    indices: [{ name: 'ux_statements_household_date', columnNames: ['household_id', 'date'], isUnique: true }],
  });

const adjustments = (): Table =>
  new Table({
    name: 'adjustments',
    columns: [
      ...keyOf('adjustments', varchar('household_id', 48), varchar('kind', 16), varchar('subject', 16), {
        name: 'revision',
        type: 'integer',
      }),
      varchar('pay_date', 10),
      bigint('found_at_ms'),
      number('energy_wh'),
      bigint('price_micro_per_kwh'),
      bigint('amount_micro'),
      text('text'),
      text('arithmetic'),
    ],
    indices: [{ name: 'ix_adjustments_pay_date', columnNames: ['household_id', 'pay_date'] }],
  });
