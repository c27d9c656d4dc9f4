import Database, { type Database as SqliteDatabase } from 'better-sqlite3';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';

/** Pages copied before others get their turn: 4 MB. */
const PAGES = 1_000;

/**
 * An SQLite file as it stands now, however long it takes to copy it and whatever is written meanwhile. Writers are not held up;
 * what they write waits in their log until this is closed.
 */
export class SqliteSnapshot {
  private constructor(
    private readonly database: SqliteDatabase,
    private readonly file: string,
  ) {}

  static take(file: string): SqliteSnapshot {
    try {
      const database = new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
      database.exec('BEGIN');
      database.prepare('SELECT count(*) FROM sqlite_master').get();
      return new SqliteSnapshot(database, file);
    } catch (error) {
      throw new BadInput(`${file}: cannot be read: ${messageOf(error)}`);
    }
  }

  rows<T>(query: string): T[] {
    return this.database.prepare(query).all() as T[];
  }

  hasTable(name: string): boolean {
    return this.database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;
  }

  get version(): number {
    return this.database.pragma('user_version', { simple: true }) as number;
  }

  /** `progress` hears which part of it is copied, from 0 to 1. */
  async copyTo(target: string, progress: (share: number) => void): Promise<void> {
    try {
      await this.database.backup(target, {
        progress: ({ totalPages, remainingPages }) => {
          progress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
          return PAGES;
        },
      });
    } catch (error) {
      throw new AdapterError(`${this.file}: cannot be copied to ${target}: ${messageOf(error)}`, true, { cause: error });
    }
  }

  close(): void {
    this.database.close();
  }
}
