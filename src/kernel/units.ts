/**
 * Units as types. A plain number may take any unit, since arithmetic yields plain numbers; but a watt never passes for a
 * watt-hour, nor a moment for a length of time.
 */
type Branded<Unit extends string> = number & { readonly unit?: Unit };

/** Active power in watts. Positive flows into the site's bus (see `flow.ts`). */
export type Watt = Branded<'W'>;
/** Energy in watt-hours. */
export type WattHour = Branded<'Wh'>;
/** A moment: milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Branded<'epochMs'>;
/** A length of time in milliseconds. */
export type DurationMs = Branded<'ms'>;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Energy of a power held for a time. */
export const energyWh = (powerW: Watt, durationMs: DurationMs): WattHour => (powerW * durationMs) / HOUR_MS;

/** Mean power of an energy spread over a time; the time must be longer than 0. */
export const meanPowerW = (energy: WattHour, durationMs: DurationMs): Watt => (energy * HOUR_MS) / durationMs;

/** `value` moved to the nearest end of `[min, max]` where it lies outside; `min` wins where the two cross. */
/** Between a phase and the neutral of a European grid (IEC 60038). */
export const NOMINAL_PHASE_V = 230;

export const clamp = (value: number, min: number, max: number): number => Math.max(Math.min(value, max), min);
