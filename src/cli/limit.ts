import { Command, Option } from 'commander';
import { z } from 'zod';
import type { dimmingRequestSchema, limitRequestSchema, rippleRequestSchema } from '../grid/schemas.js';
import { limitSchema } from '../grid/schemas.js';
import { BadInput } from '../kernel/errors.js';
import { MINUTE_MS } from '../kernel/units.js';
import { FLEET_SCOPE, LIMIT_KINDS } from '../signals/operator-limit.js';
import { RIPPLE_STEPS_PCT } from '../signals/ripple-control.js';
import { asOperator, DEFAULT_PLANT, PLANT_HELP } from './as-operator.js';
import { askedLengthMs, askedMoment, askedPowerW, plantNowMs } from './asked-for.js';
import type { OptionsOf, PlantClient } from './plant-client.js';

interface Options {
  readonly plant: string;
  readonly json?: boolean;
}

interface Setting extends Options {
  readonly kind: string;
  readonly scope: string;
  readonly power: string;
  readonly start?: string;
  readonly for: string;
  readonly reason: string;
}

const setSchema = limitSchema.extend({ note: z.string().optional() });

const KINDS_HELP = `
Kinds:
  import, export  through the connection of a site, or of all sites together
  generation      by sun, engines and batteries of a site together
  sun             by its sun alone
  load            by what charges or can be told to draw less
  dimming         of that, what is drawn from the grid`;

/** `vpp limit …`: what grid operators hold a running plant to. */
export const limitCommand = (): Command => {
  const command = new Command('limit').description('hold a running plant to an operator’s limits');
  command
    .command('set')
    .description('set a limit; the tightest of those in force holds')
    .addOption(new Option('--kind <kind>', 'what is limited').choices(LIMIT_KINDS).makeOptionMandatory())
    .option('--scope <site>', 'a site, or the sum of all', FLEET_SCOPE)
    .requiredOption('--power <power>', 'at most, as 5000, 5kW or 1.2MW')
    .option('--start <time>', 'when it begins, with its offset; at once without it')
    .option('--for <length>', 'how long it holds', '1h')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', KINDS_HELP)
    .addHelpText(
      'after',
      '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp limit set --kind export --power 40kW --for 2h --reason transformer',
    )
    .action(set);
  command
    .command('list')
    .description('limits in force or to come')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp limit list')
    .action(list);
  command
    .command('withdraw')
    .argument('<id>', 'its number')
    .description('end a limit early')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp limit withdraw 7')
    .action(withdraw);
  command
    .command('ripple')
    .argument('<site>', 'whose ripple-control receiver it is')
    .description('say which contacts of a site’s ripple-control receiver are closed; holds for --for unless it is said again')
    .option('--closed <steps>', 'what each closed contact leaves of the installed power, as 60 or 60,30; none: the signal is lost', '')
    .option('--for <length>', 'how long it holds', '15m')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp limit ripple home-7 --closed 60')
    .action(ripple);
  command
    .command('dim')
    .argument('<site>', 'whose controllable loads are dimmed (§ 14a EnWG)')
    .description('pass on the dimming signal of a network operator; holds for --for unless it is said again')
    .option('--off', 'the signal has ended')
    .option('--for <length>', 'how long it holds', '15m')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp limit dim home-7')
    .action(dim);
  return command;
};

interface Signal extends Options {
  readonly for: string;
  readonly closed?: string;
  readonly off?: boolean;
}

const receivedSchema = z.object({ limit: limitSchema.optional() });

const ripple = (site: string, options: Signal): Promise<void> => {
  const steps = options.closed === undefined || options.closed === '' ? [] : options.closed.split(',').map(Number);
  if (steps.some((step) => !(RIPPLE_STEPS_PCT as readonly number[]).includes(step)))
    throw new BadInput(`--closed "${options.closed}": write some of ${RIPPLE_STEPS_PCT.join(', ')}, with commas between them`);
  return signal('ripple', site, { closedPct: steps }, options);
};

const dim = (site: string, options: Signal): Promise<void> => signal('dimming', site, { dimmed: !options.off }, options);

const SIGNALLED_BY: OptionsOf<z.infer<typeof rippleRequestSchema> & z.infer<typeof dimmingRequestSchema>> = {
  closedPct: '--closed',
  dimmed: '--off',
  validMinutes: '--for',
};

const signal = async (name: 'ripple' | 'dimming', site: string, word: object, options: Signal): Promise<void> => {
  const validMinutes = askedLengthMs('--for', options.for) / MINUTE_MS;
  const path = `/api/limits/${name}/${encodeURIComponent(site)}`;
  const answer = await asOperator(options, (client) => client.putFor(path, { ...word, validMinutes }, receivedSchema), SIGNALLED_BY);
  if (options.json) return console.log(JSON.stringify(answer, null, 2));
  console.log(answer.limit ? `limit ${answer.limit.id}: ${lineOf(answer.limit)}` : `no ${name} limit is in force at ${site}`);
};

const SET_BY: OptionsOf<z.infer<typeof limitRequestSchema>> = {
  scope: '--scope',
  kind: '--kind',
  valueW: '--power',
  startMs: '--start',
  endMs: '--for',
  reason: '--reason',
};

const set = async (options: Setting): Promise<void> => {
  const { kind, scope, reason } = options;
  const valueW = askedPowerW('--power', options.power);
  const lengthMs = askedLengthMs('--for', options.for);
  const askedMs = options.start === undefined ? undefined : askedMoment('--start', options.start);
  const ask = async (client: PlantClient) => {
    const startMs = askedMs ?? (await plantNowMs(client));
    return client.post('/api/limits', { kind, scope, valueW, startMs, endMs: startMs + lengthMs, reason }, setSchema);
  };
  const limit = await asOperator(options, ask, SET_BY);
  if (options.json) return console.log(JSON.stringify(limit, null, 2));
  console.log(`limit ${limit.id}: ${lineOf(limit)}`);
  if (limit.note !== undefined) console.log(`  ${limit.note}`);
};

const lineOf = ({ scope, kind, valueW, endMs, setBy, reason }: z.infer<typeof limitSchema>): string =>
  `${scope} ${kind} at most ${valueW} W until ${new Date(endMs).toISOString()}, set by ${setBy}: ${reason}`;

const list = async (options: Options): Promise<void> => {
  const limits = await asOperator(options, (client) => client.get('/api/limits', z.array(limitSchema)));
  if (options.json) return console.log(JSON.stringify(limits, null, 2));
  for (const limit of limits) console.log(`${String(limit.id).padStart(4)}  ${lineOf(limit)}`);
  if (limits.length === 0) console.log('no limit is in force or to come');
};

const withdraw = async (id: string, options: Options): Promise<void> => {
  if (!/^\d+$/.test(id)) throw new BadInput(`"${id}": write the limit’s number, as in vpp limit list`);
  await asOperator(options, (client) => client.delete(`/api/limits/${id}`));
  console.log(options.json ? JSON.stringify({ withdrawn: Number(id) }) : `limit ${id} is withdrawn`);
};
