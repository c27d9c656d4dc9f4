import { Command } from 'commander';
import { explainCommand } from './explain.js';
import { schemaCommand } from './schema.js';
import { solveCommand } from './solve.js';
import { validateCommand } from './validate.js';

/** `vpp schedule …` */
export const scheduleCommand = (): Command =>
  new Command('schedule')
    .description('plans of generators and batteries')
    .addCommand(solveCommand())
    .addCommand(explainCommand())
    .addCommand(validateCommand())
    .addCommand(schemaCommand());
