import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

export class Proof1763800000011 implements MigrationInterface {
  name = 'Proof1763800000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'proof_records',
        columns: [
          { name: 'leaf_index', type: 'integer', isPrimary: true, primaryKeyConstraintName: 'pk_proof_records' },
          { name: 'kind', type: 'varchar', length: '24' },
          { name: 'site_id', type: 'varchar', length: '64' },
          { name: 'device_id', type: 'varchar', length: '96' },
          { name: 'channel', type: 'varchar', length: '16' },
          { name: 'start_ms', type: 'bigint' },
          { name: 'leaf_hash', type: 'varchar', length: '64' },
          { name: 'record', type: 'text', isNullable: true },
          { name: 'signature', type: 'varchar', length: '128', isNullable: true },
          { name: 'salt', type: 'varchar', length: '64', isNullable: true },
        ],
        indices: [
          { name: 'ux_proof_records_interval', columnNames: ['start_ms', 'device_id', 'channel', 'kind'], isUnique: true },
          { name: 'ix_proof_records_site', columnNames: ['site_id', 'start_ms'] },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'proof_tiles',
        columns: [
          { name: 'level', type: 'integer', isPrimary: true, primaryKeyConstraintName: 'pk_proof_tiles' },
          { name: 'tile_index', type: 'integer', isPrimary: true, primaryKeyConstraintName: 'pk_proof_tiles' },
          { name: 'hashes', type: 'text' },
        ],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'proof_anchors',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true, primaryKeyConstraintName: 'pk_proof_anchors' },
          { name: 'tree_size', type: 'integer' },
          { name: 'previous_size', type: 'integer' },
          { name: 'checkpoint', type: 'text' },
          { name: 'memo', type: 'varchar', length: '255' },
          { name: 'state', type: 'varchar', length: '16' },
          { name: 'created_at_ms', type: 'bigint' },
          { name: 'transaction', type: 'text', isNullable: true },
          { name: 'signature', type: 'varchar', length: '96', isNullable: true },
          { name: 'last_valid_block_height', type: 'bigint', isNullable: true },
          { name: 'prepared_slot', type: 'bigint', isNullable: true },
          { name: 'expired_signatures', type: 'text' },
          { name: 'slot', type: 'bigint', isNullable: true },
          { name: 'block_time_ms', type: 'bigint', isNullable: true },
        ],
        indices: [
          { name: 'ux_proof_anchors_tree_size', columnNames: ['tree_size'], isUnique: true },
          { name: 'ix_proof_anchors_state', columnNames: ['state'] },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['proof_anchors', 'proof_tiles', 'proof_records']) await runner.dropTable(table);
  }
}
