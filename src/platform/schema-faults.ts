import { z } from 'zod';
import { meantIssues, type SchemaIssue, wordsOf } from '../kernel/schema-words.js';

export interface SchemaFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a schema finds wrong with a value read from a file, all at once, in words for who wrote the file; or the value it describes. */
export const readBySchema = <T>(schema: z.ZodType<T>, value: unknown): { value: T } | { faults: SchemaFault[] } => {
  const parsed = schema.safeParse(value, { error: wordsOf });
  if (parsed.success) return { value: parsed.data };
  const known = knownKeys(schema);
  return { faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, known)) };
};

/** Inside of what fits none of several shapes every fault is one of its own, unless the schema has words for all of it. */
const faultsOf = (issue: SchemaIssue, known: KeysAt, under: readonly PropertyKey[] = []): SchemaFault[] => {
  const path = [...under, ...(issue.path ?? [])];
  const inside = issue.code === 'invalid_union' && issue.message === wordsOf(issue) ? meantIssues(issue) : [];
  if (inside.length > 0) return inside.flatMap((one) => faultsOf(one, known, path));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: String(issue.message) }];
  return (issue.keys as string[]).map((key) => {
    const names = known(path);
    const near = nearest(key, names);
    const hint = near === undefined ? `known here: ${names.join(', ')}` : `did you mean "${near}"?`;
    return { path: [...path, key], message: `nothing here is called that; ${hint}` };
  });
};

type KeysAt = (path: readonly PropertyKey[]) => string[];
type JsonSchema = z.core.JSONSchema.JSONSchema;

/** The fields that may stand at a path: of every alternative, where there are several. */
const knownKeys = (schema: z.ZodType): KeysAt => {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const alternatives = (node: JsonSchema | undefined): JsonSchema[] =>
    node === undefined ? [] : [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(alternatives)];
  const step = (node: JsonSchema, key: PropertyKey): (JsonSchema | boolean | undefined)[] => {
    if (typeof key !== 'number') return [node.properties?.[String(key)], node.additionalProperties];
    return Array.isArray(node.items) ? [node.items[key]] : [node.items, ...(node.prefixItems ?? []).slice(key, key + 1)];
  };
  const isSchema = (node: unknown): node is JsonSchema => typeof node === 'object' && node !== null;
  return (path) => {
    const at = path.reduce<JsonSchema[]>(
      (nodes, key) => nodes.flatMap((node) => step(node, key).filter(isSchema).flatMap(alternatives)),
      alternatives(root),
    );
    return [...new Set(at.flatMap((node) => Object.keys(node.properties ?? {})))];
  };
};

/** The name somebody may have meant: one that begins or is begun by theirs, or is at most a third of its letters away. */
export const nearest = (word: string, names: readonly string[]): string | undefined => {
  const lower = word.toLowerCase();
  const begins = names.find((name) => lower.length > 2 && (name.toLowerCase().startsWith(lower) || lower.startsWith(name.toLowerCase())));
  if (begins !== undefined) return begins;
  const [best] = names
    .map((name) => ({ name, edits: editsBetween(lower, name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(1, Math.floor(Math.max(name.length, word.length) / 3)))
    .toSorted((a, b) => a.edits - b.edits);
  return best?.name;
};

/** Levenshtein's distance: how many letters are put in, left out or changed between two words. */
const editsBetween = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) next.push(Math.min(row[j]! + (a[i] === b[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    row = next;
  }
  return row[b.length]!;
};
