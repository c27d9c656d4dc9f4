import type { HouseholdId } from '../fleet/plant.js';
import { type LocalDate, localDate, localTime } from '../kernel/local-day.js';
import type { Micro } from '../kernel/money.js';
import { type EpochMs, MINUTE_MS, type WattHour } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import { amountText, earnedText, kwhText, moneyText, productText } from './arithmetic.js';
import { BASELINE_DAYS } from './baseline.js';
import type { Delivery } from './delivered.js';
import type { FeedIn } from './feed-in.js';
import type { StatementLine } from './views.js';

/** What one site delivered to one event, as it was settled. */
export interface SettledEvent extends Delivery {
  readonly event: Pick<GridEvent, 'id' | 'direction' | 'startMs' | 'endMs' | 'priceMicroPerKwh'>;
  readonly baselineDays: number;
}

export type AdjustmentKind = 'feed-in' | 'event';

/** The difference that later data makes to what was stated before. */
export interface Adjustment {
  readonly householdId: HouseholdId;
  readonly kind: AdjustmentKind;
  /** The day whose feed-in, or the event whose delivery, is put right. */
  readonly subject: string;
  /** 1 for the first time it is put right. */
  readonly revision: number;
  readonly energyWh: WattHour;
  readonly priceMicroPerKwh: number;
  readonly amountMicro: Micro;
  readonly text: string;
  readonly arithmetic: string;
}

/** What has been stated about a day's feed-in or an event so far, adjustments included. */
export interface StatedSoFar {
  readonly energyWh: WattHour;
  readonly amountMicro: Micro;
  readonly revisions: number;
}

/** The sum of a statement is the sum of its lines, to the last micro-unit. */
export const totalOf = (lines: readonly Pick<StatementLine, 'amountMicro'>[]): Micro =>
  lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0);

/** The feed-in line of a day. With several prices the arithmetic names each, and the line's price is their mean. */
export const feedInLine = (feedIn: FeedIn, currency: string): StatementLine => {
  const { terms, energyWh, amountMicro, slotsPaid, slotsUnpaid } = feedIn;
  return {
    kind: 'feed-in',
    text: feedInText(feedIn, currency),
    arithmetic: feedInArithmetic(feedIn, currency),
    energyWh,
    priceMicroPerKwh: terms.length === 1 ? terms[0]!.priceMicroPerKwh : meanPrice(amountMicro, energyWh),
    amountMicro,
    slotsPaid,
    slotsUnpaid,
  };
};

const feedInText = ({ energyWh, amountMicro, estimatedWh, slotsUnpaid, unpaidMs }: FeedIn, currency: string): string => {
  const said = [
    energyWh > 0
      ? `Your home sent ${roundKwh(energyWh)} to the grid. ${earnedText(amountMicro, currency)}`
      : 'Your home sent nothing to the grid.',
  ];
  if (estimatedWh > 0)
    said.push(`Readings were missing while ${roundKwh(estimatedWh)} of it flowed; your meter's counter shows the amount.`);
  if (slotsUnpaid > 0) said.push(`Nothing is known of ${durationText(unpaidMs)}: that time pays nothing until readings arrive.`);
  return said.join(' ');
};

const feedInArithmetic = ({ terms, amountMicro }: FeedIn, currency: string): string => {
  if (terms.length === 0) return `${kwhText(0)} = ${amountText(0, currency)}`;
  const products = terms.map((term) => productText(term.energyWh, term.priceMicroPerKwh, term.amountMicro, currency));
  if (terms.length === 1) return products[0]!;
  return `${products.join('; ')}; together ${amountText(amountMicro, currency)}`;
};

const meanPrice = (amountMicro: Micro, energyWh: WattHour): number => (energyWh === 0 ? 0 : Math.round((amountMicro * 1_000) / energyWh));

/** The line of one event, in words a household understands, with what went unpaid and why. */
export const eventLine = (settled: SettledEvent, zone: string, currency: string): StatementLine => {
  const { event, deliveredWh, amountMicro, slotsPaid, slotsUnpaid } = settled;
  return {
    kind: 'event',
    text: [helpedText(settled, zone), earnedText(amountMicro, currency), ...remarks(settled)].join(' '),
    arithmetic: productText(deliveredWh, event.priceMicroPerKwh, amountMicro, currency),
    energyWh: deliveredWh,
    priceMicroPerKwh: event.priceMicroPerKwh,
    amountMicro,
    eventId: event.id,
    slotsPaid,
    slotsUnpaid,
  };
};

