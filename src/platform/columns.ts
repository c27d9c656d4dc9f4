import type { ValueTransformer } from 'typeorm';

/** A bigint column as a number: PostgreSQL answers strings, SQLite numbers. Moments and counters stay below 2^53. */
export const bigintColumn: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};
