import { type MigrationInterface, type QueryRunner, Table, TableColumn, TableIndex } from 'typeorm';

const SUPERSEDES = new TableIndex({ name: 'ux_proof_records_supersedes', columnNames: ['supersedes'], isUnique: true });

/** Corrections of records, evidence of contradictions, and how often a site was erased. */
export class ProofEvidence1763800000018 implements MigrationInterface {
  name = 'ProofEvidence1763800000018';

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn('proof_records', new TableColumn({ name: 'supersedes', type: 'varchar', length: '64', isNullable: true }));
    await runner.createIndex('proof_records', SUPERSEDES);
    await runner.createTable(
      new Table({
        name: 'proof_conflicts',
        columns: [
          {
            name: 'id',
            type: 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
            primaryKeyConstraintName: 'pk_proof_conflicts',
          },
          { name: 'digest', type: 'varchar', length: '64' },
          { name: 'found_at_ms', type: 'bigint' },
          { name: 'kind', type: 'varchar', length: '16' },
          { name: 'site_id', type: 'varchar', length: '64', isNullable: true },
          { name: 'detail', type: 'text' },
          { name: 'evidence', type: 'text' },
        ],
        indices: [{ name: 'ux_proof_conflicts_digest', columnNames: ['digest'], isUnique: true }],
      }),
    );
    await runner.createTable(
      new Table({
        name: 'proof_erasures',
        columns: [
          { name: 'site_id', type: 'varchar', length: '64', isPrimary: true, primaryKeyConstraintName: 'pk_proof_erasures' },
          { name: 'times', type: 'integer' },
          { name: 'at_ms', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['proof_erasures', 'proof_conflicts']) await runner.dropTable(table);
    await runner.dropIndex('proof_records', SUPERSEDES);
    await runner.dropColumn('proof_records', 'supersedes');
  }
}
