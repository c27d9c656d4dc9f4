/** What a schema says is wrong with a value, as Zod tells it: `$ZodRawIssue` before it has words, `$ZodIssue` after. */
export interface SchemaIssue extends Partial<Record<Detail, unknown>> {
  readonly code?: string | undefined;
  readonly path?: readonly PropertyKey[] | undefined;
  readonly message?: string | undefined;
}

type Detail =
  // What stands there; gone once the issue has its words.
  | 'input'
  | 'expected'
  | 'values'
  | 'keys'
  | 'origin'
  | 'minimum'
  | 'maximum'
  | 'inclusive'
  | 'exact'
  | 'divisor'
  | 'format'
  | 'pattern'
  | 'errors'
  | 'options'
  | 'discriminator';

/** An issue in words for who wrote the value: what stands there, and what belongs there. `undefined` where the schema has words of its own. */
export const wordsOf = (issue: SchemaIssue): string | undefined => {
  if (issue.code === 'unrecognized_keys') return `nothing here is called ${listed(issue.keys)}`;
  const inside = issue.code === 'invalid_union' ? meantIssues(issue) : [];
  if (inside.length > 0) return inside.map(({ path = [], message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
  const demand = demandOf(issue);
  if (demand === undefined) return undefined;
  const found = foundAt(issue);
  return found === MISSING ? `${found}; give ${demand}` : `${found}, and must be ${demand}`;
};

const MISSING = 'is missing';

/** What stands where an issue is, for issues that still hold their input. */
export const foundAt = (issue: SchemaIssue): string => {
  const value = valueAt(issue);
  return value === undefined ? MISSING : `is ${shown(value)}`;
};

/** What stands where an issue points to: of a shape that is known by one of its fields, that field. */
const valueAt = ({ input, discriminator }: SchemaIssue): unknown =>
  typeof discriminator === 'string' && typeof input === 'object' ? (input as Record<string, unknown> | null)?.[discriminator] : input;

/** What belongs where an issue is, to follow `give` or `must be`; `undefined` where the schema has words of its own. */
export const demandOf = (issue: SchemaIssue): string | undefined => {
  switch (issue.code ?? '') {
    case 'invalid_type':
      return KINDS[String(issue.expected)] ?? `a ${String(issue.expected)}`;
    case 'invalid_value':
      return oneOf(issue.values);
    case 'too_small':
      return boundOf(issue, issue.minimum, ['at least', 'above']);
    case 'too_big':
      return boundOf(issue, issue.maximum, ['at most', 'below']);
    case 'not_multiple_of':
      return `a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      return FORMATS[String(issue.format)] ?? `a text that fits ${String(issue.pattern ?? issue.format)}`;
    case 'invalid_union':
      return alternativesOf(issue);
    case 'invalid_key':
      return 'called by a name that belongs here';
    default:
      return undefined;
  }
};

/** What of a value that fits none of several shapes is wrong inside the one it comes nearest to; none where it is of no such kind at all. */
export const meantIssues = (issue: SchemaIssue): readonly SchemaIssue[] => {
  const [nearest] = shapesOf(issue).toSorted((one, other) => distance(one) - distance(other));
  return nearest && distance(nearest) < ANOTHER_KIND ? nearest : [];
};

/** More than anything can be wrong inside. */
const ANOTHER_KIND = 1e6;

const shapesOf = (issue: SchemaIssue): readonly (readonly SchemaIssue[])[] => (issue.errors as SchemaIssue[][] | undefined) ?? [];

const distance = (issues: readonly SchemaIssue[]): number =>
  issues.reduce((sum, { code, path = [], keys }) => {
    if (code === 'unrecognized_keys') return sum + (keys as unknown[]).length;
    return sum + (path.length === 0 ? ANOTHER_KIND : 1);
  }, 0);

const alternativesOf = (issue: SchemaIssue): string => {
  if (Array.isArray(issue.options)) return oneOf(issue.options);
  const issues = shapesOf(issue).flat();
  if (issues.every(({ code }) => code === 'invalid_value')) return oneOf(issues.flatMap(({ values }) => values as unknown[]));
  return [...new Set(issues.map((one) => demandOf(one) ?? String(one.message)))].join(' or ');
};

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  array: 'a list',
  object: 'a group of fields',
  record: 'a group of fields',
  string: 'a text',
  boolean: 'true or false',
  null: 'null',
  never: 'left out',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'an address that begins as https:// does',
  datetime: 'a time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  email: 'an e-mail address',
  uuid: 'a UUID',
  base64: 'a text in base64',
};

const listed = (values: unknown): string => (values as unknown[]).map(String).join(', ');

const oneOf = (values: unknown): string => ((values as unknown[]).length === 1 ? listed(values) : `one of ${listed(values)}`);

const boundOf = (issue: SchemaIssue, bound: unknown, [inclusive, exclusive]: readonly [string, string]): string => {
  const value = String(bound);
  const within = issue.exact === true ? value : `${issue.inclusive === false ? exclusive : inclusive} ${value}`;
  const isLeastOne = issue.code === 'too_small' && value === '1' && issue.exact !== true;
  if (issue.origin === 'string') return isLeastOne ? 'a text that is not empty' : `a text of ${within} characters`;
  if (issue.origin === 'array') return isLeastOne ? 'a list that is not empty' : `a list of ${within}`;
  return within;
};

const LONGEST = 60;

/** A value in a line; of a long one its beginning. */
const shown = (input: unknown): string => {
  if (Array.isArray(input)) return input.length === 0 ? 'an empty list' : 'a list';
  if (typeof input === 'object' && input !== null) return 'a group of fields';
  if (typeof input !== 'string') return String(input);
  return `the text ${JSON.stringify(input.length > LONGEST ? `${input.slice(0, LONGEST)}…` : input)}`;
};
