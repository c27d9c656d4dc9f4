import { Command } from 'commander';
import { z } from 'zod';
import { eventAnswerSchema, type eventRequestSchema, gridEventSchema } from '../grid/schemas.js';
import { BadInput } from '../kernel/errors.js';
import { MINUTE_MS } from '../kernel/units.js';
import type { OptionsOf, PlantClient } from './plant-client.js';
import { asOperator, DEFAULT_PLANT, PLANT_HELP } from './as-operator.js';
import { askedLengthMs, askedMoment, askedPowerW, plantNowMs } from './asked-for.js';

interface Options {
  readonly plant: string;
  readonly json?: boolean;
}

interface Announcement extends Options {
  readonly up?: string;
  readonly down?: string;
  readonly start?: string;
  readonly for: string;
  readonly price: string;
  readonly dryRun?: boolean;
}

const outcomeSchema = gridEventSchema.extend({ note: z.string().optional() });
const MICRO = 1e6;

/** `vpp event …`: wishes of the grid, without a browser. */
export const eventCommand = (): Command => {
  const command = new Command('event').description('ask a running plant for flexibility');
  command
    .command('announce')
    .description('announce an event; says how much of it is to be expected and why not the rest, and exits 1 where that is nothing')
    .option('--up <power>', 'the fleet is to take so much less from the grid than it would have')
    .option('--down <power>', 'or so much more')
    .option('--start <time>', 'when it begins, with its offset; at once without it')
    .option('--for <length>', 'how long it lasts', '1h')
    .option('--price <amount>', 'what households are paid for a kWh, in the plant’s currency', '0')
    .option('--dry-run', 'say what would be expected of it now, and announce nothing')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText(
      'after',
      '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp event announce --up 20kW --start 2026-06-01T18:00:00Z --for 2h --price 0.35',
    )
    .action(announce);
  command
    .command('amend')
    .argument('<id>', 'as EV-0001')
    .description('ask for another power, or an earlier end; of an event that runs it counts at once')
    .option('--up <power>', 'the fleet is to take so much less from the grid than it would have')
    .option('--down <power>', 'or so much more')
    .option('--for <length>', 'how long it lasts, counted from its start')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp event amend EV-0001 --up 12kW')
    .action(amend);
  command
    .command('list')
    .description('the newest events, what was accepted of them, and what they deliver')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp event list')
    .action(list);
  command
    .command('cancel')
    .argument('<id>', 'as EV-0001')
    .description('take an event back; of one that runs nothing more is asked for, and it is settled until the end of the running interval')
    .option('--plant <url>', PLANT_HELP, DEFAULT_PLANT)
    .option('--json', 'print JSON for machines')
    .addHelpText('after', '\nExample:\n  $ VPP_USER=anna VPP_PASSWORD=… vpp event cancel EV-0001')
    .action(cancel);
  return command;
};

/** A power and its direction, where one is given. Throws `BadInput`. */
const askedWish = ({ up, down }: Pick<Announcement, 'up' | 'down'>): { direction: 'up' | 'down'; powerW: number } | undefined => {
  if (up !== undefined && down !== undefined) throw new BadInput('give either --up or --down, a power');
  if (up !== undefined) return { direction: 'up', powerW: askedPowerW('--up', up) };
  return down === undefined ? undefined : { direction: 'down', powerW: askedPowerW('--down', down) };
};

const givenBy = ({ up }: Pick<Announcement, 'up'>): OptionsOf<z.infer<typeof eventRequestSchema>> => {
  const power = up === undefined ? '--down' : '--up';
  return { direction: power, powerW: power, startMs: '--start', durationMinutes: '--for', priceMicroPerKwh: '--price' };
};

const amend = async (id: string, options: Options & Partial<Pick<Announcement, 'up' | 'down' | 'for'>>): Promise<void> => {
  const change = {
    ...askedWish(options),
    ...(options.for === undefined ? {} : { durationMinutes: askedLengthMs('--for', options.for) / MINUTE_MS }),
  };
  if (Object.keys(change).length === 0) throw new BadInput('say what is to change: --up or --down, or --for');
  const path = `/api/events/${encodeURIComponent(id)}`;
  tell(await asOperator(options, (client) => client.patch(path, change, outcomeSchema), givenBy(options)), options);
};

const announce = async (options: Announcement): Promise<void> => {
  const { price } = options;
  const asked = askedWish(options);
  if (!asked) throw new BadInput('give either --up or --down, a power');
  const durationMinutes = askedLengthMs('--for', options.for) / MINUTE_MS;
  if (!/^\d+(\.\d+)?$/.test(price)) throw new BadInput(`--price "${price}": write an amount, as 0.35`);
  const startMs = options.start === undefined ? undefined : askedMoment('--start', options.start);
  const wish = async (client: PlantClient) => ({
    ...asked,
    startMs: startMs ?? (await plantNowMs(client)),
    durationMinutes,
    priceMicroPerKwh: Math.round(Number(price) * MICRO),
  });
  if (options.dryRun) {
    const answer = await asOperator(
      options,
      async (client) => client.post('/api/events/answer', await wish(client), eventAnswerSchema),
      givenBy(options),
    );
    if (answer.verdict === 'refused') process.exitCode = 1;
    if (options.json) return console.log(JSON.stringify(answer, null, 2));
    return say('it would be', answer, asked.powerW);
  }
  const announced = async (client: PlantClient) => client.post('/api/events', await wish(client), outcomeSchema);
  tell(await asOperator(options, announced, givenBy(options)), options);
};

const tell = (event: z.infer<typeof outcomeSchema>, options: Options): void => {
  if (options.json) return console.log(JSON.stringify(event, null, 2));
  if (event.answer) say(`${event.id} is`, event.answer, event.powerW);
  console.log(`  from ${new Date(event.startMs).toISOString()} to ${new Date(event.endMs).toISOString()}`);
  if (event.note !== undefined) console.log(`  ${event.note}`);
};

const say = (who: string, { verdict, acceptedW, reasons }: z.infer<typeof eventAnswerSchema>, powerW: number): void => {
  console.log(`${who} ${verdict === 'in-part' ? `accepted in part: ${acceptedW} of ${powerW} W` : verdict}`);
  for (const reason of reasons) console.log(`  missing: ${reason}`);
};

const list = async (options: Options): Promise<void> => {
  const events = await asOperator(options, (client) => client.get('/api/events', z.array(gridEventSchema)));
  if (options.json) return console.log(JSON.stringify(events, null, 2));
  for (const { id, state, direction, powerW, startMs, endMs, answer, deliveredW } of events) {
    const times = `${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}`;
    const accepted = answer ? `  accepted ${answer.acceptedW} W` : '';
    const now = deliveredW === undefined ? '' : `  now ${deliveredW} W`;
    console.log(`${id}  ${state.padEnd(9)}  ${direction.padEnd(4)} ${powerW} W  ${times}${accepted}${now}`);
  }
};

const cancel = async (id: string, options: Options): Promise<void> => {
  const event = await asOperator(options, (client) => client.remove(`/api/events/${encodeURIComponent(id)}`, outcomeSchema));
  if (options.json) return console.log(JSON.stringify(event, null, 2));
  console.log(event.note ?? `${event.id} is ${event.state}`);
};
