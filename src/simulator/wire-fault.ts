import { BadInput } from '../kernel/errors.js';
import type { DurationMs } from '../kernel/units.js';
import { HEADER_BYTES, withPdu } from './mbap-frames.js';

/** What goes wrong between a Modbus client and its device. */
export type WireFault =
  | { readonly kind: 'late'; readonly byMs: DurationMs }
  | { readonly kind: 'exception'; readonly code: number }
  /** Nothing is answered, and the connection stays open. */
  | { readonly kind: 'half-open' }
  /** Nobody listens. */
  | { readonly kind: 'refused' }
  /** A second connection is ended at once while there is a first. */
  | { readonly kind: 'single-client' }
  /** Connections break in the middle of an answer, and nobody listens for a while. */
  | { readonly kind: 'reboot'; readonly forMs: DurationMs }
  /** The counter in these two or four registers began anew when the fault did. */
  | { readonly kind: 'counter-reset'; readonly address: number; readonly words: number }
  | { readonly kind: (typeof ANSWER_FAULTS)[number] };

/** Faults that only change what an answer looks like. */
const ANSWER_FAULTS = ['wrong-transaction', 'wrong-function', 'short-frame', 'garbage', 'stuck', 'byte-swapped'] as const;

interface Form {
  readonly example: string;
  readonly make: (numbers: readonly number[]) => WireFault | undefined;
}

const within = (value: number | undefined, from: number, to: number): value is number =>
  value !== undefined && Number.isInteger(value) && value >= from && value <= to;

const FORMS: Readonly<Record<string, Form>> = {
  late: { example: 'late:1500', make: ([byMs]) => (within(byMs, 1, 60_000) ? { kind: 'late', byMs } : undefined) },
  exception: { example: 'exception:6', make: ([code]) => (within(code, 1, 255) ? { kind: 'exception', code } : undefined) },
  reboot: { example: 'reboot:3000', make: ([forMs]) => (within(forMs, 1, 600_000) ? { kind: 'reboot', forMs } : undefined) },
  'counter-reset': {
    example: 'counter-reset:40109:2',
    make: ([address, words]) =>
      within(address, 0, 65_535) && (words === 2 || words === 4) ? { kind: 'counter-reset', address, words } : undefined,
  },
};
const PLAIN: readonly string[] = ['half-open', 'refused', 'single-client', ...ANSWER_FAULTS];
export const WIRE_FAULTS: readonly string[] = [...Object.values(FORMS).map(({ example }) => example), ...PLAIN];

/** Reads `late:1500` (milliseconds), `exception:6`, `counter-reset:ADDRESS:WORDS`, `garbage` and the like. Throws `BadInput`. */
export const parseWireFault = (text: string): WireFault => {
  const [kind = '', ...numbers] = text.split(':');
  const plain = PLAIN.includes(kind) && numbers.length === 0 ? ({ kind } as WireFault) : undefined;
  const fault = plain ?? FORMS[kind]?.make(numbers.map(Number));
  if (!fault) throw new BadInput(`fault "${text}": give one like ${WIRE_FAULTS.join(', ')}`);
  return fault;
};

/** What a faulty wire remembers: the first answer to each request, and where each counter began anew. */
export interface WireMemory {
  readonly firstAnswers: Map<string, Buffer>;
  readonly resetAt: Map<string, bigint>;
}

const READS = [3, 4];

/** The answer as it comes through the fault; `request` and `answer` are whole frames. */
export const distorted = (fault: WireFault, request: Buffer, answer: Buffer, memory: WireMemory): Buffer => {
  const pdu = answer.subarray(HEADER_BYTES);
  const isReading = READS.includes(pdu[0]!);
  switch (fault.kind) {
    case 'exception':
      return withPdu(answer, Buffer.from([request[HEADER_BYTES]! | 0x80, fault.code]));
    case 'wrong-transaction': {
      const wrong = Buffer.from(answer);
      wrong.writeUInt16BE((answer.readUInt16BE(0) + 1) & 0xffff, 0);
      return wrong;
    }
    case 'wrong-function':
      return withPdu(answer, Buffer.concat([Buffer.from([pdu[0] === 3 ? 4 : 3]), pdu.subarray(1)]));
    case 'short-frame':
      return withPdu(answer, pdu.subarray(0, Math.max(1, pdu.length - 3)));
    case 'garbage':
      return Buffer.from(answer.map((byte, index) => (byte * 167 + index * 31 + 73) & 0xff));
    case 'byte-swapped':
      return isReading ? withPdu(answer, Buffer.concat([pdu.subarray(0, 2), Buffer.from(pdu.subarray(2)).swap16()])) : answer;
    case 'stuck':
      return isReading ? withPdu(answer, firstAnswer(memory, request, pdu)) : answer;
    case 'counter-reset':
      return isReading ? withPdu(answer, sinceReset(fault, memory, request, pdu)) : answer;
    // These change when an answer comes, or whether it does, and not what it says.
    case 'late':
    case 'half-open':
    case 'refused':
    case 'single-client':
    case 'reboot':
      return answer;
  }
};

/** The same registers are asked for again and again: what was said first stays. */
const firstAnswer = ({ firstAnswers }: WireMemory, request: Buffer, pdu: Buffer): Buffer => {
  const key = request.subarray(6).toString('hex');
  const first = firstAnswers.get(key) ?? Buffer.from(pdu);
  firstAnswers.set(key, first);
  return first;
};

const sinceReset = (
  { address, words }: { address: number; words: number },
  { resetAt }: WireMemory,
  request: Buffer,
  pdu: Buffer,
): Buffer => {
  const from = 2 + 2 * (address - request.readUInt16BE(HEADER_BYTES + 1));
  if (from < 2 || from + 2 * words > pdu.length) return pdu;
  const changed = Buffer.from(pdu);
  const counter = changed.subarray(from, from + 2 * words);
  const value = BigInt(`0x${counter.toString('hex')}`);
  const key = `${request[6]} ${address}`;
  const began = resetAt.get(key) ?? value;
  resetAt.set(key, began);
  counter.write((value - began).toString(16).padStart(4 * words, '0'), 'hex');
  return changed;
};
