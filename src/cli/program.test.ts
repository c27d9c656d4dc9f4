import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { endingOf } from './exit.js';
import { vppProgram } from './program.js';

const leavesOf = (command: Command, path: readonly string[] = []): [string, Command][] =>
  command.commands.length === 0 ? [[path.join(' '), command]] : command.commands.flatMap((sub) => leavesOf(sub, [...path, sub.name()]));

const LEAVES = leavesOf(await vppProgram());

const helpOf = (command: Command): string => {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
};

/** What stands below `Example:`, as words after `vpp` or `npm start --`. */
const examplesOf = (help: string): string[][] => {
  const [, below = ''] = help.split(/^Examples?:$/m);
  return below.split('\n').flatMap((line) => {
    const found = /.*(?:\bvpp(?: --)?|\bnpm start --) (?<words>.*)$/.exec(line);
    const words = found?.groups?.['words']?.split(/\s+/);
    return words ? [line.includes('npm start') ? ['demo', ...words] : words] : [];
  });
};

describe('the command line', () => {
  it('has the commands of the design', () => {
    expect(LEAVES.map(([name]) => name).sort()).toEqual(
      [
        'backup',
        'demo',
        'device command',
        'device commission',
        'device read',
        'device scan',
        'device watch',
        'dispatch replay',
        'event amend',
        'event announce',
        'event cancel',
        'event list',
        'forecast backtest',
        'forecast scoreboard',
        'limit dim',
        'limit list',
        'limit ripple',
        'limit set',
        'limit withdraw',
        'migrate',
        'proof erase',
        'proof new-log',
        'proof verify',
        'release all',
        'restore',
        'schedule explain',
        'resume',
        'schedule schema',
        'scenario run',
        'schedule solve',
        'schedule validate',
        'serve',
        'simulate',
        'supervise',
        'telemetry export',
        'telemetry import',
        'user add',
        'user remove',
      ].sort(),
    );
  });

  it('names the option that is wrong, and not the environment', async () => {
    const program = await vppProgram('serve');
    await expect(program.parseAsync(['serve', '--port', '99999'], { from: 'user' })).rejects.toThrow(/^--port "99999"/);
  });

  it.each(LEAVES)('%s has help with an example that it would take', (name, command) => {
    const examples = examplesOf(helpOf(command));
    expect(examples.filter((words) => words.join(' ').startsWith(name))).not.toEqual([]);
    for (const words of examples) {
      const of = LEAVES.find(([other]) => `${words.join(' ')} `.startsWith(`${other} `))![1];
      const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
      expect(options.filter((option) => !of.options.some(({ long }) => long === option))).toEqual([]);
    }
  });

  it.each(LEAVES)('%s answers machines in JSON', (_, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
  });

  it('loads the command that is asked for alone', async () => {
    expect((await vppProgram('supervise')).commands.map((command) => command.name())).toEqual(['supervise']);
    expect((await vppProgram('toString')).commands).toHaveLength((await vppProgram()).commands.length);
  });

  it.each([
    ['an unknown command', ['nonsense'], /unknown command 'nonsense'/],
    ['an unknown option', ['migrate', '--nonsense'], /unknown option '--nonsense'/],
    ['a missing argument', ['user', 'add'], /missing required argument 'name'/],
    ['a role that is none', ['user', 'add', 'x', '--role', 'king'], /Allowed choices are operator, household/],
    ['no command at all', [], /Usage: vpp/],
  ])('takes %s for wrong usage', async (_, words, message) => {
    const program = await vppProgram();
    let text = '';
    const everywhere = (command: Command): void => {
      command.configureOutput({ writeErr: (part) => (text += part) });
      command.commands.forEach(everywhere);
    };
    everywhere(program);
    const failure: unknown = await program.parseAsync(words, { from: 'user' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommanderError);
    expect(endingOf(failure)).toEqual({ lines: [], code: 2 });
    expect(text).toMatch(message);
  });
});
