import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import { BadInput, messageOf } from '../../kernel/errors.js';
import { HOUR_MS } from '../../kernel/units.js';
import { meritOrder } from '../../schedule/merit-order.js';
import { planFaults } from '../../schedule/plan-check.js';
import type { SolveLimits } from '../../schedule/plan-solver.port.js';
import type { PlanningProblem } from '../../schedule/problem.js';
import type { Schedule } from '../../schedule/schedule.js';
import { WorkerSolver } from '../../schedule/worker-solver.js';
import type { DeviceReasons } from '../../schedule/why/reason.js';
import { reasonsOf } from '../../schedule/why/reasons.js';
import { planChart } from './chart/plan-chart.js';
import { problemIn } from './problem-file.js';

interface SolveOptions {
  gap: string;
  timeLimit: string;
  json?: boolean;
  chart?: string;
}

const EXAMPLE = `
Example:
  vpp schedule solve docs/schedule-sample.json --chart plan.html
  vpp schedule solve problem.json --gap 0.0001 --time-limit 30 --json`;

/** `vpp schedule solve` */
export const solveCommand = (): Command =>
  new Command('solve')
    .description('one planning problem in, one plan out')
    .argument('<file>', 'planning problem, JSON; also unit commitment in the format of pglib-uc')
    .option('--gap <share>', 'share of the cost by which the plan may miss the best', '0.0001')
    .option('--time-limit <seconds>', 'when time is up, the best plan found counts', '60')
    .option('--chart <file>', 'draw the plan: power, prices, stored energy, what runs; a page that needs no network (.html)')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLE)
    .action(solve);

const positive = (text: string, name: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '') throw new BadInput(`--${name} must be a number from 0 on, not "${text}"`);
  return value;
};

/** Solves in a thread of its own; by merit order where that fails. */
export const solved = async (problem: PlanningProblem, limits: SolveLimits): Promise<Schedule> => {
  const solver = new WorkerSolver();
  try {
    return await solver.solve(problem, limits).catch((error: unknown) => meritOrder(problem, messageOf(error)));
  } finally {
    await solver.onModuleDestroy();
  }
};

export const limitsOf = ({ gap, timeLimit }: Pick<SolveOptions, 'gap' | 'timeLimit'>): SolveLimits => ({
  gap: positive(gap, 'gap'),
  timeLimitS: positive(timeLimit, 'time-limit'),
});

const solve = async (file: string, options: SolveOptions): Promise<void> => {
  const limits = limitsOf(options);
  if (options.chart !== undefined && !options.chart.endsWith('.html'))
    throw new BadInput(`--chart ${options.chart}: the picture is a page; end it in .html`);
  const problem = await problemIn(file);
  const plan = await solved(problem, limits);
  const faults = planFaults(problem, plan);
  if (options.chart !== undefined) await writeChart(options.chart, planChart(problem, plan, basename(file)));
  if (options.json) printJson(plan, faults, reasonsOf(problem, plan));
  else printText(plan, faults);
  if (faults.length > 0) process.exitCode = 1;
};

const writeChart = async (file: string, page: string): Promise<void> => {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw new BadInput(`--chart ${file}: can't be written: ${messageOf(error)}`);
  }
};

const printJson = (plan: Schedule, faults: readonly string[], reasons: readonly DeviceReasons[]): void => {
  const { status, costMicro, gap, seconds, breaches, solver, reason, currency } = plan;
  const answer = { status, solver, reason, cost: costMicro / 1e6, currency, gap, seconds, breaches, faults, plan, reasons };
  console.log(JSON.stringify(answer, null, 2));
};

const COLUMN = 11;

const kilowatts = (powerW: number): string => (powerW / 1_000).toFixed(2).padStart(COLUMN);

const printText = (plan: Schedule, faults: readonly string[]): void => {
  const gap = plan.gap === undefined ? '' : `, gap ${(plan.gap * 100).toFixed(3)} %`;
  console.log(`${plan.status} by ${plan.solver}${plan.reason ? ` (${plan.reason})` : ''} in ${plan.seconds.toFixed(3)} s${gap}`);
  console.log(`cost ${(plan.costMicro / 1e6).toFixed(4)} ${plan.currency}`);
  for (const [part, micro] of Object.entries(plan.cost) as [string, number][])
    if (Math.abs(micro) >= 50) console.log(`  ${part.replace('Micro', '').padEnd(12)} ${(micro / 1e6).toFixed(4)}`);
  const columns: [string, readonly (readonly number[])[]][] = [
    ['load', plan.sites.map(({ loadW }) => loadW)],
    ['flexible', plan.loads.map(({ drawW }) => drawW)],
    ['sun', plan.sites.map(({ pvW }) => pvW)],
    ['battery', plan.batteries.map(({ powerW }) => powerW)],
    ['generator', plan.generators.map(({ powerW }) => powerW)],
    ['grid', plan.sites.map(({ gridW }) => gridW)],
    ['kWh', plan.batteries.map(({ energyWh }) => energyWh)],
  ];
  console.log(`\n${'kW, from'.padEnd(18)}${columns.map(([name]) => name.padStart(COLUMN)).join('')}`);
  const sum = (series: readonly (readonly number[])[], step: number): number => series.reduce((total, values) => total + values[step]!, 0);
  plan.steps.forEach(({ startMs, endMs }, step) => {
    const cells = columns.map(([, series]) => kilowatts(sum(series, step)));
    const from = new Date(startMs).toISOString().slice(5, 16).replace('T', ' ');
    console.log(`${from} ${((endMs - startMs) / HOUR_MS).toFixed(2)} h${cells.join('')}`);
  });
  for (const { generatorId, on } of plan.generators) console.log(`${generatorId}: ${on.map((runs) => (runs ? '█' : '·')).join('')}`);
  for (const { kind, subject, startMs, size } of plan.breaches)
    console.log(`bent: ${kind} of ${subject} by ${size} from ${new Date(startMs).toISOString()}`);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
};
