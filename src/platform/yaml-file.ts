import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { BadInput } from '../kernel/errors.js';

export type FaultPath = readonly PropertyKey[];
/** A further check over the whole parsed file: what is wrong, and where. */
export type CrossCheck<T> = (value: T) => { path: FaultPath; message: string }[];

/**
 * A YAML text as the value its schema describes. Throws `BadInput` with one line for every fault at once, each as
 * `file:line: where: what`.
 */
export const parseYaml = <T>(file: string, text: string, schema: z.ZodType<T>, crossCheck: CrossCheck<T> = () => []): T => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new BadInput(document.errors.map((error) => `${file}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0]}`));
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
    `${file}:${lineOf(path)}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`;
  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success) throw new BadInput(parsed.error.issues.map((issue) => fault(issue.path, issue.message)));
  const crossed = crossCheck(parsed.data);
  if (crossed.length > 0) throw new BadInput(crossed.map(({ path, message }) => fault(path, message)));
  return parsed.data;
};
