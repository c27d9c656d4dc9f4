import { z } from 'zod';
import { planningProblemSchema } from '../problem.js';
import { answerSchema } from './answer-schema.js';
import { noteOf } from './problem-notes.js';

interface Shape {
  [key: string]: unknown;
  properties?: Record<string, Shape>;
  items?: Shape;
  anyOf?: Shape[];
}

/** The JSON schema (draft 2020-12) of a planning problem, made from the schema that reads it, with each field's unit and sign. */
export const problemJsonSchema = (): object => {
  const shape = z.toJSONSchema(planningProblemSchema, { io: 'input', target: 'draft-2020-12' }) as Shape;
  noted(shape, '');
  return { ...shape, title: 'Planning problem', description: 'Devices, limits and prices in; vpp schedule solve makes the plan.' };
};

/** The JSON schema of what `vpp schedule solve --json` answers. */
export const answerJsonSchema = (): object => ({
  ...z.toJSONSchema(answerSchema, { io: 'output', target: 'draft-2020-12' }),
  title: 'Answer to a planning problem',
  description: 'Powers are mean AC watts over a step, into the site’s bus positive; money is in millionths of the currency.',
});

/** Writes the note of each field into its place. Fields that are not there are refused, but for remarks. */
const noted = (shape: Shape, path: string): void => {
  if (shape.properties) {
    shape['additionalProperties'] = false;
    for (const [field, inner] of Object.entries(shape.properties)) noted(inner, path === '' ? field : `${path}.${field}`);
    shape['patternProperties'] = { '^(\\$schema|note|comment|name|description|_.*|x-.*)$': { description: 'A remark; not read.' } };
  }
  if (shape.items?.properties) noted(shape.items, `${path}[]`);
  const note = noteOf(path);
  if (path === '' || path.endsWith('[]') || !note) return;
  shape['description'] = note[1];
  if (note[0] !== '') shape['x-unit'] = note[0];
};

/** Every path of a JSON schema; `[]` stands for each entry of a list. */
export const pathsOf = (shape: object, path = ''): string[] => {
  const { properties = {}, items } = shape as Shape;
  return [
    ...Object.entries(properties).flatMap(([field, inner]) => {
      const at = path === '' ? field : `${path}.${field}`;
      return [at, ...pathsOf(inner, at)];
    }),
    ...(items ? pathsOf(items, `${path}[]`) : []),
  ];
};
