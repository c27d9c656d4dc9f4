import { floorTo, type Interval, SLOT_MS } from '../../kernel/interval.js';
import type { PowerSeries, SeriesPoint } from '../api/types.js';

/** The flows in the order in which they stand everywhere. */
export const CHART_FLOWS = ['load', 'pv', 'battery', 'grid', 'generator'] as const;
export type ChartFlow = (typeof CHART_FLOWS)[number];
export type TraceKind = 'actual' | 'forecast' | 'plan';

/** One line of the chart. `null` is a gap; a trace holds only moments of its own. */
export interface Trace {
  readonly flow: ChartFlow;
  readonly kind: TraceKind;
  readonly startsMs: readonly number[];
  readonly endsMs: readonly number[];
  readonly valuesW: readonly (number | null)[];
}

const pointKey: Record<ChartFlow, 'loadW' | 'pvW' | 'batteryW' | 'gridW' | 'generatorW'> = {
  load: 'loadW',
  pv: 'pvW',
  battery: 'batteryW',
  grid: 'gridW',
  generator: 'generatorW',
};

/** What nobody commands is forecast, what the plant commands is planned: each flow has one expectation, not two. */
export const expectedKind = (flow: ChartFlow): TraceKind => (flow === 'load' || flow === 'pv' ? 'forecast' : 'plan');

interface Step extends Interval {
  readonly point: SeriesPoint;
}

const evenSteps = (points: readonly SeriesPoint[], stepMs: number): Step[] =>
  points.map((point) => ({ startMs: point.atMs, endMs: point.atMs + stepMs, point }));

/** A plan's steps grow longer the further ahead they are: each holds until the next begins, the last is as long as the one before it. */
const planSteps = ({ plan, toMs }: PowerSeries): Step[] =>
  plan.map((point, index) => {
    const lastLengthMs = index > 0 ? point.atMs - plan[index - 1]!.atMs : SLOT_MS;
    return { startMs: point.atMs, endMs: plan[index + 1]?.atMs ?? Math.min(point.atMs + lastLengthMs, toMs), point };
  });

/** Mean sun forecast over a stretch of time, of the slots that are known. */
const forecastPvW = (forecast: PowerSeries['forecast'], stretch: Interval): number | undefined => {
  let [sumW, weightMs] = [0, 0];
  for (const { atMs, pvW } of forecast) {
    const sharedMs = Math.max(0, Math.min(stretch.endMs, atMs + SLOT_MS) - Math.max(stretch.startMs, atMs));
    sumW += pvW * sharedMs;
    weightMs += sharedMs;
  }
  return weightMs === 0 ? undefined : sumW / weightMs;
};

/** A plan gives less sun than forecast only where it curtails; then it is worth a line of its own. */
const curtailed = (series: PowerSeries): Step[] =>
  planSteps(series).filter((step) => {
    const { pvW } = step.point;
    return pvW !== undefined && pvW < (forecastPvW(series.forecast, step) ?? 0) * 0.97 - 50;
  });

const traceOf = (flow: ChartFlow, kind: TraceKind, steps: readonly Step[]): Trace => ({
  flow,
  kind,
  startsMs: steps.map(({ startMs }) => startMs),
  endsMs: steps.map(({ endMs }) => endMs),
  valuesW: steps.map(({ point }) => point[pointKey[flow]] ?? null),
});

/** All lines of a series, empty ones left out. */
export const tracesOf = (series: PowerSeries): Trace[] =>
  CHART_FLOWS.flatMap((flow) => {
    const expected = expectedKind(flow) === 'forecast' ? evenSteps(series.forecast, SLOT_MS) : planSteps(series);
    const traces = [
      traceOf(flow, 'actual', evenSteps(series.actual, series.stepMs)),
      traceOf(flow, expectedKind(flow), expected),
      ...(flow === 'pv' ? [traceOf('pv', 'plan', curtailed(series))] : []),
    ];
    return traces.filter(({ valuesW }) => valuesW.some((value) => value !== null));
  });

/**
 * Where a line's points stand: means in the middle of their step; a plan at the edges, since it is drawn in steps. A
 * stretch that nothing is known of is closed by a `null`.
 */
const pointsOf = ({ kind, startsMs, endsMs, valuesW }: Trace): [number, number | null][] => {
  const points: [number, number | null][] = [];
  startsMs.forEach((startMs, index) => {
    const value = valuesW[index] ?? null;
    const endMs = endsMs[index]!;
    points.push([kind === 'plan' ? startMs : (startMs + endMs) / 2, value]);
    if (startsMs[index + 1] === endMs) return;
    if (kind === 'plan') points.push([endMs, value], [endMs + 1, null]);
    else points.push([endMs, null]);
  });
  return points;
};

/** Columns as the chart takes them: all moments once, then a column a trace; `undefined` where a moment is another trace's. */
export const columnsOf = (traces: readonly Trace[]): [number[], ...(number | null | undefined)[][]] => {
  const all = traces.map((trace) => new Map(pointsOf(trace)));
  const momentsMs = [...new Set(all.flatMap((points) => [...points.keys()]))].sort((a, b) => a - b);
  return [momentsMs, ...all.map((points) => momentsMs.map((atMs) => points.get(atMs)))];
};

/** The value of a trace in the step that holds `atMs`. */
export const valueAt = (trace: Trace | undefined, atMs: number): number | undefined => {
  if (!trace) return undefined;
  let [low, high] = [0, trace.startsMs.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (trace.startsMs[middle]! <= atMs) low = middle;
    else high = middle - 1;
  }
  const startMs = trace.startsMs[low];
  if (startMs === undefined || atMs < startMs || atMs >= trace.endsMs[low]!) return undefined;
  return trace.valuesW[low] ?? undefined;
};

