import { Command } from 'commander';
import { BadInput } from '../../kernel/errors.js';
import { type PlanningProblem, stepsOf } from '../../schedule/problem.js';
import { faultLine } from '../../schedule/statement/problem-fault.js';
import { readProblemFile } from './problem-file.js';

const EXAMPLE = `
Exit code 2 where there are faults.

Example:
  vpp schedule validate docs/schedule-sample.json
  vpp schedule validate problem.json --json`;

/** `vpp schedule validate` */
export const validateCommand = (): Command =>
  new Command('validate')
    .description('lists every fault of a problem file at once: where, what, and how to mend it')
    .argument('<file>', 'planning problem, JSON; also unit commitment in the format of pglib-uc')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLE)
    .action(validate);

const validate = async (file: string, { json }: { json?: boolean }): Promise<void> => {
  const { problem, faults } = await readProblemFile(file);
  if (json) {
    console.log(JSON.stringify({ file, valid: faults.length === 0, faults }, null, 2));
    if (faults.length > 0) process.exitCode = 2;
    return;
  }
  if (!problem)
    throw new BadInput([...faults.map((fault) => `${file}: ${faultLine(fault)}`), `${file}: ${counted(faults.length, 'fault')}`]);
  console.log(`${file}: no faults. ${sizeOf(problem)}`);
};

const counted = (count: number, name: string, names = `${name}s`): string => `${count} ${count === 1 ? name : names}`;

const sizeOf = (problem: PlanningProblem): string => {
  const steps = stepsOf(problem);
  const parts = [
    counted(problem.sites.length, 'site'),
    counted(problem.batteries.length, 'battery', 'batteries'),
    counted(problem.generators.length, 'generator'),
    counted(problem.flexibleLoads.length, 'flexible load'),
    counted(problem.events.length, 'event'),
  ];
  const time = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
  return `${counted(steps.length, 'step')} from ${time(steps[0]!.startMs)} to ${time(steps.at(-1)!.endMs)} UTC, ${parts.join(', ')}.`;
};
