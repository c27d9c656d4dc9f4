import type { BatteryProblem, FlexibleLoad, GeneratorProblem, PlanningProblem } from '../problem.js';

/** A part of a problem of which some fields could not be read. */
export type Lenient<T> = T extends readonly (infer U)[]
  ? readonly (Lenient<U> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Lenient<T[K]> | undefined }
    : T;
export type LenientProblem = Lenient<PlanningProblem>;
export type LenientDevice = Lenient<BatteryProblem> | Lenient<GeneratorProblem> | Lenient<FlexibleLoad>;

/** Where a part stands in the file, and what it is called. */
export interface Place {
  readonly path: string;
  readonly part: string | undefined;
}

export type Part = { readonly id?: string | undefined };

export const placesOf = <T extends Part>(kind: string, parts: readonly (T | undefined)[] | undefined): (Place & { readonly of: T })[] =>
  (parts ?? []).flatMap((of, index) => (of === undefined ? [] : [{ of, path: `${kind}[${index}]`, part: of.id }]));

/** Whether both are known and the first is no more than the second. */
export const atMost = (first: number | undefined, second: number | undefined): boolean =>
  first !== undefined && second !== undefined && first <= second;