export const traceFor = (traces: readonly Trace[], flow: ChartFlow, kind: TraceKind): Trace | undefined =>
  traces.find((trace) => trace.flow === flow && trace.kind === kind);

/** Stretches of the past of which no reading is known at all: nothing measured between `fromMs` and `untilMs`. */
export const missingSpans = (series: PowerSeries, untilMs: number): { startMs: number; endMs: number }[] => {
  const known = series.actual.filter((point) => CHART_FLOWS.some((flow) => point[pointKey[flow]] !== undefined)).map(({ atMs }) => atMs);
  const spans: { startMs: number; endMs: number }[] = [];
  let endMs = series.fromMs;
  // The step that is running has no mean yet, and that of the one before may still be on its way.
  const lastMs = Math.min(series.toMs, untilMs - 2 * series.stepMs);
  for (const atMs of [...known, lastMs]) {
    if (atMs - endMs > series.stepMs && endMs < lastMs) spans.push({ startMs: endMs, endMs: Math.min(atMs, lastMs) });
    endMs = Math.max(endMs, atMs + series.stepMs);
  }
  return spans;
};

/** The start of the latest step of which anything was measured. */
export const lastMeasuredMs = ({ actual }: PowerSeries): number | undefined =>
  actual.findLast((point) => CHART_FLOWS.some((flow) => point[pointKey[flow]] !== undefined))?.atMs;

export interface TableRow {
  readonly startMs: number;
  readonly actualW: Partial<Record<ChartFlow, number>>;
  readonly expectedW: Partial<Record<ChartFlow, number>>;
}

const mean = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
};

/** A stretch of time cut at quarter-hours. */
const quartersOf = ({ startMs, endMs }: Interval): Interval[] => {
  const parts: Interval[] = [];
  for (let atMs = startMs; atMs < endMs; atMs = floorTo(atMs, SLOT_MS) + SLOT_MS)
    parts.push({ startMs: atMs, endMs: Math.min(endMs, floorTo(atMs, SLOT_MS) + SLOT_MS) });
  return parts;
};

/** The same as a table: a row each quarter-hour of which something is known; a plan's steps as their mean over it. */
export const rowsOf = (series: PowerSeries): TableRow[] => {
  const rows = new Map<number, { actual: SeriesPoint[]; planned: Step[]; expected: Partial<Record<ChartFlow, number>> }>();
  const rowAt = (atMs: number) => {
    const startMs = floorTo(atMs, SLOT_MS);
    const row = rows.get(startMs) ?? { actual: [], planned: [], expected: {} };
    rows.set(startMs, row);
    return row;
  };
  for (const point of series.actual) rowAt(point.atMs).actual.push(point);
  for (const step of planSteps(series))
    for (const part of quartersOf(step)) rowAt(part.startMs).planned.push({ ...part, point: step.point });
  for (const { planned, expected } of rows.values())
    for (const flow of CHART_FLOWS) if (expectedKind(flow) === 'plan') expected[flow] = meanOver(planned, flow);
  for (const { atMs, loadW, pvW } of series.forecast) Object.assign(rowAt(atMs).expected, { load: loadW, pv: pvW });
  return [...rows.entries()]
    .sort(([a], [b]) => a - b)
    .map(([startMs, { actual, expected }]) => ({
      startMs,
      actualW: Object.fromEntries(CHART_FLOWS.map((flow) => [flow, mean(actual.map((point) => point[pointKey[flow]]))])),
      expectedW: expected,
    }));
};

const meanOver = (steps: readonly Step[], flow: ChartFlow): number | undefined => {
  let [sum, weightMs] = [0, 0];
  for (const { startMs, endMs, point } of steps) {
    const powerW = point[pointKey[flow]];
    if (powerW === undefined) continue;
    sum += powerW * (endMs - startMs);
    weightMs += endMs - startMs;
  }
  return weightMs === 0 ? undefined : sum / weightMs;
};

/** Where a forecast flow stays with 80 %, as an outline: moments in the middle of their slots. */
export interface Band {
  readonly flow: ChartFlow;
  readonly points: readonly { readonly atMs: number; readonly lowW: number; readonly highW: number }[];
}

/** The bands of a series, from P10 to P90, of the flows that are forecast with one. */
export const bandsOf = ({ forecast }: PowerSeries): Band[] => {
  const bandOf = (flow: ChartFlow, of: (slot: PowerSeries['forecast'][number]) => readonly [number?, number?]): Band => ({
    flow,
    points: forecast.flatMap((slot) => {
      const [lowW, highW] = of(slot);
      return lowW === undefined || highW === undefined ? [] : [{ atMs: slot.atMs + SLOT_MS / 2, lowW, highW }];
    }),
  });
  const bands = [bandOf('load', ({ loadP10W, loadP90W }) => [loadP10W, loadP90W]), bandOf('pv', ({ pvP10W, pvP90W }) => [pvP10W, pvP90W])];
  return bands.filter(({ points }) => points.length > 1);
};

/** The band at the slot that holds a moment. */
export const bandAt = (band: Band | undefined, atMs: number | undefined): Band['points'][number] | undefined =>
  atMs === undefined ? undefined : band?.points.find((point) => Math.abs(point.atMs - atMs) <= SLOT_MS / 2);
