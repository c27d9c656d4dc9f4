import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataSource } from 'typeorm';
import { AdapterError, BadInput, messageOf } from '../kernel/errors.js';
import { type DatabaseTarget, databaseOptions } from './database.js';
import { unusableFolder } from './folder-lock.js';

const PRIVATE_FOLDER = 0o700;

/**
 * Brings the database to this version and answers the migrations that ran. Throws `BadInput` where it was written by a
 * newer version, before anything is touched, and where its folder cannot be written to.
 */
export const migrateDatabase = async (target: DatabaseTarget): Promise<string[]> => {
  if (target.kind === 'sqlite') makeFolder(dirname(target.file));
  const database = await opened(target);
  try {
    await refuseNewer(database, target);
    return (await database.runMigrations()).map(({ name }) => name);
  } finally {
    await database.destroy();
  }
};

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  } catch (error) {
    throw unusableFolder(folder, error);
  }
};

const opened = async (target: DatabaseTarget): Promise<DataSource> => {
  try {
    return await new DataSource(databaseOptions(target)).initialize();
  } catch (error) {
    if (target.kind === 'sqlite' && /unable to open|readonly/.test(messageOf(error))) throw unusableFolder(dirname(target.file), error);
    const where = target.kind === 'sqlite' ? target.file : new URL(target.url).host;
    throw new AdapterError(`the database ${where} cannot be opened: ${messageOf(error)}`, true, { cause: error });
  }
};

const refuseNewer = async (database: DataSource, target: DatabaseTarget): Promise<void> => {
  const runner = database.createQueryRunner();
  try {
    if (!(await runner.hasTable('migrations'))) return;
    const ran: { name: string }[] = await database.createQueryBuilder().select('m.name', 'name').from('migrations', 'm').getRawMany();
    const known = new Set(database.migrations.map((migration) => migration.name ?? migration.constructor.name));
    const newer = ran.filter(({ name }) => !known.has(name)).map(({ name }) => name);
    if (newer.length === 0) return;
    const where = target.kind === 'sqlite' ? target.file : new URL(target.url).host;
    throw new BadInput(
      `the database ${where} was written by a newer version of Heliograph (it knows ${newer.join(', ')}); update Heliograph, or name another VPP_DATA_DIR`,
    );
  } finally {
    await runner.release();
  }
};
