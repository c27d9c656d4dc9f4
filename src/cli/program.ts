import { Command } from 'commander';
import { demoCommand } from './demo/demo.js';
import { deviceCommand } from './device.js';
import { forecastCommand } from './forecast.js';
import { migrateCommand } from './migrate.js';
import { packageVersion } from './package-info.js';
import { proofCommand } from './proof.js';
import { scheduleCommand } from './schedule.js';
import { serveCommand } from './serve.js';
import { simulateCommand } from './simulate.js';
import { userCommand } from './user.js';

/** The whole command line. What it prints goes through commander; usage errors are thrown as `CommanderError`. */
export const vppProgram = (): Command => {
  const program = new Command('vpp')
    .description('Heliograph: an open virtual power plant')
    .version(packageVersion())
    .showHelpAfterError('(--help shows how)')
    .addHelpText('after', '\nExit codes: 0 done, 1 the answer is no or something failed, 2 wrong usage or bad input.\n');
  for (const command of [
    demoCommand(),
    serveCommand(),
    simulateCommand(),
    deviceCommand(),
    forecastCommand(),
    scheduleCommand(),
    proofCommand(),
    userCommand(),
    migrateCommand(),
  ]) {
    program.addCommand(command);
  }
  quiet(program);
  return program;
};

const quiet = (command: Command): void => {
  command.exitOverride();
  command.commands.forEach(quiet);
};
