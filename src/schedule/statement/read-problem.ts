import { z } from 'zod';
import { demandOf, foundAt, wordsOf } from '../../kernel/schema-words.js';
import { nearest } from '../../platform/schema-faults.js';
import { planningProblemSchema, type PlanningProblem } from '../problem.js';
import { FaultList, type ProblemFault } from './problem-fault.js';
import { noteOf } from './problem-notes.js';
import type { Lenient } from './lenient-problem.js';
import { partFaults } from './part-faults.js';

export type ReadProblem =
  | { readonly problem: PlanningProblem; readonly faults: readonly [] }
  | { readonly problem?: undefined; readonly faults: readonly ProblemFault[] };

/**
 * A problem from outside, or every fault of it at once: a field that can't be read does not hide what is wrong with the others. What fits
 * the schema is held against the rules between fields too.
 */
export const readProblem = (input: unknown): ReadProblem => {
  const found = new FaultList();
  const read = readValue(found, planningProblemSchema, input, '');
  partFaults(found, isRecord(read) ? read : {});
  if (found.faults.length > 0) return { faults: found.faults };
  const whole = readWhole(planningProblemSchema, input);
  return 'faults' in whole ? whole : { problem: whole.value, faults: [] };
};

/** What a schema as a whole reads of a value, or what it says is wrong, with paths written as ours are. */
export const readWhole = <T>(schema: z.ZodType<T>, input: unknown): { value: T } | { faults: ProblemFault[] } => {
  const parsed = schema.safeParse(input, { error: wordsOf, reportInput: true });
  if (parsed.success) return { value: parsed.data };
  return { faults: parsed.error.issues.map(faultOf) };
};

const faultOf = (issue: z.core.$ZodIssue): ProblemFault => {
  const demand = demandOf(issue);
  const path = issue.path.reduce<string>(
    (at, key) => (typeof key === 'number' ? `${at}[${key}]` : at === '' ? String(key) : `${at}.${String(key)}`),
    '',
  );
  const words = demand === undefined ? { what: issue.message, mend: 'take it out' } : { what: foundAt(issue), mend: `give ${demand}` };
  return { path: path || 'problem', ...words };
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields that may stand in a file for people and their editors. */
const REMARK = /^(?:\$schema|note|comment|name|description|_.*|x-.*)$/;
/** Of one list of numbers so many bad ones are named; the rest is counted. */
const NAMED = 3;

const bare = (schema: unknown): unknown => {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.def.innerType;
  return inner;
};

/** What can be read of a value; what can't be is `undefined` and noted as a fault. */
const readValue = (found: FaultList, schema: unknown, value: unknown, path: string, part?: string): unknown => {
  const inner = bare(schema);
  if (value === undefined && inner !== schema) return (schema as z.ZodType).parse(undefined);
  if (inner instanceof z.ZodObject) return readObject(found, inner, value, path, part);
  if (inner instanceof z.ZodArray && Array.isArray(value)) return readList(found, inner, value, path, part);
  if (inner instanceof z.ZodUnion && Array.isArray(value)) {
    const list = inner.def.options.find((option) => option instanceof z.ZodArray);
    if (list) return readList(found, list, value, path, part);
  }
  const single = inner instanceof z.ZodUnion ? inner.def.options.find((option) => !(option instanceof z.ZodArray)) : inner;
  const parsed = (single as z.ZodType).safeParse(value);
  if (parsed.success) return parsed.data;
  found.add(path || 'problem', value === undefined ? 'is missing' : `is ${shown(value)}`, wanted(single as z.ZodType, value, path), part);
  return undefined;
};

const readObject = (found: FaultList, schema: z.ZodObject, value: unknown, path: string, part?: string): Lenient<object> | undefined => {
  if (!isRecord(value)) {
    found.add(path || 'problem', value === undefined ? 'is missing' : `is ${shown(value)}`, 'give an object', part);
    return undefined;
  }
  const name = typeof value['id'] === 'string' && value['id'] !== '' ? value['id'] : part;
  const at = (field: string): string => (path === '' ? field : `${path}.${field}`);
  const fields = Object.keys(schema.shape);
  for (const field of Object.keys(value))
    if (!fields.includes(field) && !REMARK.test(field)) found.add(at(field), 'is no field here', meant(field, fields), name);
  return Object.fromEntries(fields.map((field) => [field, readValue(found, schema.shape[field], value[field], at(field), name)]));
};

const readList = (found: FaultList, schema: z.ZodArray, values: readonly unknown[], path: string, part?: string): unknown[] | undefined => {
  if (schema.element instanceof z.ZodObject) {
    if (values.length === 0 && !schema.safeParse([]).success) found.add(path, 'is empty', 'give at least one', part);
    return values.map((value, index) => readValue(found, schema.element, value, `${path}[${index}]`, part));
  }
  const element = schema.element as z.ZodType;
  const bad = values.flatMap((value, index) => (element.safeParse(value).success ? [] : [index]));
  bad.slice(0, NAMED).forEach((index, place) => {
    const more = place === NAMED - 1 && bad.length > NAMED ? ` (and ${bad.length - NAMED} more like it)` : '';
    found.add(`${path}[${index}]`, `is ${shown(values[index])}${more}`, wanted(element, values[index], path), part);
  });
  if (bad.length > 0) return undefined;
  if (values.length === 0 && !schema.safeParse([]).success) found.add(path, 'is empty', 'give at least one', part);
  return [...values];
};

const LONGEST = 40;

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

const below = (one: unknown, other: unknown): boolean => typeof one === 'number' && typeof other === 'number' && one < other;

/** Bounds that only keep out slips are told where one was made. */
const SLIP = 1e13;

/** What a field takes, in words, with its unit. */
const wanted = (schema: z.ZodType, value: unknown, path: string): string => {
  const shape = z.toJSONSchema(schema, { io: 'input' });
  if (shape.const !== undefined) return `give ${JSON.stringify(shape.const)}`;
  if (shape.enum) return `give one of ${shape.enum.join(', ')}`;
  if (shape.type === 'boolean') return 'give true or false';
  if (shape.type === 'string') return 'give a text that is not empty';
  if (shape.type === 'array') return 'give a list';
  const bounds = [
    ...(shape.minimum !== undefined && (shape.minimum > -SLIP || below(value, shape.minimum)) ? [`from ${shape.minimum}`] : []),
    ...(shape.exclusiveMinimum === undefined ? [] : [`above ${shape.exclusiveMinimum}`]),
    ...(shape.maximum !== undefined && (shape.maximum < SLIP || below(shape.maximum, value)) ? [`up to ${shape.maximum}`] : []),
  ];
  const unit = noteOf(path)?.[0];
  return [
    'give a',
    shape.type === 'integer' ? 'whole number' : 'number',
    ...bounds,
    ...(unit && unit !== 'share' ? [`in ${unit}`] : []),
  ].join(' ');
};

/** The field somebody may have meant. */
const meant = (field: string, fields: readonly string[]): string => {
  const near = nearest(field, fields);
  return near === undefined ? 'take it out' : `"${near}" is one: rename it, or take it out`;
};
