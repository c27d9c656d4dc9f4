import { SETPOINT_KINDS } from '../field/setpoint.js';
import { FLOWS } from '../kernel/flow.js';
import { ENERGY_QUALITIES } from '../telemetry/interval-energy.js';

/** How a value stands on its line. `read` answers undefined for what `write` would never have written. */
export interface Codec {
  write(value: unknown): string;
  read(text: string): unknown;
}

export interface Field {
  readonly name: string;
  /** The member of the record that it holds; a line that always says the same word has none. */
  readonly key?: string;
  readonly word?: string;
  readonly codec: Codec;
  readonly optional?: true;
}

export const READBACKS = ['confirmed', 'clamped', 'yielded', 'refused', 'unknown', 'deferred'] as const;
export const EVENT_RECORD_STATES = ['announced', 'amended', 'cut-short', 'cancelled'] as const;
export const LINE_KINDS = ['feed-in', 'event', 'adjustment'] as const;

const matching = (pattern: RegExp): Codec => ({
  write: (value) => String(value),
  read: (text) => (pattern.test(text) ? text : undefined),
});
const oneOf = (words: readonly string[]): Codec => ({
  write: (value) => String(value),
  read: (text) => (words.includes(text) ? text : undefined),
});
const numeric = (pattern: RegExp, write: (value: number) => string): Codec => ({
  write: (value) => write(value as number),
  read: (text) => (pattern.test(text) ? Number(text) : undefined),
});

/** A number to three decimals; of absolute value below 10^12, so that it is exact. */
export const decimalText = (value: number): string => {
  const thousandths = Math.round(Math.abs(value) * 1_000);
  const sign = value < 0 && thousandths > 0 ? '-' : '';
  return `${sign}${Math.floor(thousandths / 1_000)}.${String(thousandths % 1_000).padStart(3, '0')}`;
};

const DECIMAL = '-?(?:0|[1-9]\\d{0,11})\\.\\d{3}';
const COUNT = '(?:0|[1-9]\\d{0,14})';
const WHOLE = `-?${COUNT}`;

const hex = (digits: number): Codec => matching(new RegExp(`^[0-9a-f]{${digits}}$`));
const token = matching(/^[!-~]{1,96}$/);
const date = matching(/^\d{4}-\d{2}-\d{2}$/);
const count = numeric(new RegExp(`^${COUNT}$`), String);
const whole = numeric(new RegExp(`^${WHOLE}$`), String);
const energy = numeric(/^(?:0|[1-9]\d{0,11})\.\d{3}$/, decimalText);

/** Items joined by commas, the parts of each by colons; the empty list is a dash. */
const list = (item: RegExp, write: (value: never) => string, read: (parts: readonly string[]) => unknown): Codec => ({
  write: (value) => (value as readonly never[]).map((each) => write(each)).join(',') || '-',
  read: (text) => {
    const items = text === '-' ? [] : text.split(',');
    return items.every((each) => item.test(each)) ? items.map((each) => read(each.split(':'))) : undefined;
  },
});

const slots = list(
  new RegExp(`^${COUNT}:${DECIMAL}$`),
  ({ startMs, netImportWh }: { startMs: number; netImportWh: number }) => `${startMs}:${decimalText(netImportWh)}`,
  ([startMs, netImportWh]) => ({ startMs: Number(startMs), netImportWh: Number(netImportWh) }),
);

interface Line {
  readonly kind: string;
  readonly energyWh: number;
  readonly priceMicroPerKwh: number;
  readonly amountMicro: number;
  readonly eventId?: string;
}
const lines = list(
  new RegExp(`^(?:${LINE_KINDS.join('|')}):${DECIMAL}:${WHOLE}:${WHOLE}(?::[A-Za-z0-9-]{1,32})?$`),
  ({ kind, energyWh, priceMicroPerKwh, amountMicro, eventId }: Line) =>
    `${kind}:${decimalText(energyWh)}:${priceMicroPerKwh}:${amountMicro}${eventId === undefined ? '' : `:${eventId}`}`,
  ([kind, energyWh, price, amount, eventId]) => ({
    kind,
    energyWh: Number(energyWh),
    priceMicroPerKwh: Number(price),
    amountMicro: Number(amount),
    ...(eventId === undefined ? {} : { eventId }),
  }),
);

const field = (name: string, key: string, codec: Codec): Field => ({ name, key, codec });
const optional = (name: string, key: string, codec: Codec): Field => ({ name, key, codec, optional: true });
const fixed = (name: string, word: string): Field => ({ name, word, codec: oneOf([word]) });

