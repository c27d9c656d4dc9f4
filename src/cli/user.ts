import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Command, Option } from 'commander';
import { DataSource } from 'typeorm';
import { BadInput } from '../kernel/errors.js';
import { AuthService } from '../platform/auth.service.js';
import { SystemClock } from '../platform/clock.js';
import { configOf } from '../platform/config.js';
import { databaseOptions } from '../platform/database.js';
import { migrateDatabase } from '../platform/migrate.js';
import { SessionEntity, UserEntity, type UserRole } from '../platform/user.entity.js';

const SHORTEST_PASSWORD = 10;

interface AddOptions {
  role: UserRole;
  household?: string;
  json?: boolean;
}

export const userCommand = (): Command =>
  new Command('user').description('logins of the plant').addCommand(addCommand()).addCommand(removeCommand());

const addCommand = (): Command =>
  new Command('add')
    .description('make a login, or give an existing one a new password; the password is read from standard input')
    .argument('<name>')
    .addOption(new Option('--role <role>', 'what the login may do').choices(['operator', 'household']).default('operator'))
    .option('--household <id>', 'the household of the fleet file it belongs to')
    .option('--json', 'for machines')
    .addHelpText('after', '\nExample:\n  npm run -s vpp -- user add anna --role household --household anna\n')
    .action(async (name: string, options: AddOptions) => {
      if ((options.role === 'household') !== (options.household !== undefined))
        throw new BadInput('--household: name it for `--role household`, and only for that');
      const password = await readPassword();
      if (password.length < SHORTEST_PASSWORD) throw new BadInput(`password: at least ${SHORTEST_PASSWORD} characters`);
      await putUser(name, password, options);
      console.log(options.json ? JSON.stringify({ name, role: options.role }) : `${name} may now log in as ${options.role}.`);
    });

const removeCommand = (): Command =>
  new Command('remove')
    .description('end a login and its sessions, at once, also while the plant runs; what it did stays in the audit log')
    .argument('<name>')
    .option('--json', 'for machines')
    .addHelpText('after', '\nExample:\n  npm run -s vpp -- user remove anna\n')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const outcome = await withLogins((auth) => auth.removeUser(name));
      if (outcome === 'unknown') throw new BadInput(`${name}: there is no such login`);
      if (outcome === 'last-operator')
        throw new BadInput(`${name}: the last operator, whom a plant needs; make another first (vpp user add)`);
      console.log(json ? JSON.stringify({ name, removed: true }) : `${name} may no longer log in.`);
    });

const putUser = (name: string, password: string, { role, household }: AddOptions): Promise<void> =>
  withLogins((auth) => auth.putUser({ name, role, password, ...(household === undefined ? {} : { householdId: household }) }));

const withLogins = async <T>(ask: (auth: AuthService) => Promise<T>): Promise<T> => {
  const { database: target } = configOf(process.env);
  await migrateDatabase(target);
  const database = await new DataSource({ ...databaseOptions(target), entities: [UserEntity, SessionEntity] }).initialize();
  try {
    return await ask(new AuthService(database.getRepository(UserEntity), database.getRepository(SessionEntity), new SystemClock()));
  } finally {
    await database.destroy();
  }
};

const readPassword = async (): Promise<string> => {
  const typed = process.stdin.isTTY;
  if (typed) process.stderr.write('Password: ');
  // A password that is typed is not shown.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: typed });
  if (typed) lines.once('close', () => process.stderr.write('\n'));
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new BadInput('password: nothing came on standard input');
};
