import { BadInput } from '../kernel/errors.js';
import type { PlanningProblem } from './problem.js';
import { faultLine } from './statement/problem-fault.js';
import { type ReadProblem, readProblem } from './statement/read-problem.js';

/** The problem that was read; throws `BadInput` with every fault at once where there are any. */
export const orBadInput = ({ problem, faults }: ReadProblem): PlanningProblem => {
  if (!problem) throw new BadInput(faults.map(faultLine));
  return problem;
};

/** A problem from outside: its shape, and that its parts fit together. */
export const parseProblem = (input: unknown): PlanningProblem => orBadInput(readProblem(input));
