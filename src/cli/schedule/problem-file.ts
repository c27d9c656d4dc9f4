import { readFile } from 'node:fs/promises';
import { BadInput, messageOf } from '../../kernel/errors.js';
import { isPglib, readPglib } from '../../schedule/pglib.js';
import type { PlanningProblem } from '../../schedule/problem.js';
import { faultLine } from '../../schedule/statement/problem-fault.js';
import { type ReadProblem, readProblem } from '../../schedule/statement/read-problem.js';

/** Some editors begin a file with it. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** What a file says, in our format or pglib-uc's: the problem, or every fault of it. */
export const readProblemFile = async (file: string): Promise<ReadProblem> => {
  let input: unknown;
  try {
    input = JSON.parse((await readFile(file, 'utf8')).replace(BYTE_ORDER_MARK, ''));
  } catch (error) {
    const mend = error instanceof SyntaxError ? 'give JSON' : 'give a file that can be read';
    // Of text that is no JSON the message quotes some, line ends and all.
    const reason = messageOf(error).replaceAll(/\s+/g, ' ');
    return { faults: [{ path: '', what: `can't be read: ${reason}`, mend }] };
  }
  return isPglib(input) ? readPglib(input) : readProblem(input);
};

/** The problem in a file. Throws `BadInput` with every fault at once. */
export const problemIn = async (file: string): Promise<PlanningProblem> => {
  const { problem, faults } = await readProblemFile(file);
  if (!problem) throw new BadInput(faults.map((fault) => `${file}: ${faultLine(fault)}`));
  return problem;
};
