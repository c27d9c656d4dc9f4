import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataSource, getMetadataArgsStorage, TableIndex } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.js';
import { type DatabaseTarget, databaseOptions } from '../../src/platform/database.js';
import { migrateDatabase } from '../../src/platform/migrate.js';

const SOURCES = join(import.meta.dirname, '../../src');
const sessionsByExpiry = new TableIndex({ name: 'ix_sessions_expires', columnNames: ['expires_at_ms'] });
type EntityClass = new () => object;

/** Every TypeORM entity of the rooms, found as the files are: by name, so that a new one needs no line here. */
export const allEntities = async (): Promise<EntityClass[]> => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.entity.ts'));
  const modules = (await Promise.all(files.map((file) => import(pathToFileURL(join(SOURCES, file)).href)))) as Record<string, unknown>[];
  const tables = new Set<unknown>(getMetadataArgsStorage().tables.map(({ target }) => target));
  return modules.flatMap((module) => Object.values(module)).filter((value): value is EntityClass => tables.has(value));
};

/** A data source with all entities on a database that `migrateDatabase` has seen. */
export const migrated = async (target: DatabaseTarget): Promise<DataSource> => {
  await migrateDatabase(target);
  return new DataSource({ ...databaseOptions(target), entities: await allEntities() }).initialize();
};

/** What the schema builder would do to the database to make it fit the entities; nothing, where both agree. */
export const differences = async (database: DataSource): Promise<string[]> => {
  const { upQueries } = await database.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
};

/** What every engine has to do with the migrations. `target` names an empty database that nobody else uses. */
export const migrationContract = (name: string, target: () => DatabaseTarget | Promise<DatabaseTarget>): void => {
  describe(`migrations on ${name}`, () => {
    let where: DatabaseTarget;
    let database: DataSource;
    beforeAll(async () => {
      where = await target();
      database = await migrated(where);
    });
    afterAll(() => database?.destroy());

    const tablesNow = async (): Promise<string[]> => {
      const runner = database.createQueryRunner();
      const tables = await runner.getTables();
      await runner.release();
      // PostgreSQL counts its own catalogue in.
      const own = tables
        .map((table) => table.name.replace(/^public\./, ''))
        .filter((table) => !/^(information_schema|pg_catalog)\./.test(table));
      return own.filter((table) => !/^(migrations|sqlite_.*)$/.test(table));
    };

    it('all run, once', async () => {
      expect(database.entityMetadatas.length).toBeGreaterThan(15);
      expect((await database.query('SELECT name FROM migrations ORDER BY id')).map((row: { name: string }) => row.name)).toEqual(
        MIGRATIONS.map(({ name: className }) => className),
      );
      expect(await migrateDatabase(where)).toEqual([]);
    });

    it('make exactly the tables of the entities', async () => {
      expect((await tablesNow()).toSorted()).toEqual(database.entityMetadatas.map(({ tableName }) => tableName).toSorted());
      expect(await differences(database)).toEqual([]);
    });

    it('differ from the entities where a column or an index is lost', async () => {
      const runner = database.createQueryRunner();
      await runner.dropIndex('sessions', 'ix_sessions_expires');
      expect(await differences(database)).toEqual([expect.stringContaining('ix_sessions_expires')]);
      await runner.createIndex('sessions', sessionsByExpiry);
      await runner.release();
      expect(await differences(database)).toEqual([]);
    });

    it('refuse a database of a newer version, and leave it as it is', async () => {
      await database.query("INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'Tomorrow9999999999999')");
      await expect(migrateDatabase(where)).rejects.toThrow(/newer version of Heliograph \(it knows Tomorrow9999999999999\)/);
      await database.query("DELETE FROM migrations WHERE name = 'Tomorrow9999999999999'");
    });

    it('go back to an empty database, and forward again', async () => {
      for (let step = 0; step < MIGRATIONS.length; step += 1) await database.undoLastMigration({ transaction: 'each' });
      expect(await tablesNow()).toEqual([]);
      expect(await migrateDatabase(where)).toHaveLength(MIGRATIONS.length);
      expect(await differences(database)).toEqual([]);
    });
  });
};
