import type { SiteId } from '../fleet/plant.js';
import type { Interval } from '../kernel/interval.js';
import type { EpochMs } from '../kernel/units.js';
import type { GridEvent } from '../signals/grid-event.js';
import type { IntervalEnergy } from '../telemetry/interval-energy.js';
import type { DecisionFacts } from './decision-tally.js';
import {
  type BaselineRecord,
  type Correction,
  type DecisionRecord,
  type GridEventRecord,
  type IntervalReading,
  type ProofRecord,
  recordableWh,
  type StatementRecord,
} from './record.js';

/** Where a record comes to stand: known only when it is its turn. */
export interface Position {
  readonly signer: string;
  readonly site: string;
  readonly sequence: number;
  readonly previous: string;
}

/** The site of what concerns the plant as a whole. No fleet file can give a site this name. */
export const PLANT_SITE: SiteId = '*';

/** Something to be recorded. `startMs`, `subject`, `channel` and `kind` together are recorded once: the database holds it so. */
export interface LogEntry {
  readonly kind: string;
  readonly siteId: SiteId;
  /** A device, an event, a statement. */
  readonly subject: string;
  readonly channel: string;
  readonly startMs: EpochMs;
  readonly supersedes?: string;
  compose(position: Position): ProofRecord;
}

export const READING_KIND = 'interval-reading';
const DEVICE_LESS = ['event', 'baseline', 'statement'];

/** The chain within a site that an entry, or a stored row of one, belongs to. */
export const chainOf = ({ channel, subject }: { channel: string; subject: string }): string =>
  DEVICE_LESS.includes(channel) ? channel : `${channel} ${subject}`;

export const keyOf = ({ startMs, channel, subject, kind }: Pick<LogEntry, 'startMs' | 'channel' | 'subject' | 'kind'>): string =>
  `${startMs} ${channel} ${subject} ${kind}`;

/** What an interval moved as a record states it. One whose energies are absent, or no energies at all, is stated as missing. */
const metered = (interval: IntervalEnergy): Omit<IntervalReading, 'type' | keyof Position> => {
  const { deviceId, flow, startMs, endMs, quality } = interval;
  const known = quality !== 'missing';
  const toBusWh = known ? recordableWh(interval.toBusWh) : undefined;
  const fromBusWh = known ? recordableWh(interval.fromBusWh) : undefined;
  return {
    device: deviceId,
    channel: flow,
    startMs,
    endMs,
    quality: toBusWh === undefined && fromBusWh === undefined ? 'missing' : quality,
    toBusWh,
    fromBusWh,
    toBusCounterWh: recordableWh(interval.toBusCounterWh),
    fromBusCounterWh: recordableWh(interval.fromBusCounterWh),
  };
};

const place = ({ siteId, deviceId, flow, startMs }: IntervalEnergy) => ({ siteId, subject: deviceId, channel: flow, startMs });

export const readingEntry = (interval: IntervalEnergy): LogEntry => ({
  kind: READING_KIND,
  ...place(interval),
  compose: (position): IntervalReading => ({ type: 'interval-reading', ...position, ...metered(interval) }),
});

/** Whether an interval says something else than what is recorded of it. */
export const differs = (recorded: IntervalReading | Correction, interval: IntervalEnergy): boolean => {
  const now = metered(interval);
  return now.quality !== recorded.quality || now.toBusWh !== recorded.toBusWh || now.fromBusWh !== recorded.fromBusWh;
};

/** `revision` counts the corrections of the interval from 1. */
export const correctionEntry = (
  interval: IntervalEnergy,
  { supersedes, revision, reason }: { supersedes: string; revision: number; reason: string },
): LogEntry => ({
  kind: `correction/${revision}`,
  ...place(interval),
  supersedes,
  compose: (position): Correction => ({ type: 'correction', ...position, supersedes, reason, ...metered(interval) }),
});