const SIGNER = [field('signer', 'signer', hex(64)), field('site', 'site', hex(32))];
const DEVICE = field('device', 'device', token);
const POSITION = [field('sequence', 'sequence', count), field('previous', 'previous', hex(64))];
const PERIOD = [field('start', 'startMs', count), field('end', 'endMs', count)];
const METERED = [
  field('quality', 'quality', oneOf(ENERGY_QUALITIES)),
  fixed('unit', 'Wh'),
  optional('to-bus', 'toBusWh', energy),
  optional('from-bus', 'fromBusWh', energy),
  optional('to-bus-counter', 'toBusCounterWh', energy),
  optional('from-bus-counter', 'fromBusCounterWh', energy),
];
const FLOW = field('channel', 'channel', oneOf(FLOWS));
const channel = (name: string): Field => field('channel', 'channel', oneOf([name]));

/** The lines of each type in their order, as docs/proof.md states them. */
export const RECORD_FIELDS = {
  'interval-reading': [...SIGNER, DEVICE, FLOW, ...POSITION, ...PERIOD, ...METERED],
  correction: [
    ...SIGNER,
    DEVICE,
    FLOW,
    ...POSITION,
    field('supersedes', 'supersedes', hex(64)),
    field('reason', 'reason', token),
    ...PERIOD,
    ...METERED,
  ],
  decision: [
    ...SIGNER,
    DEVICE,
    channel('decision'),
    ...POSITION,
    ...PERIOD,
    field('control', 'control', oneOf(SETPOINT_KINDS)),
    field('owner', 'owner', token),
    field('told', 'told', count),
    field('confirmed', 'confirmed', count),
    field('at', 'atMs', count),
    fixed('unit', 'W'),
    field('power', 'powerW', whole),
    field('lowest', 'lowestW', whole),
    field('highest', 'highestW', whole),
    field('readback', 'readback', oneOf(READBACKS)),
    optional('readback-power', 'readbackW', whole),
  ],
  'grid-event': [
    ...SIGNER,
    channel('event'),
    ...POSITION,
    field('event', 'eventId', token),
    field('state', 'state', oneOf(EVENT_RECORD_STATES)),
    field('at', 'atMs', count),
    ...PERIOD,
    field('direction', 'direction', oneOf(['up', 'down'])),
    fixed('unit', 'W'),
    field('power', 'powerW', whole),
    field('price-micro-per-kwh', 'priceMicroPerKwh', whole),
  ],
  baseline: [
    ...SIGNER,
    channel('baseline'),
    ...POSITION,
    field('event', 'eventId', token),
    ...PERIOD,
    field('fixed', 'fixedAtMs', count),
    field('days', 'days', count),
    fixed('unit', 'Wh'),
    field('slots', 'slots', slots),
  ],
  statement: [
    ...SIGNER,
    channel('statement'),
    ...POSITION,
    field('date', 'date', date),
    ...PERIOD,
    field('issued', 'issuedAtMs', count),
    field('currency', 'currency', matching(/^[A-Z]{3}$/)),
    field('total-micro', 'totalMicro', whole),
    field('lines', 'lines', lines),
  ],
} as const satisfies Readonly<Record<string, readonly Field[]>>;

export type RecordType = keyof typeof RECORD_FIELDS;
export const RECORD_TYPES = Object.keys(RECORD_FIELDS) as RecordType[];

/** The lines of a record below its first one. */
export const writeFields = (fields: readonly Field[], record: Readonly<Record<string, unknown>>): string[] =>
  fields.flatMap(({ name, key, word, codec }) => {
    const value = key === undefined ? word : record[key];
    return value === undefined ? [] : [`${name} ${codec.write(value)}`];
  });

/** The members that lines state; undefined where one is unknown, out of order, or malformed. */
export const readFields = (fields: readonly Field[], textLines: readonly string[]): Record<string, unknown> | undefined => {
  const record: Record<string, unknown> = {};
  let at = 0;
  for (const { name, key, codec, optional: mayLack } of fields) {
    const line = textLines[at];
    if (line === undefined || !line.startsWith(`${name} `)) {
      if (mayLack) continue;
      return undefined;
    }
    const value = codec.read(line.slice(name.length + 1));
    if (value === undefined) return undefined;
    if (key !== undefined) record[key] = value;
    at += 1;
  }
  return at === textLines.length ? record : undefined;
};
