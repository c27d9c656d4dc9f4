import type { SafeLimits, SiteId } from '../fleet/plant.js';
import { contains, type Interval } from '../kernel/interval.js';
import type { EpochMs, Watt } from '../kernel/units.js';

/**
 * What an operator may hold down: power taken from the grid (CSIP-AUS `opModImpLimW`), given to it (`opModExpLimW`), made behind the
 * meter by sun, engines and batteries that discharge (`opModGenLimW`), or by sun alone (ripple control, § 9 EEG), taken by the loads behind it that are
 * commanded: batteries that charge and flexible loads (`opModLoadLimW`), or drawn by those from the grid, what the site's own sun leaves over coming on top
 * (dimming, § 14a EnWG). All but the first two are set at sites alone.
 */
export const LIMIT_KINDS = ['import', 'export', 'generation', 'sun', 'load', 'dimming'] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];

/** Kinds that speak of devices behind one meter, and have no sum over the fleet. */
export const isSitesAlone = (kind: LimitKind): boolean => kind !== 'import' && kind !== 'export';

/** What a site owes while nobody speaks for it. Dimming has no default: without a signal nothing is dimmed. */
export const safeLimitW = (safe: SafeLimits | undefined, kind: LimitKind): Watt | undefined =>
  kind === 'dimming' ? undefined : safe?.[`${kind}W`];

/** Where a limit holds: at one site (its id), or, as `fleet`, over the sum of all. */
export type LimitScope = SiteId;
export const FLEET_SCOPE: LimitScope = 'fleet';

/** A safety limit of a grid operator, in force in `[startMs, endMs)` unless withdrawn. Powers are magnitudes, ≥ 0. */
export interface OperatorLimit extends Interval {
  readonly id: number;
  readonly scope: LimitScope;
  readonly kind: LimitKind;
  readonly valueW: Watt;
  readonly reason: string;
  readonly setBy: string;
  readonly setAtMs: EpochMs;
  readonly withdrawnAtMs?: EpochMs;
}

/** What holds now: an operator's word, the safe limit of an enrolled site nobody speaks for, or nothing (not enrolled). */
export type LimitNow =
  | { readonly kind: 'set'; readonly valueW: Watt; readonly limit: OperatorLimit }
  | { readonly kind: 'safe'; readonly valueW: Watt }
  | { readonly kind: 'none' };

export const inForce = (limit: OperatorLimit, nowMs: EpochMs): boolean =>
  contains(limit, nowMs) && (limit.withdrawnAtMs === undefined || nowMs < limit.withdrawnAtMs);

/**
 * The limit that holds at a scope. Of several in force the tightest holds. With none in force an enrolled scope falls to
 * its safe limit (DESIGN §5.2): a limit that ran out must never mean "no limit" there.
 */
export const limitAt = (
  limits: readonly OperatorLimit[],
  scope: LimitScope,
  kind: LimitKind,
  safeW: Watt | undefined,
  nowMs: EpochMs,
): LimitNow => {
  const holding = limits
    .filter((limit) => limit.scope === scope && limit.kind === kind && inForce(limit, nowMs))
    .sort((a, b) => a.valueW - b.valueW || a.id - b.id)[0];
  if (holding) return { kind: 'set', valueW: holding.valueW, limit: holding };
  return safeW === undefined ? { kind: 'none' } : { kind: 'safe', valueW: safeW };
};
