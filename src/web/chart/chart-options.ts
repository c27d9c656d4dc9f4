import uPlot from 'uplot';

import type { Interval } from '../../kernel/interval.js';
import type { Format } from '../design/format.js';
import { dayTicks, roundTicks } from './day-axis.js';
import type { Band, Trace, TraceKind } from './series.js';

/** Everything drawn that is not a line: where now is, what is missing, when the grid asked. */
export interface Backdrop {
  readonly nowMs?: number;
  readonly missing: readonly Interval[];
  readonly events: readonly Interval[];
  /** Where what is forecast stays with 80 %. */
  readonly bands: readonly Band[];
}

/** Style sheets own the colours; a canvas has to be told them. */
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const strokes: Record<TraceKind, { width: number; dash?: number[]; alpha: number }> = {
  actual: { width: 2, alpha: 1 },
  forecast: { width: 1.5, dash: [7, 5], alpha: 0.9 },
  plan: { width: 1.75, dash: [2, 3], alpha: 0.95 },
};

const seriesOf = ({ flow, kind }: Trace): uPlot.Series => ({
  label: `${flow} ${kind}`,
  stroke: colour(`--flow-${flow}`),
  ...strokes[kind],
  spanGaps: false,
  points: { show: false },
  paths: kind === 'plan' ? uPlot.paths.stepped!({ align: 1 }) : undefined,
});

const hatch = (context: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void => {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.strokeStyle = colour('--line-strong');
  context.globalAlpha = 0.45;
  context.lineWidth = devicePixelRatio;
  context.setLineDash([]);
  context.beginPath();
  const step = 7 * devicePixelRatio;
  for (let x = left - height; x < left + width; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
};

const drawBand = (chart: uPlot, { flow, points }: Band): void => {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.beginPath();
  const at = (atMs: number, powerW: number): [number, number] => [chart.valToPos(atMs, 'x', true), chart.valToPos(powerW, 'y', true)];
  for (const { atMs, highW } of points) ctx.lineTo(...at(atMs, highW));
  for (const { atMs, lowW } of points.toReversed()) ctx.lineTo(...at(atMs, lowW));
  ctx.closePath();
  ctx.globalAlpha = 0.14;
  ctx.fillStyle = colour(`--flow-${flow}`);
  ctx.fill();
  ctx.restore();
};

const drawBackdrop = (chart: uPlot, { nowMs, missing, events, bands }: Backdrop): void => {
  const { ctx, bbox } = chart;
  const x = (atMs: number) => Math.min(Math.max(chart.valToPos(atMs, 'x', true), bbox.left), bbox.left + bbox.width);
  ctx.save();
  if (nowMs !== undefined) {
    ctx.fillStyle = colour('--future');
    ctx.fillRect(x(nowMs), bbox.top, bbox.left + bbox.width - x(nowMs), bbox.height);
  }
  ctx.fillStyle = colour('--accent');
  for (const { startMs, endMs } of events) {
    ctx.globalAlpha = 0.12;
    ctx.fillRect(x(startMs), bbox.top, x(endMs) - x(startMs), bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(x(startMs), bbox.top, x(endMs) - x(startMs), 3 * devicePixelRatio);
  }
  for (const { startMs, endMs } of missing) hatch(ctx, x(startMs), bbox.top, x(endMs) - x(startMs), bbox.height);
  ctx.restore();
  for (const band of bands) drawBand(chart, band);
};

const line = (chart: uPlot, stroke: string, from: [number, number], to: [number, number]): void => {
  const { ctx } = chart;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.restore();
};

const drawMarks = (chart: uPlot, { nowMs }: Backdrop): void => {
  const { bbox, scales } = chart;
  const zeroY = Math.round(chart.valToPos(0, 'y', true)) + 0.5;
  if (zeroY >= bbox.top && zeroY <= bbox.top + bbox.height)
    line(chart, colour('--line-strong'), [bbox.left, zeroY], [bbox.left + bbox.width, zeroY]);
  if (nowMs === undefined || nowMs < (scales['x']?.min ?? 0) || nowMs > (scales['x']?.max ?? 0)) return;
  const nowX = Math.round(chart.valToPos(nowMs, 'x', true)) + 0.5;
  line(chart, colour('--ink'), [nowX, bbox.top], [nowX, bbox.top + bbox.height]);
};

export interface ChartWishes {
  readonly size: { width: number; height: number };
  readonly day: Interval;
  readonly traces: readonly Trace[];
  readonly format: Format;
  readonly backdrop: () => Backdrop;
  /** The moment under the pointer; undefined when it has left. */
  readonly onCursor: (atMs: number | undefined) => void;
}

const rangeOf = (low: number | null, high: number | null, bands: readonly Band[]): [number, number] => {
  const bottom = Math.min(low ?? 0, 0);
  const top = Math.max(high ?? 0, 0, bottom + 1_000, ...bands.flatMap(({ points }) => points.map(({ highW }) => highW)));
  const margin = (top - bottom) * 0.06;
  return [bottom < 0 ? bottom - margin : 0, top + margin];
};

/** What uPlot needs to draw one local day of power. */
export const chartOptions = ({ size, day, traces, format, backdrop, onCursor }: ChartWishes): uPlot.Options => {
  const hours = size.width < 480 ? 6 : size.width < 760 ? 3 : 2;
  const axis: uPlot.Axis = {
    stroke: colour('--ink-2'),
    font: `12px ${colour('--sans')}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: false, range: [day.startMs, day.endMs] }, y: { range: (_, low, high) => rangeOf(low, high, backdrop().bands) } },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 4,
        splits: () => dayTicks(format.zone, day, hours),
        values: (_, moments) => moments.map((atMs) => format.time(atMs)),
      },
      {
        ...axis,
        size: 46,
        splits: (_, __, low, high) => roundTicks(low, high, size.height < 260 ? 4 : 6),
        values: (_, powers) => {
          const step = Math.abs((powers[1] ?? 0) - (powers[0] ?? 0));
          return powers.map((powerW) => format.power(powerW, 'kW', step % 1_000 === 0 ? 0 : step % 100 === 0 ? 1 : 2));
        },
      },
    ],
    series: [{}, ...traces.map(seriesOf)],
    hooks: {
      drawClear: [(chart) => drawBackdrop(chart, backdrop())],
      draw: [(chart) => drawMarks(chart, backdrop())],
      setCursor: [
        (chart) => {
          const left = chart.cursor.left ?? -1;
          onCursor(left < 0 ? undefined : chart.posToVal(left, 'x'));
        },
      ],
    },
  };
};
