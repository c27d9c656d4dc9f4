import type { EnergyDay, HomeEvent, HomeNow, ProofRow, Statement } from '../api/household-types.js';
import type { ChartFlow } from '../chart/series.js';
import { STILL_W } from '../design/flow-direction.js';

/** A sentence of the page: which, and the power it names. */
export interface Saying {
  id:
    | 'say.sun'
    | 'say.dark'
    | 'say.load'
    | 'say.charging'
    | 'say.discharging'
    | 'say.idle'
    | 'say.importing'
    | 'say.exporting'
    | 'say.balanced';
  powerW: number;
}

/** What happens at home now, in sentences; of what is not known nothing is said. */
export const sayingsOf = ({ powersW, loadW }: Pick<HomeNow, 'powersW' | 'loadW'>): Saying[] => {
  const saying = (powerW: number | undefined, into: Saying['id'], outOf: Saying['id'], still: Saying['id']): Saying[] =>
    powerW === undefined ? [] : [{ id: Math.abs(powerW) < STILL_W ? still : powerW > 0 ? into : outOf, powerW: Math.abs(powerW) }];
  return [
    ...saying(powersW.pv, 'say.sun', 'say.dark', 'say.dark'),
    ...saying(loadW, 'say.load', 'say.load', 'say.load'),
    ...saying(powersW.battery, 'say.discharging', 'say.charging', 'say.idle'),
    ...saying(powersW.grid, 'say.importing', 'say.exporting', 'say.balanced'),
  ];
};

/** A line between a node and the home: how wide, and which way it points. */
export interface FlowLine {
  flow: ChartFlow;
  powerW?: number;
  toHome: boolean;
  /** 0 is still; drawn thin, without a head. */
  width: number;
}

/** Widths go with the square root of power, so that 100 W is still seen beside 10 kW. */
export const flowLine = (flow: ChartFlow, powerW: number | undefined): FlowLine => ({
  flow,
  powerW,
  toHome: (powerW ?? 0) >= 0,
  width: powerW === undefined || Math.abs(powerW) < STILL_W ? 0 : Math.min(2 + Math.sqrt(Math.abs(powerW) / 1_000) * 2.5, 11),
});

export interface DayBar {
  date: string;
  kind: 'produced' | 'used';
  energyWh?: number;
  quality: EnergyDay['quality'];
}

/** The bars of a stretch of days, and the energy at the top of their axis. */
export const barsOf = (days: readonly EnergyDay[]): { bars: DayBar[]; topWh: number } => {
  const bars = days.flatMap(({ date, producedWh, consumedWh, quality, producedQuality }): DayBar[] => [
    { date, kind: 'produced', energyWh: producedWh, quality: producedQuality },
    { date, kind: 'used', energyWh: consumedWh, quality },
  ]);
  return { bars, topWh: Math.max(1_000, ...bars.map(({ energyWh }) => energyWh ?? 0)) };
};

export interface Earned {
  feedInMicro: number;
  eventMicro: number;
  adjustmentMicro: number;
  totalMicro: number;
}

/** What statements add up to, by kind of line. The parts add up to the whole exactly: all are integers. */
export const earnedIn = (statements: readonly Statement[]): Earned => {
  const sum = (kind: Statement['lines'][number]['kind']) =>
    statements.flatMap(({ lines }) => lines).reduce((total, line) => total + (line.kind === kind ? line.amountMicro : 0), 0);
  return {
    feedInMicro: sum('feed-in'),
    eventMicro: sum('event'),
    adjustmentMicro: sum('adjustment'),
    totalMicro: statements.reduce((total, { totalMicro }) => total + totalMicro, 0),
  };
};

/** How an event went for this home, as the sentence that tells it. */
export const eventStory = (
  event: HomeEvent,
):
  'story.cancelled' | 'story.out' | 'story.coming' | 'story.now' | 'story.counting' | 'story.helped' | 'story.unpaid' | 'story.nothing' => {
  if (event.state === 'cancelled') return 'story.cancelled';
  if (!event.takesPart) return 'story.out';
  if (event.state === 'announced') return 'story.coming';
  if (event.state === 'active') return 'story.now';
  if (event.state === 'ended') return 'story.counting';
  if ((event.earnedMicro ?? 0) > 0) return 'story.helped';
  return event.slots.some(({ deliveredWh }) => deliveredWh === undefined) ? 'story.unpaid' : 'story.nothing';
};

const qualities: readonly string[] = ['measured', 'estimated', 'missing'] satisfies EnergyDay['quality'][];
export const isQuality = (quality: string): quality is EnergyDay['quality'] => qualities.includes(quality);

/** What of a signed record is compared with the row it is said to prove. */
type Proven = Pick<ProofRow, 'startMs' | 'endMs' | 'channel' | 'quality' | 'toBusWh' | 'fromBusWh'>;

/**
 * Whether a record says what the row says: a proof that holds, but of another reading, proves nothing about this one.
 * Records keep thousandths of a Wh.
 */
export const isSameReading = (record: Proven, row: Proven): boolean => {
  const same = (a: number | undefined, b: number | undefined) => (a === undefined || b === undefined ? a === b : Math.abs(a - b) < 0.0015);
  return (
    record.startMs === row.startMs &&
    record.endMs === row.endMs &&
    record.channel === row.channel &&
    record.quality === row.quality &&
    same(record.toBusWh, row.toBusWh) &&
    same(record.fromBusWh, row.fromBusWh)
  );
};

/** The name by which a saved proof is found again. */
export const bundleFileName = (leafIndex: number): string => `heliograph-proof-${leafIndex}.json`;
