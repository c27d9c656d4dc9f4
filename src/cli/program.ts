import { Command } from 'commander';
import { packageVersion } from './package-info.js';

/** In the order the help shows them. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['demo', async () => (await import('./demo/demo.js')).demoCommand()],
  ['serve', async () => (await import('./serve.js')).serveCommand()],
  ['supervise', async () => (await import('./supervise.js')).superviseCommand()],
  ['simulate', async () => (await import('./simulate.js')).simulateCommand()],
  ['device', async () => (await import('./device.js')).deviceCommand()],
  ['forecast', async () => (await import('./forecast.js')).forecastCommand()],
  ['schedule', async () => (await import('./schedule/schedule.js')).scheduleCommand()],
  ['dispatch', async () => (await import('./dispatch.js')).dispatchCommand()],
  ['event', async () => (await import('./event.js')).eventCommand()],
  ['limit', async () => (await import('./limit.js')).limitCommand()],
  ['release', async () => (await import('./release.js')).releaseCommand()],
  ['resume', async () => (await import('./release.js')).resumeCommand()],
  ['scenario', async () => (await import('./scenario/scenario.js')).scenarioCommand()],
  ['telemetry', async () => (await import('./telemetry/telemetry.js')).telemetryCommand()],
  ['proof', async () => (await import('./proof.js')).proofCommand()],
  ['user', async () => (await import('./user.js')).userCommand()],
  ['backup', async () => (await import('./backup/backup.js')).backupCommand()],
  ['restore', async () => (await import('./backup/restore.js')).restoreCommand()],
  ['migrate', async () => (await import('./migrate.js')).migrateCommand()],
]);

/**
 * The command line. Where `first` names a command only that one is loaded: the supervisor is to stay small, and nobody wants
 * to wait for a solver to read a meter. What it prints goes through commander; usage errors are thrown as `CommanderError`.
 */
export const vppProgram = async (first?: string): Promise<Command> => {
  const program = new Command('vpp')
    .description('Heliograph: an open virtual power plant')
    .version(packageVersion())
    .showHelpAfterError('(--help shows how)')
    .addHelpText('after', '\nExit codes: 0 done, 1 the answer is no or something failed, 2 wrong usage or bad input.\n');
  const named = COMMANDS.get(first ?? '');
  for (const load of named ? [named] : COMMANDS.values()) program.addCommand(await load());
  quiet(program);
  return program;
};

const quiet = (command: Command): void => {
  command.exitOverride();
  command.commands.forEach(quiet);
};
