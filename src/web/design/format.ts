import { MICRO_PER_UNIT } from '../../kernel/money.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.js';

/** What stands where a number is missing. It is never a 0. */
export const MISSING = '–';
const MINUS = '\u2212';

export type PowerUnit = 'kW' | 'MW';
const WATTS: Record<PowerUnit, number> = { kW: 1_000, MW: 1_000_000 };

/** One unit for figures that stand side by side, chosen by the largest of them. */
export const powerUnitFor = (powersW: readonly number[]): PowerUnit =>
  Math.max(0, ...powersW.map(Math.abs)) >= 10 * WATTS.MW ? 'MW' : 'kW';

export interface Format {
  readonly locale: string;
  readonly zone: string;
  number(value: number | undefined, digits: number): string;
  /** Without its unit. */
  power(powerW: number | undefined, unit?: PowerUnit, digits?: number): string;
  /** With its unit: whole watts below a kilowatt, as on a kettle. */
  plainPower(powerW: number | undefined): string;
  /** In kWh, without the unit. */
  energy(energyWh: number | undefined, digits?: number): string;
  percent(pct: number | undefined): string;
  money(amountMicro: number | undefined, digits?: number): string;
  /** Whole numbers of the currency's unit, as a field takes them. */
  time(atMs: number, seconds?: boolean): string;
  dayTime(atMs: number): string;
  /** `date` is a local date, YYYY-MM-DD. */
  date(date: string, style?: 'short' | 'long'): string;
  zoneName(atMs: number): string;
}

const dateStyles: Record<'short' | 'long', Intl.DateTimeFormatOptions> = {
  short: { day: 'numeric', month: 'short' },
  long: { weekday: 'long', day: 'numeric', month: 'long' },
};

/** English is written the European way, day before month: the plants stand there. */
const regional = (locale: string): string => (locale === 'en' ? 'en-GB' : locale);

/** Numbers and times as a reader in `locale` writes them, times as the clock on the site's wall shows them. */
export const formatIn = (language: string, zone: string, currency: string): Format => {
  const locale = regional(language);
  const numbers = new Map<number, Intl.NumberFormat>();
  const number = (value: number | undefined, digits: number): string => {
    if (value === undefined || !Number.isFinite(value)) return MISSING;
    let format = numbers.get(digits);
    if (!format) {
      format = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'negative' });
      numbers.set(digits, format);
    }
    return format.format(value).replace('-', MINUS);
  };
  const times = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: 'h23', ...options });
  const minutes = times({ hour: '2-digit', minute: '2-digit' });
  const seconds = times({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const dayTimes = times({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const zoneNames = times({ timeZoneName: 'short' });
  return {
    locale,
    zone,
    number,
    power: (powerW, unit = 'kW', digits = 1) => number(powerW === undefined ? undefined : powerW / WATTS[unit], digits),
    plainPower: (powerW) =>
      Math.round(Math.abs(powerW ?? 0)) < 1_000 && powerW !== undefined
        ? `${number(powerW, 0)} W`
        : `${number(powerW === undefined ? undefined : powerW / 1_000, 2)} kW`,
    energy: (energyWh, digits = 1) => number(energyWh === undefined ? undefined : energyWh / 1_000, digits),
    percent: (pct) => number(pct, 0),
    money: (amountMicro, digits = 2) =>
      amountMicro === undefined
        ? MISSING
        : new Intl.NumberFormat(locale, {
            style: 'currency',
            currency,
            minimumFractionDigits: digits,
            maximumFractionDigits: digits,
            signDisplay: 'negative',
          })
            .format(amountMicro / MICRO_PER_UNIT)
            .replace('-', MINUS),
    time: (atMs, withSeconds = false) => (withSeconds ? seconds : minutes).format(atMs),
    dayTime: (atMs) => dayTimes.format(atMs),
    date: (date, style = 'short') =>
      new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...dateStyles[style] }).format(Date.parse(`${date}T12:00:00Z`)),
    zoneName: (atMs) => zoneNames.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? zone,
  };
};

export type SpanUnit = 'second' | 'minute' | 'hour' | 'day';

/** A length of time in one number a person can hold: the largest unit of which there are two, or one and nothing smaller counts. */
export const roughSpan = (durationMs: number): { value: number; unit: SpanUnit } => {
  const span = Math.abs(durationMs);
  if (span < 2 * MINUTE_MS) return { value: Math.round(span / SECOND_MS), unit: 'second' };
  if (span < 2 * HOUR_MS) return { value: Math.round(span / MINUTE_MS), unit: 'minute' };
  if (span < 48 * HOUR_MS) return { value: Math.round(span / HOUR_MS), unit: 'hour' };
  return { value: Math.round(span / (24 * HOUR_MS)), unit: 'day' };
};

/** How a reading stands: `grid.powerW` of 1234 is "Grid power", 1234, "W". The unit is the end of the name. */
export const readingOf = (name: string): { label: string; unit: string; scale: number } => {
  const units: [RegExp, string, number][] = [
    [/Wh$/, 'kWh', 0.001],
    [/Var$/, 'var', 1],
    [/Va$/, 'VA', 1],
    [/Pct$/, '%', 1],
    [/Hz$/, 'Hz', 1],
    [/(DegC|Celsius)$/, '°C', 1],
    [/Litres$/, 'l', 1],
    [/W$/, 'W', 1],
    [/V$/, 'V', 1],
    [/A$/, 'A', 1],
    [/C$/, '°C', 1],
  ];
  const [ending, unit, scale] = units.find(([pattern]) => pattern.test(name)) ?? [/$/, '', 1];
  const words = name
    .replace(/^device\./, '')
    .replace(ending, '')
    .replaceAll('.', ' ')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return { label: (words.charAt(0).toUpperCase() + words.slice(1)).replace(/\bsoc\b/i, 'SoC').replace(/^Pv\b/, 'PV'), unit, scale };
};
