import type { LimitKind, LimitScope } from './operator-limit.js';
import type { DurationMs, Watt } from '../kernel/units.js';
import type { KnownPrice, Tariff } from './tariff.js';

/** What a site enrolled for operator limits holds to when no limit is in force for it: fail safe, never "no limit". */
export interface SafeLimit {
  readonly kind: LimitKind;
  readonly valueW: Watt;
}

/** What the room is told at boot. It is also the Nest token. */
export class SignalsSettings {
  constructor(
    /** Length of metered and settled intervals; events begin and end on its boundaries. */
    readonly intervalMs: DurationMs,
    readonly tariff: Tariff,
    readonly knownPrices: readonly KnownPrice[] = [],
    /** By site; `fleet` for the whole plant's connection. A site that is absent is not enrolled. */
    readonly safeLimits: ReadonlyMap<LimitScope, readonly SafeLimit[]> = new Map(),
  ) {}
}
