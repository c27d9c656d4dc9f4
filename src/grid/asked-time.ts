import { z } from 'zod';
import type { Interval } from '../kernel/interval.js';
import { type LocalDate, momentOf } from '../kernel/local-day.js';
import { DAY_MS, type DurationMs, type EpochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.js';
import { BadInput } from '../kernel/errors.js';

/** A moment as it is asked for: one everywhere, or the midnight that a date begins with, which waits for a zone. */
export type AskedMoment = { readonly kind: 'moment'; readonly atMs: EpochMs } | { readonly kind: 'date'; readonly date: LocalDate };

/** Ten digits are seconds in every other system, and would be answered with nothing from 1970. */
const LOOKS_LIKE_SECONDS: Interval = { startMs: 1e8, endMs: 1e11 };
const LATEST_MS: EpochMs = Date.UTC(9999, 0);
const LONGEST_STEP_MS = DAY_MS;
const isoMoment = z.iso.datetime({ offset: true });
const isoWall = z.iso.datetime({ local: true });

const momentFault = (text: string): string => {
  if (isoWall.safeParse(text.length === 16 ? `${text}:00` : text).success)
    return `"${text}" has no offset; write Z or one such as +02:00 behind it`;
  return `"${text}" is no time; write epoch milliseconds, a date-time with its offset (2026-03-29T12:00:00Z) or a local date (2026-03-29)`;
};

/** The text as a moment, or why it is none. */
export const parseMoment = (given: string): AskedMoment | string => {
  // A plus sign that nobody encoded arrives as a space. Seconds may be left out.
  const text = given.replace(/ (?=\d\d:\d\d$)/, '+').replace(/T\d\d:\d\d(?=Z|[+-]|$)/, '$&:00');
  if (/^\d+$/.test(text)) {
    const atMs = Number(text);
    if (atMs >= LOOKS_LIKE_SECONDS.startMs && atMs < LOOKS_LIKE_SECONDS.endMs) return `"${text}" looks like seconds; write milliseconds`;
    return atMs < LATEST_MS ? { kind: 'moment', atMs } : momentFault(given);
  }
  if (z.iso.date().safeParse(text).success) return { kind: 'date', date: text };
  return isoMoment.safeParse(text).success ? { kind: 'moment', atMs: Date.parse(text) } : momentFault(given);
};

const STEP_UNITS: readonly [RegExp, DurationMs][] = [
  [/^(\d+)$/, 1],
  [/^(?:PT)?(\d+)s$/i, SECOND_MS],
  [/^(?:PT)?(\d+)m$/i, MINUTE_MS],
  [/^(?:PT)?(\d+)h$/i, HOUR_MS],
  [/^P?(\d+)d$/i, DAY_MS],
];

/** The text as the length of a step, or why it is none. */
export const parseStep = (text: string): DurationMs | string => {
  for (const [shape, unitMs] of STEP_UNITS) {
    const count = shape.exec(text)?.[1];
    if (count === undefined) continue;
    const stepMs = Number(count) * unitMs;
    if (stepMs < SECOND_MS) return `"${text}" is too small; a step is a second at least, and without one readings come as they were read`;
    if (stepMs > LONGEST_STEP_MS) return `"${text}" is too long; a step is a day at most`;
    const whole = stepMs < MINUTE_MS ? SECOND_MS : MINUTE_MS;
    return stepMs % whole === 0 ? stepMs : `"${text}": steps are whole seconds, and whole minutes from one minute up`;
  }
  return `"${text}" is no step; write 15m, PT15M or milliseconds`;
};

/** What is said of a parameter. It belongs to the text that is sent, not to what becomes of it. */
export interface ParameterText {
  readonly description: string;
  readonly examples: string[];
}

/** A parameter that `parse` reads; what it answers as text is the fault. */
const parsed = <T extends object | number>(parse: (text: string) => T | string, about: ParameterText) =>
  z
    .string()
    .meta({ ...about })
    .transform((text, context): T => {
      const value = parse(text);
      if (typeof value !== 'string') return value;
      context.addIssue({ code: 'custom', message: value, input: text });
      return z.NEVER;
    });

export const momentSchema = (about: ParameterText) => parsed(parseMoment, about);
export const stepSchema = (about: ParameterText) => parsed(parseStep, about);

/** `[from, to)` in a zone. Throws `BadInput` where it runs backwards. */
export const askedRange = (from: AskedMoment, to: AskedMoment, zone: string): Interval => {
  const [startMs, endMs] = [momentIn(from, zone), momentIn(to, zone)];
  if (endMs > startMs) return { startMs, endMs };
  throw new BadInput(`to: must be after from${to.kind === 'date' ? `; a date is the midnight it begins with in ${zone}` : ''}`);
};

const momentIn = (asked: AskedMoment, zone: string): EpochMs => (asked.kind === 'moment' ? asked.atMs : momentOf(zone, asked.date));
