import { Command } from 'commander';
import { BadInput } from '../../kernel/errors.js';
import type { PlanningProblem } from '../../schedule/problem.js';
import { type Schedule, stepAt } from '../../schedule/schedule.js';
import { powersOf } from '../../schedule/why/device-powers.js';
import type { DeviceReasons, Reason } from '../../schedule/why/reason.js';
import { reasonsOf } from '../../schedule/why/reasons.js';
import { sentence, type Words } from '../../schedule/why/sentence.js';
import { problemIn } from './problem-file.js';
import { limitsOf, solved } from './solve.js';

interface ExplainOptions {
  gap: string;
  timeLimit: string;
  device?: string;
  at?: string;
  json?: boolean;
}

const EXAMPLE = `
Example:
  vpp schedule explain docs/schedule-sample.json
  vpp schedule explain docs/schedule-sample.json --device home-battery --at 2024-06-01T18:30Z`;

/** `vpp schedule explain` */
export const explainCommand = (): Command =>
  new Command('explain')
    .description('why each device does what its plan has it do, in sentences')
    .argument('<file>', 'planning problem, JSON; also unit commitment in the format of pglib-uc')
    .option('--device <id>', 'this device alone; the sun of a site goes by the id of the site')
    .option('--at <time>', 'the step that holds this moment alone; ISO 8601 with its offset')
    .option('--gap <share>', 'share of the cost by which the plan may miss the best', '0.0001')
    .option('--time-limit <seconds>', 'when time is up, the best plan found counts', '60')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLE)
    .action(explain);

const explain = async (file: string, options: ExplainOptions): Promise<void> => {
  const limits = limitsOf(options);
  const problem = await problemIn(file);
  const atMs = momentOf(options.at);
  const ids = idsIn(problem);
  if (options.device !== undefined && !ids.includes(options.device))
    throw new BadInput(`--device "${options.device}" is not in ${file}; there are ${ids.join(', ')}`);
  const plan = await solved(problem, limits);
  const step = atMs === undefined ? undefined : stepAt(plan, atMs);
  if (step === -1) throw new BadInput(`--at ${options.at} is outside the plan, which reaches ${spanOf(plan)}`);
  const chosen = reasonsOf(problem, plan).filter(({ id }) => options.device === undefined || id === options.device);
  const told = chosen.flatMap((device) => stretchesOf(plan, device, step));
  if (options.json) console.log(JSON.stringify(told, null, 2));
  else printText(told);
};

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

const momentOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const atMs = Date.parse(text);
  if (!MOMENT.test(text) || Number.isNaN(atMs))
    throw new BadInput(`--at must be a time with its offset, for example 2024-06-01T18:30Z, not "${text}"`);
  return atMs;
};

const idsIn = ({ batteries, generators, sites, flexibleLoads }: PlanningProblem): string[] =>
  [...batteries, ...generators, ...flexibleLoads, ...sites].map(({ id }) => id);

const minute = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');

const spanOf = ({ steps }: Schedule): string => `from ${minute(steps[0]!.startMs)} to ${minute(steps.at(-1)!.endMs)} UTC`;

interface Told extends Reason {
  readonly kind: DeviceReasons['kind'];
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly says: string;
}

/** Steps of one reason are told as one stretch. */
const stretchesOf = (plan: Schedule, { kind, id, steps }: DeviceReasons, only: number | undefined): Told[] => {
  const words: Words = { currency: plan.currency, time: minute };
  const powerW = powersOf(plan, kind, id);
  const told: Told[] = [];
  let from = 0;
  steps.forEach((reason, step) => {
    if (JSON.stringify(reason) !== JSON.stringify(steps[step - 1]) || only !== undefined) from = step;
    if (only !== undefined && step !== only) return;
    if (from < step) told.pop();
    const { startMs } = plan.steps[from]!;
    told.push({
      kind,
      id,
      startMs,
      endMs: plan.steps[step]!.endMs,
      ...reason,
      says: sentence(reason, powerW.slice(from, step + 1), words),
    });
  });
  return told;
};

const printText = (told: readonly Told[]): void => {
  let shown: string | undefined;
  for (const { kind, id, startMs, endMs, says } of told) {
    if (shown !== `${kind} ${id}`) console.log(`${shown === undefined ? '' : '\n'}${kind === 'sun' ? 'sun of ' : ''}${id}`);
    shown = `${kind} ${id}`;
    console.log(`  ${minute(startMs)}-${minute(endMs).slice(11)}  ${says}`);
  }
};
