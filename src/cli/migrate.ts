import { Command } from 'commander';
import { configOf } from '../platform/config.js';
import { migrateDatabase } from '../platform/migrate.js';

export const migrateCommand = (): Command =>
  new Command('migrate')
    .description('bring the database to this version')
    .option('--json', 'for machines')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://vpp:secret@localhost/vpp npm run -s vpp -- migrate\n')
    .action(async (options: { json?: boolean }) => {
      const ran = await migrateDatabase(configOf(process.env).database);
      if (options.json) console.log(JSON.stringify({ ran }));
      else console.log(ran.length === 0 ? 'The database is up to date.' : `Ran ${ran.length} migrations: ${ran.join(', ')}`);
    });
