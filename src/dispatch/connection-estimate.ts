import type { Site } from '../fleet/plant.js';
import { clamp, type DurationMs, type EpochMs, type Watt } from '../kernel/units.js';
import type { SiteNow } from '../telemetry/image.js';

/** What a grid meter shows may be this old when it is read: many average over a second or two. */
const METER_DELAY_MS: DurationMs = 2_000;
/** A meter that says the very same for so long, while what stands behind it moved by `FROZEN_MOVED_W`, is not believed. */
const FROZEN_AFTER_MS: DurationMs = 12_000;
const FROZEN_MOVED_W = 200;
/** Where a site serves itself its meter may well stand at nothing. */
const FROZEN_ABOVE_W = 50;

interface At {
  readonly atMs: EpochMs;
  readonly powerW: Watt;
}

/** What is remembered of a site from one cycle to the next; its `sources` are passed on from one trace to the next one. */
export interface SiteTrace {
  /** Which flows its sources are made of, a bit for each: with another set of them the memory begins anew. */
  readonly flows: number;
  /** What its sun, batteries, generators and flexible loads gave together, and were told to give, as far back as the meter may be late. */
  readonly sources: At[];
  /** What draws besides them. */
  readonly loadW: Watt;
  readonly meterW: Watt;
  /** Since when the meter has been saying the same, between which powers the sources have been since, and when that became too much for it. */
  readonly still: { readonly sinceMs: EpochMs; readonly minW: Watt; readonly maxW: Watt; readonly movedAtMs?: EpochMs };
}

export type SiteEstimate =
  | { readonly kind: 'estimate'; readonly gridW: Watt; readonly loadW: Watt; readonly trace: SiteTrace }
  | { readonly kind: 'frozen'; readonly trace: SiteTrace }
  | { readonly kind: 'unknown' };

/** How late the meter's word may be against that of the devices: its own delay, and one turn of polling between them. */
export const meterLagMs = (site: Site): DurationMs => METER_DELAY_MS + Math.max(...site.devices.map(({ pollPeriodMs }) => pollPeriodMs));

/**
 * What flows through a site's connection now, from a meter that is late by an unknown time up to `lagMs`. Whatever the sources
 * gave in that time may be what the meter saw; so the load lies between its word plus the least and plus the most of that.
 * The estimate is the load nearest to the last one in that range: while our own setpoint is on its way to the meter it does not
 * move, and once the sources have stood still for as long as the meter is late it is exact. (A set-membership observer.)
 */
export const estimateSite = (before: SiteTrace | undefined, now: SiteNow, atMs: EpochMs, lagMs: DurationMs): SiteEstimate => {
  const meterW = now.powersW.grid;
  if (meterW === undefined) return { kind: 'unknown' };
  const flows = flowsOf(now);
  const powerW = givenBy(now);
  // A clock that was set back begins anew as well: what lies ahead would be remembered until it is past again.
  const known = before?.flows === flows && before.sources.at(-1)!.atMs <= atMs ? before : undefined;
  const sources = known?.sources ?? [];
  // A plant under load reads late: what it has been told since its oldest word is not in that yet.
  const seenUntilMs = Math.min(atMs - lagMs, (now.readAtMs ?? atMs) - METER_DELAY_MS);
  forgetBefore(sources, seenUntilMs);
  sources.push({ atMs, powerW });
  let leastW = powerW;
  let mostW = powerW;
  for (const source of sources) {
    leastW = Math.min(leastW, source.powerW);
    mostW = Math.max(mostW, source.powerW);
  }
  const loadW = known ? clamp(known.loadW, meterW + leastW, meterW + mostW) : meterW + powerW;
  const still = known?.meterW === meterW ? widened(known.still, powerW, atMs) : { sinceMs: atMs, minW: powerW, maxW: powerW };
  const trace = { flows, sources, loadW, meterW, still };
  if (isFrozen(trace, atMs, seenUntilMs)) return { kind: 'frozen', trace };
  return { kind: 'estimate', gridW: loadW - powerW, loadW: loadW - (now.powersW.flexible ?? 0), trace };
};

const widened = (still: SiteTrace['still'], powerW: Watt, atMs: EpochMs): SiteTrace['still'] => {
  if (powerW >= still.minW && powerW <= still.maxW) return still;
  const wider = { ...still, minW: Math.min(still.minW, powerW), maxW: Math.max(still.maxW, powerW) };
  return still.movedAtMs === undefined && wider.maxW - wider.minW >= FROZEN_MOVED_W ? { ...wider, movedAtMs: atMs } : wider;
};

const flowsOf = ({ powersW: { pv, battery, generator, flexible } }: SiteNow): SiteTrace['flows'] =>
  (pv === undefined ? 0 : 1) + (battery === undefined ? 0 : 2) + (generator === undefined ? 0 : 4) + (flexible === undefined ? 0 : 8);

const givenBy = ({ powersW: { pv, battery, generator, flexible } }: SiteNow): Watt =>
  (pv ?? 0) + (battery ?? 0) + (generator ?? 0) + (flexible ?? 0);

/** Takes down in the trace what the sources have just been told to give, where that is not what they give already. */
export const noteTold = ({ sources }: SiteTrace, changeW: Watt, atMs: EpochMs): void => {
  if (Math.abs(changeW) >= 1) sources.push({ atMs, powerW: sources.at(-1)!.powerW + changeW });
};

/** What holds since a moment stays, and the last one before it, which still held then. */
const forgetBefore = (sources: At[], sinceMs: EpochMs): void => {
  while (sources.length > 1 && sources[1]!.atMs < sinceMs) sources.shift();
};

/** What has moved a moment ago a late meter cannot have seen, however long it has been standing still with good reason before. */
const isFrozen = ({ meterW, still: { sinceMs, movedAtMs } }: SiteTrace, atMs: EpochMs, seenUntilMs: EpochMs): boolean =>
  Math.abs(meterW) >= FROZEN_ABOVE_W && atMs - sinceMs >= FROZEN_AFTER_MS && movedAtMs !== undefined && movedAtMs < seenUntilMs;
