import { Argument, Command } from 'commander';
import { answerJsonSchema, problemJsonSchema } from '../../schedule/statement/json-schema.js';

const EXAMPLE = `
Example:
  vpp schedule schema problem
  vpp schedule schema answer`;

/** `vpp schedule schema` */
export const schemaCommand = (): Command =>
  new Command('schema')
    .description('JSON schema of a planning problem or of its answer, each field with its unit and sign')
    .addArgument(new Argument('<which>', 'whose schema').choices(['problem', 'answer']))
    .option('--json', 'it is JSON anyway')
    .addHelpText('after', EXAMPLE)
    .action((which: 'problem' | 'answer') => {
      console.log(JSON.stringify(which === 'problem' ? problemJsonSchema() : answerJsonSchema(), null, 2));
    });
