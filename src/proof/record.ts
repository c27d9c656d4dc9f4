import { sha256 } from '@noble/hashes/sha2.js';
import { FLOWS, type Flow } from '../kernel/flow.js';
import type { Interval } from '../kernel/interval.js';
import type { WattHour } from '../kernel/units.js';
import { ENERGY_QUALITIES, type EnergyQuality } from '../telemetry/interval-energy.js';
import { toHex, utf8 } from './encoding.js';

/**
 * What one flow of one metering device moved in one closed interval, as it is signed. Energies are kept to a thousandth of a
 * Wh. A `missing` interval is a record too, without energies: a gap that is stated can't be filled in later unseen.
 */
export interface IntervalReading extends Interval {
  readonly type: 'interval-reading';
  /** Ed25519 public key that signs, 64 hexadecimal digits: the record names its own signer. */
  readonly signer: string;
  /** Pseudonym of the site, 32 hexadecimal digits. */
  readonly site: string;
  readonly device: string;
  readonly channel: Flow;
  /** Counts the records of this device and channel in the order they were made, from 0. */
  readonly sequence: number;
  /** Hash of the record before (`recordHash`); 64 zeros for the first. */
  readonly previous: string;
  readonly quality: EnergyQuality;
  readonly toBusWh?: WattHour;
  readonly fromBusWh?: WattHour;
  readonly toBusCounterWh?: WattHour;
  readonly fromBusCounterWh?: WattHour;
}

/** What can be signed. Decisions, events, baselines, statements and corrections will join, each under a name of its own. */
export type ProofRecord = IntervalReading;

export const FIRST_PREVIOUS = '0'.repeat(64);

const HEADER = 'heliograph-record/1';
const ENERGIES = [
  ['to-bus', 'toBusWh'],
  ['from-bus', 'fromBusWh'],
  ['to-bus-counter', 'toBusCounterWh'],
  ['from-bus-counter', 'fromBusCounterWh'],
] as const;
const FIELDS = [
  'signer',
  'site',
  'device',
  'channel',
  'sequence',
  'previous',
  'start',
  'end',
  'quality',
  'unit',
  ...ENERGIES.map(([name]) => name),
];

/** An energy as the record can hold it: to a thousandth of a Wh; absent where it is no finite, non-negative number. */
export const recordableWh = (energyWh: number | undefined): WattHour | undefined =>
  energyWh !== undefined && energyWh >= 0 && energyWh < 1e12 ? Math.round(energyWh * 1_000) / 1_000 : undefined;

const energyText = (energyWh: WattHour): string => {
  const milliWh = Math.round(energyWh * 1_000);
  return `${Math.floor(milliWh / 1_000)}.${String(milliWh % 1_000).padStart(3, '0')}`;
};

/** The canonical text of a record, which is what is signed: see docs/proof.md. */
export const encodeRecord = (record: ProofRecord): string => {
  const lines = [
    `${HEADER} ${record.type}`,
    `signer ${record.signer}`,
    `site ${record.site}`,
    `device ${record.device}`,
    `channel ${record.channel}`,
    `sequence ${record.sequence}`,
    `previous ${record.previous}`,
    `start ${record.startMs}`,
    `end ${record.endMs}`,
    `quality ${record.quality}`,
    'unit Wh',
  ];
  for (const [name, field] of ENERGIES) {
    const energyWh = record[field];
    if (energyWh !== undefined) lines.push(`${name} ${energyText(energyWh)}`);
  }
  return `${lines.join('\n')}\n`;
};

/** Name and value of each line; undefined where a line is unknown, doubled or malformed. */
const fieldsOf = (lines: readonly string[]): Map<string, string> | undefined => {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([a-z-]+) ([!-~]{1,96})$/.exec(line) ?? [];
    if (name === undefined || value === undefined || !FIELDS.includes(name) || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return fields;
};

/** A record from its canonical text; undefined for anything that `encodeRecord` would not have written. */
export const parseRecord = (text: string): ProofRecord | undefined => {
  const [header, ...lines] = text.split('\n');
  if (header !== `${HEADER} interval-reading` || lines.pop() !== '') return undefined;
  const fields = fieldsOf(lines);
  const channel = FLOWS.find((flow) => flow === fields?.get('channel'));
  const quality = ENERGY_QUALITIES.find((known) => known === fields?.get('quality'));
  if (!fields || !channel || !quality) return undefined;
  const valueOf = (name: string): string => fields.get(name) ?? '';
  const energy = (name: string): WattHour | undefined => (fields.has(name) ? Number(valueOf(name)) : undefined);
  const record: ProofRecord = {
    type: 'interval-reading',
    signer: valueOf('signer'),
    site: valueOf('site'),
    device: valueOf('device'),
    channel,
    sequence: Number(valueOf('sequence')),
    previous: valueOf('previous'),
    startMs: Number(valueOf('start')),
    endMs: Number(valueOf('end')),
    quality,
    toBusWh: energy('to-bus'),
    fromBusWh: energy('from-bus'),
    toBusCounterWh: energy('to-bus-counter'),
    fromBusCounterWh: energy('from-bus-counter'),
  };
  return isSound(record) && encodeRecord(record) === text ? record : undefined;
};

const isSound = ({ signer, site, device, previous, sequence, startMs, endMs, ...record }: ProofRecord): boolean =>
  /^[0-9a-f]{64}$/.test(signer) &&
  /^[0-9a-f]{32}$/.test(site) &&
  /^[!-~]{1,96}$/.test(device) &&
  /^[0-9a-f]{64}$/.test(previous) &&
  [sequence, startMs, endMs].every((value) => Number.isSafeInteger(value) && value >= 0) &&
  (sequence === 0) === (previous === FIRST_PREVIOUS) &&
  startMs < endMs &&
  ENERGIES.every(([, field]) => record[field] === undefined || recordableWh(record[field]) === record[field]) &&
  (record.quality === 'missing') === (record.toBusWh === undefined && record.fromBusWh === undefined);

/** What the next record of the same device and channel names as its `previous`: SHA-256 of the canonical text, hexadecimal. */
export const recordHash = (text: string): string => toHex(sha256(utf8(text)));
