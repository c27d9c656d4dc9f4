import { floorTo, SLOT_MS } from '../../kernel/interval.js';
import type { PowerSeries, SeriesPoint } from '../api/types.js';

/** The flows in the order in which they stand everywhere. */
export const CHART_FLOWS = ['load', 'pv', 'battery', 'grid', 'generator'] as const;
export type ChartFlow = (typeof CHART_FLOWS)[number];
export type TraceKind = 'actual' | 'forecast' | 'plan';

/** One line of the chart. `null` is a gap; a trace holds only moments of its own. */
export interface Trace {
  readonly flow: ChartFlow;
  readonly kind: TraceKind;
  readonly stepMs: number;
  readonly startsMs: readonly number[];
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

/** A plan gives less sun than forecast only where it curtails; then it is worth a line of its own. */
const curtailed = (series: PowerSeries): SeriesPoint[] => {
  const forecastW = new Map(series.forecast.map(({ atMs, pvW }) => [atMs, pvW]));
  return series.plan.filter(({ atMs, pvW }) => pvW !== undefined && pvW < (forecastW.get(atMs) ?? 0) * 0.97 - 50);
};

const traceOf = (flow: ChartFlow, kind: TraceKind, stepMs: number, points: readonly SeriesPoint[]): Trace => ({
  flow,
  kind,
  stepMs,
  startsMs: points.map(({ atMs }) => atMs),
  valuesW: points.map((point) => point[pointKey[flow]] ?? null),
});

/** All lines of a series, empty ones left out. */
export const tracesOf = (series: PowerSeries): Trace[] =>
  CHART_FLOWS.flatMap((flow) => {
    const expected = expectedKind(flow) === 'forecast' ? series.forecast : series.plan;
    const traces = [
      traceOf(flow, 'actual', series.stepMs, series.actual),
      traceOf(flow, expectedKind(flow), SLOT_MS, expected),
      ...(flow === 'pv' ? [traceOf('pv', 'plan', SLOT_MS, curtailed(series))] : []),
    ];
    return traces.filter(({ valuesW }) => valuesW.some((value) => value !== null));
  });

/**
 * Where a line's points stand: means in the middle of their step; a plan at the edges, since it is drawn in steps. A
 * stretch that nothing is known of is closed by a `null`.
 */
const pointsOf = ({ kind, stepMs, startsMs, valuesW }: Trace): [number, number | null][] => {
  const points: [number, number | null][] = [];
  startsMs.forEach((startMs, index) => {
    const value = valuesW[index] ?? null;
    const endMs = startMs + stepMs;
    points.push([kind === 'plan' ? startMs : startMs + stepMs / 2, value]);
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
  if (startMs === undefined || atMs < startMs || atMs >= startMs + trace.stepMs) return undefined;
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

export interface TableRow {
  readonly startMs: number;
  readonly actualW: Partial<Record<ChartFlow, number>>;
  readonly expectedW: Partial<Record<ChartFlow, number>>;
}

const mean = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
};

/** The same as a table: a row each quarter-hour of which something is known. */
export const rowsOf = (series: PowerSeries): TableRow[] => {
  const rows = new Map<number, { actual: SeriesPoint[]; expected: Partial<Record<ChartFlow, number>> }>();
  const rowAt = (atMs: number) => {
    const startMs = floorTo(atMs, SLOT_MS);
    const row = rows.get(startMs) ?? { actual: [], expected: {} };
    rows.set(startMs, row);
    return row;
  };
  for (const point of series.actual) rowAt(point.atMs).actual.push(point);
  for (const point of series.plan)
    for (const flow of CHART_FLOWS) if (expectedKind(flow) === 'plan') rowAt(point.atMs).expected[flow] = point[pointKey[flow]];
  for (const { atMs, loadW, pvW } of series.forecast) Object.assign(rowAt(atMs).expected, { load: loadW, pv: pvW });
  return [...rows.entries()]
    .sort(([a], [b]) => a - b)
    .map(([startMs, { actual, expected }]) => ({
      startMs,
      actualW: Object.fromEntries(CHART_FLOWS.map((flow) => [flow, mean(actual.map((point) => point[pointKey[flow]]))])),
      expectedW: expected,
    }));
};