const helpedText = ({ event, deliveredWh }: SettledEvent, zone: string): string => {
  const span = `${wallText(zone, event.startMs)} to ${wallText(zone, event.endMs)} on ${localDate(zone, event.startMs)}`;
  if (deliveredWh === 0) return `The grid asked for help from ${span}. Your home could not add to it.`;
  const how = event.direction === 'up' ? 'less from the grid' : 'more from the grid';
  return `Your home helped the grid from ${span}: it took ${roundKwh(deliveredWh)} ${how} than on like days.`;
};

const remarks = ({ baselineDays, slots }: SettledEvent): string[] => {
  const said: string[] = [];
  if (baselineDays === 0) said.push('There was no like day to compare with, and without one nothing is paid.');
  else if (baselineDays < BASELINE_DAYS)
    said.push(`It was compared with ${plural(baselineDays, 'like day')}; usually it is ${BASELINE_DAYS}.`);
  for (const [quality, why] of UNPAID) {
    const stretches = slots.filter((slot) => slot.quality === quality);
    const lengthMs = stretches.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    if (stretches.length > 0) said.push(`${durationText(lengthMs)} of it ${why}.`);
  }
  return said;
};

const UNPAID = [
  ['estimated', 'could only be estimated and pay nothing'],
  ['missing', 'were not measured and pay nothing'],
  ['opted-out', 'lie after you stepped out and pay nothing'],
] as const;

/**
 * What later data changes: the difference between what is known now and what was stated, or undefined where there is none.
 * It goes on a statement to come; the one that was issued stays as it is.
 */
export const adjustmentOf = (
  about: { householdId: HouseholdId; kind: AdjustmentKind; subject: string; date: LocalDate },
  known: { energyWh: WattHour; amountMicro: Micro; priceMicroPerKwh: number },
  stated: StatedSoFar,
  currency: string,
): Adjustment | undefined => {
  const amountMicro = known.amountMicro - stated.amountMicro;
  if (amountMicro === 0) return undefined;
  const { householdId, kind, subject, date } = about;
  const what = kind === 'feed-in' ? `your feed-in on ${date}` : `event ${subject} on ${date}`;
  const outcome =
    amountMicro > 0 ? `You get ${moneyText(amountMicro, currency)} more.` : `${moneyText(amountMicro, currency)} is taken back.`;
  return {
    householdId,
    kind,
    subject,
    revision: stated.revisions + 1,
    energyWh: Math.round((known.energyWh - stated.energyWh) * 10) / 10,
    priceMicroPerKwh: known.priceMicroPerKwh,
    amountMicro,
    text: `Later readings change ${what}. ${outcome}`,
    arithmetic:
      `${kwhText(known.energyWh)} earn ${amountText(known.amountMicro, currency)}; ` +
      `stated before: ${kwhText(stated.energyWh)}, ${amountText(stated.amountMicro, currency)}; difference ${amountText(amountMicro, currency)}`,
  };
};

export const adjustmentLine = ({
  kind,
  subject,
  energyWh,
  priceMicroPerKwh,
  amountMicro,
  text,
  arithmetic,
}: Adjustment): StatementLine => ({
  kind: 'adjustment',
  text,
  arithmetic,
  energyWh,
  priceMicroPerKwh,
  amountMicro,
  ...(kind === 'event' ? { eventId: subject } : {}),
});

/** A day's lines: feed-in, then events in order of time, then adjustments. */
export const linesOf = (
  feedIn: FeedIn,
  events: readonly SettledEvent[],
  adjustments: readonly Adjustment[],
  zone: string,
  currency: string,
): StatementLine[] => [
  feedInLine(feedIn, currency),
  ...events.toSorted((a, b) => a.event.startMs - b.event.startMs).map((settled) => eventLine(settled, zone, currency)),
  ...adjustments
    .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.subject.localeCompare(b.subject) || a.revision - b.revision)
    .map(adjustmentLine),
];

const wallText = (zone: string, atMs: EpochMs): string => {
  const { hour, minute } = localTime(zone, atMs);
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
};

const roundKwh = (energyWh: WattHour): string => `${(energyWh / 1_000).toFixed(energyWh < 10_000 ? 2 : 1)} kWh`;

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const durationText = (lengthMs: number): string => {
  const minutes = Math.ceil(lengthMs / MINUTE_MS);
  if (minutes < 120) return plural(minutes, 'minute');
  const hours = Math.round(minutes / 6) / 10;
  return `${hours} hours`;
};
