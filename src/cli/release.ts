import { Command } from 'commander';
import { z } from 'zod';
import { asOperator, DEFAULT_PLANT, PLANT_HELP } from './as-operator.js';

interface Options {
  readonly plant: string;
  readonly reason: string;
  readonly json?: boolean;
}

const GIVEN_BY = { reason: '--reason' };
const stateSchema = z.object({ mode: z.string(), reason: z.string().optional() });
const releasedSchema = stateSchema.extend({ released: z.array(z.string()), unknown: z.array(z.string()) });

/** `vpp release all`: the one way to stop everything, without a browser. */
export const releaseCommand = (): Command => {
  const command = new Command('release').description('hand devices back to themselves');
  command
    .command('all')
    .description('hand every device back, and command nothing until an operator resumes; exits 1 where one did not answer')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--reason <text>', 'why, for the audit log', '')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp release all --reason "fire at home 7"')
    .action(releaseAll);
  return command;
};

/** `vpp resume`: what ends a release. */
export const resumeCommand = (): Command =>
  new Command('resume')
    .description('let dispatch go on after everything was released, or after it held because something was broken')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp resume --reason "fire is out"')
    .action(resume);

const releaseAll = async (options: Options): Promise<void> => {
  const { reason } = options;
  const answer = await asOperator(options, (client) => client.post('/api/release-all', { reason }, releasedSchema), GIVEN_BY);
  const { released, unknown } = answer;
  if (options.json) console.log(JSON.stringify(answer, null, 2));
  else {
    console.log(`${released.length} handed back; nothing is commanded until an operator resumes (vpp resume)`);
    if (unknown.length > 0) console.log(`did not answer, and end by their own timers: ${unknown.join(', ')}`);
  }
  if (unknown.length > 0) process.exitCode = 1;
};

const resume = async (options: Options): Promise<void> => {
  const { reason } = options;
  const answer = await asOperator(options, (client) => client.post('/api/resume', { reason }, stateSchema), GIVEN_BY);
  if (options.json) console.log(JSON.stringify(answer, null, 2));
  else console.log(`dispatch is ${answer.mode}`);
};
