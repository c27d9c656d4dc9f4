import { vi } from 'vitest';

/** Longer than anything takes on a machine that does ten other things; who waits for what comes at once waits no longer for it. */
const TIMEOUT_MS = 20_000;

/** Looks again and again until the check holds. */
export const until = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: TIMEOUT_MS });
