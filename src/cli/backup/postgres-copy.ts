import { Client } from 'pg';
import { AdapterError, BadInput, messageOf } from '../../kernel/errors.js';
import { runTool } from './tool.js';

/** Where the tools of PostgreSQL find a database. A password on a command line could be read by every user of the machine. */
const environmentOf = (address: string): Record<string, string> => {
  const url = new URL(address);
  const { hostname, port, username, password } = url;
  return {
    PGHOST: hostname.replace(/^\[(.*)\]$/, '$1'),
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
  };
};

const connected = async (address: string): Promise<Client> => {
  const client = new Client({ connectionString: address });
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw new AdapterError(`the database ${new URL(address).host} cannot be reached: ${messageOf(error)}`, true, { cause: error });
  }
};

/** A PostgreSQL database as it stands now; `pg_dump` copies just that. */
export class PostgresSnapshot {
  private constructor(
    private readonly client: Client,
    private readonly address: string,
    private readonly name: string,
  ) {}

  static async take(address: string): Promise<PostgresSnapshot> {
    const client = await connected(address);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ name: string }>('SELECT pg_export_snapshot() AS name');
    return new PostgresSnapshot(client, address, rows[0]!.name);
  }

  async rows<T extends object>(query: string): Promise<T[]> {
    return (await this.client.query<T>(query)).rows;
  }

  async hasTable(name: string): Promise<boolean> {
    return (
      (await this.client.query('SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1', [name]))
        .rows.length > 0
    );
  }

  async dumpTo(target: string): Promise<void> {
    const dumped = await runTool(
      'pg_dump',
      ['--format=custom', `--snapshot=${this.name}`, `--file=${target}`],
      environmentOf(this.address),
    );
    if (dumped.kind === 'not-there')
      throw new BadInput(
        'the database is PostgreSQL, and pg_dump is not on the PATH: install the client tools of PostgreSQL (postgresql-client)',
      );
    if (dumped.kind === 'failed') throw new AdapterError(`pg_dump: ${dumped.message}`, true);
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

/** Refuses a database that holds anything: what is there is never written over. */
export const refuseFilledPostgres = async (address: string): Promise<void> => {
  const client = await connected(address);
  try {
    const { rows } = await client.query('SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() LIMIT 1');
    if (rows.length > 0) throw new BadInput(`DATABASE_URL: the database on ${new URL(address).host} is not empty; name a new one`);
  } finally {
    await client.end();
  }
};

/** All of the dump or nothing. */
export const restorePostgres = async (address: string, dump: string): Promise<void> => {
  const environment = environmentOf(address);
  const words = ['--no-owner', '--no-privileges', '--exit-on-error', '--single-transaction', `--dbname=${environment['PGDATABASE']}`, dump];
  const restored = await runTool('pg_restore', words, environment);
  if (restored.kind === 'not-there')
    throw new BadInput(
      'the backup is of PostgreSQL, and pg_restore is not on the PATH: install the client tools of PostgreSQL (postgresql-client)',
    );
  if (restored.kind === 'failed') throw new AdapterError(`pg_restore: ${restored.message}`, true);
};