export const decisionEntry = (siteId: SiteId, { deviceId, ...facts }: DecisionFacts): LogEntry => ({
  kind: `decision/${facts.control}`,
  siteId,
  subject: deviceId,
  channel: 'decision',
  startMs: facts.startMs,
  compose: (position): DecisionRecord => ({ type: 'decision', device: deviceId, channel: 'decision', ...position, ...facts }),
});

/** How an event stands and since when; undefined where that is recorded already. */
export const eventStanding = (
  event: GridEvent,
  recorded: GridEventRecord | undefined,
  nowMs: EpochMs,
): Pick<GridEventRecord, 'state' | 'atMs'> | undefined => {
  if (!recorded) return { state: event.state === 'cancelled' ? 'cancelled' : 'announced', atMs: event.announcedAtMs };
  // A change is later than what it changes, also where a clock was put back: records of one moment would be taken for one.
  const atMs = Math.max(nowMs, recorded.atMs + 1);
  if (event.state === 'cancelled') return recorded.state === 'cancelled' ? undefined : { state: 'cancelled', atMs };
  const { startMs, endMs, powerW, priceMicroPerKwh, direction } = recorded;
  const same =
    startMs === event.startMs &&
    endMs === event.endMs &&
    powerW === Math.round(event.powerW) &&
    priceMicroPerKwh === event.priceMicroPerKwh &&
    direction === event.direction;
  if (same) return undefined;
  return { state: nowMs >= event.startMs ? 'cut-short' : 'amended', atMs };
};

export const eventEntry = (event: GridEvent, { state, atMs }: Pick<GridEventRecord, 'state' | 'atMs'>): LogEntry => ({
  kind: 'grid-event',
  siteId: PLANT_SITE,
  subject: event.id,
  channel: 'event',
  startMs: atMs,
  compose: (position): GridEventRecord => ({
    type: 'grid-event',
    channel: 'event',
    ...position,
    eventId: event.id,
    state,
    atMs,
    startMs: event.startMs,
    endMs: event.endMs,
    direction: event.direction,
    powerW: Math.round(event.powerW),
    priceMicroPerKwh: event.priceMicroPerKwh,
  }),
});

/** A baseline as settlement fixed it. */
export interface BaselineFacts {
  readonly siteId: SiteId;
  readonly fixedAtMs: EpochMs;
  readonly days: readonly string[];
  readonly slots: readonly (Interval & { readonly baselineWh: number })[];
}

/** An event that was moved, or made longer, has baselines of its own for its new times. */
export const baselineEntry = (eventId: string, { siteId, fixedAtMs, days, slots }: BaselineFacts): LogEntry | undefined => {
  const [first, last] = [slots[0], slots.at(-1)];
  if (!first || !last) return undefined;
  const [startMs, endMs] = [first.startMs, last.endMs];
  return {
    kind: 'baseline',
    siteId,
    subject: `${eventId} ${siteId} ${endMs}`,
    channel: 'baseline',
    startMs,
    compose: (position): BaselineRecord => ({
      type: 'baseline',
      channel: 'baseline',
      ...position,
      eventId,
      startMs,
      endMs,
      fixedAtMs,
      days: days.length,
      slots: slots.map((slot) => ({ startMs: slot.startMs, netImportWh: slot.baselineWh })),
    }),
  };
};

/** A statement as settlement issued it. */
export interface StatementFacts extends Interval {
  readonly id: string;
  readonly siteId: SiteId;
  readonly date: string;
  readonly issuedAtMs: EpochMs;
  readonly currency: string;
  readonly totalMicro: number;
  readonly lines: StatementRecord['lines'];
}

export const statementEntry = ({ id, siteId, lines, ...facts }: StatementFacts): LogEntry => ({
  kind: 'statement',
  siteId,
  subject: id,
  channel: 'statement',
  startMs: facts.startMs,
  compose: (position): StatementRecord => ({ type: 'statement', channel: 'statement', ...position, ...facts, lines }),
});
