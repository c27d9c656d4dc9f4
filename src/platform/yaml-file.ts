import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { BadInput } from '../kernel/errors.js';
import { readBySchema } from './schema-faults.js';

export type FaultPath = readonly PropertyKey[];
/** A further check over the whole parsed file: what is wrong, and where. */
export type CrossCheck<T> = (value: T) => { path: FaultPath; message: string }[];

/**
 * A YAML text as the value its schema describes. Throws `BadInput` with one line for every fault at once, each as
 * `file:line: where: what`; of a text that is no YAML, with its first slip.
 */
export const parseYaml = <T>(file: string, text: string, schema: z.ZodType<T>, crossCheck: CrossCheck<T> = () => []): T => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    // What follows the first slip is mostly its echo.
    const [first] = document.errors;
    const said = first!.message.split('\n')[0]!.replace(/( at line \d+, column \d+)?:?$/, '');
    throw new BadInput(`${file}:${lines.linePos(first!.pos[0]).line}: ${said}`);
  }
  const lineOf = (path: FaultPath): number => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      const start = (node as { range?: [number, number, number] } | null | undefined)?.range?.[0];
      if (start !== undefined) return lines.linePos(start).line;
    }
    return 1;
  };
  const fault = (path: FaultPath, message: string): string =>
    `${file}:${lineOf(path)}: ${path.length > 0 ? `${namedPath(value, path)}: ` : ''}${message}`;
  const value: unknown = document.toJS();
  const read = readBySchema(schema, value);
  const faults = 'faults' in read ? read.faults : crossCheck(read.value);
  if ('faults' in read || faults.length > 0) throw new BadInput(faults.map(({ path, message }) => fault(path, message)));
  return read.value;
};

/** A path for people: what has an id goes by it, and not by its place in a list. */
const namedPath = (value: unknown, path: FaultPath): string => {
  let at: unknown = value;
  return path
    .map((key) => {
      at = typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined;
      const id = typeof key === 'number' && typeof at === 'object' && at !== null ? (at as { id?: unknown }).id : undefined;
      return typeof id === 'string' && id !== '' ? id : String(key);
    })
    .join('.');
};
