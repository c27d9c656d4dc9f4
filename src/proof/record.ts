import { sha256 } from '@noble/hashes/sha2.js';
import type { Setpoint } from '../field/setpoint.js';
import type { Flow } from '../kernel/flow.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs, Watt, WattHour } from '../kernel/units.js';
import type { EnergyQuality } from '../telemetry/interval-energy.js';
import { toHex, utf8 } from './encoding.js';
import {
  type EVENT_RECORD_STATES,
  type LINE_KINDS,
  type READBACKS,
  readFields,
  RECORD_FIELDS,
  RECORD_TYPES,
  writeFields,
} from './record-fields.js';

/** What every record says: who signed it, and where it stands in its chain. A chain is one `site`, `device` and `channel`. */
interface Chained extends Interval {
  /** Ed25519 public key that signs, 64 hexadecimal digits: the record names its own signer. */
  readonly signer: string;
  /** Pseudonym of the site (of the plant, for grid events), 32 hexadecimal digits. */
  readonly site: string;
  /** Counts the records of the chain in the order they were made, from 0. */
  readonly sequence: number;
  /** Hash of the record before (`recordHash`); 64 zeros for the first. */
  readonly previous: string;
}

/** Energies are kept to a thousandth of a Wh. */
interface Metered extends Chained {
  readonly device: string;
  readonly channel: Flow;
  readonly quality: EnergyQuality;
  readonly toBusWh?: WattHour;
  readonly fromBusWh?: WattHour;
  readonly toBusCounterWh?: WattHour;
  readonly fromBusCounterWh?: WattHour;
}

/**
 * What one flow of one metering device moved in one closed interval. A `missing` interval is a record too, without energies: a
 * gap that is stated can't be filled in later unseen.
 */
export interface IntervalReading extends Metered {
  readonly type: 'interval-reading';
}

/** What became known of an interval after it was recorded. It stands beside what it supersedes, which stays in the log. */
export interface Correction extends Metered {
  readonly type: 'correction';
  /** `recordHash` of the reading or correction that no longer holds. */
  readonly supersedes: string;
  /** One word, such as `late-readings`. */
  readonly reason: string;
}

/** What one control of a device was told in one interval, and what reading it back said: the last setpoint, and the span of all. */
export interface DecisionRecord extends Chained {
  readonly type: 'decision';
  readonly device: string;
  readonly channel: 'decision';
  readonly control: Setpoint['kind'];
  /** Who asked for the last setpoint: `plan`, `event:EV-0007`, `override`. */
  readonly owner: string;
  /** How often it was told something, renewals included, and how often the device then showed it. */
  readonly told: number;
  readonly confirmed: number;
  /** When the last setpoint was told. */
  readonly atMs: EpochMs;
  readonly powerW: Watt;
  readonly lowestW: Watt;
  readonly highestW: Watt;
  readonly readback: (typeof READBACKS)[number];
  /** What a device showed that gave another power than it was told. */
  readonly readbackW?: Watt;
}

/** A grid event as it stood after each change; the plant's key signs it. */
export interface GridEventRecord extends Chained {
  readonly type: 'grid-event';
  readonly channel: 'event';
  readonly eventId: string;
  readonly state: (typeof EVENT_RECORD_STATES)[number];
  readonly atMs: EpochMs;
  readonly direction: 'up' | 'down';
  readonly powerW: Watt;
  readonly priceMicroPerKwh: number;
}

/** What a site would have drawn, fixed no later than its event begins. */
export interface BaselineRecord extends Chained {
  readonly type: 'baseline';
  readonly channel: 'baseline';
  readonly eventId: string;
  readonly fixedAtMs: EpochMs;
  /** How many like days it is the mean of. */
  readonly days: number;
  readonly slots: readonly { readonly startMs: EpochMs; readonly netImportWh: WattHour }[];
}

/** A day as it was stated to a household; amounts in millionths of the currency. */
export interface StatementRecord extends Chained {
  readonly type: 'statement';
  readonly channel: 'statement';
  /** Local day of the site. */
  readonly date: string;
  readonly issuedAtMs: EpochMs;
  readonly currency: string;
  readonly totalMicro: number;
  readonly lines: readonly StatementRecordLine[];
}

export interface StatementRecordLine {
  readonly kind: (typeof LINE_KINDS)[number];
  readonly energyWh: WattHour;
  readonly priceMicroPerKwh: number;
  readonly amountMicro: number;
  readonly eventId?: string;
}

export type ProofRecord = IntervalReading | Correction | DecisionRecord | GridEventRecord | BaselineRecord | StatementRecord;

export const FIRST_PREVIOUS = '0'.repeat(64);
const HEADER = 'heliograph-record/1';

const MAX_WH = 1e12;

/** An energy as the record can hold it: to a thousandth of a Wh; absent where it is no finite, non-negative number below 10^12. */
export const recordableWh = (energyWh: number | undefined): WattHour | undefined => {
  const rounded = energyWh === undefined || energyWh < 0 ? Number.NaN : Math.round(energyWh * 1_000) / 1_000;
  return rounded < MAX_WH ? rounded : undefined;
};

/** The canonical text of a record, which is what is signed: see docs/proof.md. */
export const encodeRecord = (record: ProofRecord): string =>
  [`${HEADER} ${record.type}`, ...writeFields(RECORD_FIELDS[record.type], { ...record }), ''].join('\n');

/** A record from its canonical text; undefined for anything that `encodeRecord` would not have written, or that contradicts itself. */
export const parseRecord = (text: string): ProofRecord | undefined => {
  const [header, ...lines] = text.split('\n');
  const type = RECORD_TYPES.find((known) => header === `${HEADER} ${known}`);
  if (!type || lines.pop() !== '') return undefined;
  const fields = readFields(RECORD_FIELDS[type], lines);
  // The table of the type's fields has just read each member; what it can't say is checked by `isSound`.
  const record = fields && ({ type, ...fields } as unknown as ProofRecord);
  return record && isSound(record) && encodeRecord(record) === text ? record : undefined;
};

const isSound = (record: ProofRecord): boolean =>
  (record.sequence === 0) === (record.previous === FIRST_PREVIOUS) && record.startMs < record.endMs && agrees(record);

/** The laws of each type. */
const agrees = (record: ProofRecord): boolean => {
  switch (record.type) {
    case 'interval-reading':
    case 'correction':
      return (record.quality === 'missing') === (record.toBusWh === undefined && record.fromBusWh === undefined);
    case 'decision': {
      const { told, confirmed, lowestW, powerW, highestW, atMs, startMs, endMs } = record;
      return told > 0 && confirmed <= told && lowestW <= powerW && powerW <= highestW && atMs >= startMs && atMs < endMs;
    }
    case 'baseline':
      return record.fixedAtMs <= record.startMs && inOrder(record);
    case 'statement':
      return record.totalMicro === record.lines.reduce((sum, { amountMicro }) => sum + amountMicro, 0);
    case 'grid-event':
      return true;
  }
};

const inOrder = ({ slots, startMs, endMs }: BaselineRecord): boolean =>
  slots.every((slot, at) => slot.startMs >= (at === 0 ? startMs : slots[at - 1]!.startMs + 1) && slot.startMs < endMs);

export const isMetered = (record: ProofRecord | undefined): record is IntervalReading | Correction =>
  record?.type === 'interval-reading' || record?.type === 'correction';

/** What the next record of the same chain names as its `previous`: SHA-256 of the canonical text, hexadecimal. */
export const recordHash = (text: string): string => toHex(sha256(utf8(text)));
