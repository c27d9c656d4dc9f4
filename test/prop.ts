import { type Arbitrary, assert, asyncProperty, configureGlobal, type Parameters } from 'fast-check';
import { test as runnersTest } from 'vitest';

export * as fc from 'fast-check';

/**
 * A property that fails is made smaller as long as that takes, and where it never waits for the event loop (a solver blocks
 * its thread) the runner's own timeout cannot end it. After so long the smallest case found by then is told.
 */
configureGlobal({ interruptAfterTimeLimit: 60_000 });

/** The check of one case, which fails by throwing or by `false`. */
type Check<Values extends [unknown, ...unknown[]]> = (...values: Values) => unknown;

/**
 * `test.prop([arbitrary, ...], { numRuns })('holds', (value, ...) => ...)`: one test of a property of fast-check. Our own few
 * lines, as `@fast-check/vitest` 0.5 takes two seconds to load in every file: it builds each order of the runner's modifiers.
 */
const prop =
  <Values extends [unknown, ...unknown[]]>(
    arbitraries: { [Index in keyof Values]: Arbitrary<Values[Index]> },
    parameters?: Parameters<Values>,
  ) =>
  (name: string, check: Check<Values>, timeoutMs?: number): void =>
    runnersTest(
      // oxlint-disable-next-line vitest/valid-title -- it is the caller's
      name,
      () =>
        assert(
          asyncProperty(...arbitraries, async (...values: Values): Promise<boolean> => (await check(...values)) !== false),
          parameters,
        ),
      timeoutMs,
    );

export const test = { prop };
