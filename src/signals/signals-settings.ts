import type { DurationMs } from '../kernel/units.js';
import type { KnownPrice, Tariff } from './tariff.js';

/** What the room is told at boot. It is also the Nest token. */
export class SignalsSettings {
  constructor(
    /** Length of metered and settled intervals; events begin and end on its boundaries. */
    readonly intervalMs: DurationMs,
    readonly tariff: Tariff,
    readonly knownPrices: readonly KnownPrice[] = [],
  ) {}
}
