import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const moment = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
const ENDINGS: TableColumnOptions[] = [
  { name: 'reason', type: 'text' },
  { name: 'set_by', type: 'varchar', length: '64' },
  moment('set_at_ms'),
  { ...moment('withdrawn_at_ms'), isNullable: true },
  { name: 'withdrawn_by', type: 'varchar', length: '64', isNullable: true },
];

export class Signals1763800000007 implements MigrationInterface {
  name = 'Signals1763800000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(gridEvents());
    await runner.createTable(eventOptOuts());
    await runner.createTable(operatorLimits());
    await runner.createTable(manualOverrides());
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['manual_overrides', 'operator_limits', 'event_opt_outs', 'grid_events']) await runner.dropTable(table);
  }
}

const gridEvents = (): Table =>
  new Table({
    name: 'grid_events',
    columns: [
      { name: 'id', type: 'varchar', length: '16', isPrimary: true, primaryKeyConstraintName: 'pk_grid_events' },
      { name: 'number', type: 'integer' },
      { name: 'direction', type: 'varchar', length: '8' },
      { name: 'power_w', type: 'double precision' },
      { name: 'price_micro_per_kwh', type: 'bigint' },
      moment('start_ms'),
      moment('end_ms'),
      moment('announced_at_ms'),
      { name: 'announced_by', type: 'varchar', length: '64' },
      { ...moment('amended_at_ms'), isNullable: true },
      { name: 'amended_by', type: 'varchar', length: '64', isNullable: true },
      { ...moment('cancelled_at_ms'), isNullable: true },
      { ...moment('settled_at_ms'), isNullable: true },
    ],
    indices: [
      { name: 'ux_grid_events_number', columnNames: ['number'], isUnique: true },
      { name: 'ix_grid_events_end', columnNames: ['end_ms'] },
    ],
  });

const eventOptOuts = (): Table =>
  new Table({
    name: 'event_opt_outs',
    columns: [
      { name: 'event_id', type: 'varchar', length: '16', isPrimary: true, primaryKeyConstraintName: 'pk_event_opt_outs' },
      { name: 'site_id', type: 'varchar', length: '64', isPrimary: true, primaryKeyConstraintName: 'pk_event_opt_outs' },
      moment('at_ms'),
      { name: 'by_user', type: 'varchar', length: '64' },
    ],
  });

const operatorLimits = (): Table =>
  new Table({
    name: 'operator_limits',
    columns: [
      {
        name: 'id',
        type: 'integer',
        isPrimary: true,
        isGenerated: true,
        generationStrategy: 'increment',
        primaryKeyConstraintName: 'pk_operator_limits',
      },
      { name: 'scope', type: 'varchar', length: '64' },
      { name: 'kind', type: 'varchar', length: '16' },
      { name: 'value_w', type: 'double precision' },
      moment('start_ms'),
      moment('end_ms'),
      ...ENDINGS,
    ],
    indices: [{ name: 'ix_operator_limits_end', columnNames: ['end_ms'] }],
  });

const manualOverrides = (): Table =>
  new Table({
    name: 'manual_overrides',
    columns: [
      {
        name: 'id',
        type: 'integer',
        isPrimary: true,
        isGenerated: true,
        generationStrategy: 'increment',
        primaryKeyConstraintName: 'pk_manual_overrides',
      },
      { name: 'device_id', type: 'varchar', length: '64' },
      { name: 'setpoint', type: 'text' },
      moment('start_ms'),
      moment('end_ms'),
      ...ENDINGS,
    ],
    indices: [{ name: 'ix_manual_overrides_end', columnNames: ['end_ms'] }],
  });
