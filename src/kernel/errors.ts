/**
 * An outside technology failed: a bus, a database, a chain. `retryable` says whether the same call may succeed later.
 * What can be expected in the ordinary run of things is a value of a union, not one of these.
 */
export class AdapterError extends Error {
  override readonly name = 'AdapterError';

  constructor(
    message: string,
    readonly retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * What a person typed or a file said cannot be used. `faults` holds one line each: what, where, how to mend it. The
 * command line prints them and exits 2; the API answers with a problem document of status 400.
 */
export class BadInput extends Error {
  override readonly name = 'BadInput';
  readonly faults: readonly string[];

  constructor(faults: string | readonly string[]) {
    const all = typeof faults === 'string' ? [faults] : faults;
    super(all.join('\n'));
    this.faults = all;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
