import type { Term } from './linear-model.js';

/** Columns of a group of like units by step: how many are on, started in this step, stopped at its start; mean power together. */
export interface GeneratorColumns {
  /** Indexes of its units among the problem's generators. */
  readonly members: readonly number[];
  readonly on: readonly number[];
  readonly started: readonly number[];
  readonly stopped: readonly number[];
  readonly power: readonly number[];
  /** Most reserve that is held, as terms, where one is asked for. */
  readonly up: readonly (readonly Term[])[];
  readonly down: readonly (readonly Term[])[];
}

export type CommitmentColumns = Pick<GeneratorColumns, 'on' | 'started' | 'stopped'>;

/** Which reserves a device's site takes part in, by step. */
export interface ReserveWishes {
  readonly up: (step: number) => boolean;
  readonly down: (step: number) => boolean;
}
