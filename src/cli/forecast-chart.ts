import type { Backtest } from '../forecast/backtest.js';
import type { Interval } from '../kernel/interval.js';
import { DAY_MS, type DurationMs } from '../kernel/units.js';

const SHOWN_DAYS = 14;
const WIDTH = 1_200;
const HEIGHT = 360;
const EDGE = { left: 60, right: 12, top: 34, bottom: 28 } as const;

interface ChartPoint {
  readonly atMs: number;
  readonly actualW?: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** The last two weeks of a backtest as a picture: what came, the median, and the band from P10 to P90. SVG, in a page for `.html`. */
export const backtestChart = (
  { mixture }: Backtest,
  days: readonly Interval[],
  stepMs: DurationMs,
  { file, title }: { readonly file: string; readonly title: string },
): string => {
  const first = Math.max(0, days.length - SHOWN_DAYS);
  const points = mixture.slice(first).flatMap(({ forecasts, actualW }, index) =>
    forecasts.flatMap((forecast, slot): ChartPoint[] => {
      const atMs = days[first + index]!.startMs + (slot + 0.5) * stepMs;
      return forecast ? [{ atMs, actualW: actualW[slot], p10: forecast.p10, p50: forecast.p50, p90: forecast.p90 }] : [];
    }),
  );
  const svg = drawn(points, days.slice(first), title);
  if (!file.endsWith('.html')) return svg;
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><body style="margin:1rem">${svg}</body></html>\n`;
};

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const drawn = (points: readonly ChartPoint[], days: readonly Interval[], title: string): string => {
  const startMs = days[0]!.startMs;
  const endMs = days.at(-1)!.endMs;
  const topW = Math.max(1, ...points.flatMap(({ actualW = 0, p90 }) => [actualW, p90])) * 1.05;
  const x = (atMs: number): string => (EDGE.left + ((atMs - startMs) / (endMs - startMs)) * (WIDTH - EDGE.left - EDGE.right)).toFixed(1);
  const y = (powerW: number): string => (HEIGHT - EDGE.bottom - (powerW / topW) * (HEIGHT - EDGE.top - EDGE.bottom)).toFixed(1);
  const line = (pick: (point: ChartPoint) => number | undefined): string => {
    let joined = false;
    return points
      .map((point) => {
        const powerW = pick(point);
        const step = powerW === undefined ? '' : `${joined ? 'L' : 'M'}${x(point.atMs)} ${y(powerW)}`;
        joined = powerW !== undefined;
        return step;
      })
      .join('');
  };
  const outline = [
    ...points.map(({ atMs, p90 }) => `${x(atMs)},${y(p90)}`),
    ...points.toReversed().map(({ atMs, p10 }) => `${x(atMs)},${y(p10)}`),
  ];
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * topW);
  const middle = (day: Interval): string => x(day.startMs + DAY_MS / 2);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${EDGE.left}" y="18" font-size="14">${escaped(title)}: measured (dark), median (dashed), P10-P90 (band); W</text>`,
    ...ticks.map(
      (powerW) =>
        `<path d="M${EDGE.left} ${y(powerW)}H${WIDTH - EDGE.right}" stroke="#ddd"/><text x="${EDGE.left - 6}" y="${y(powerW)}" text-anchor="end" dy="4">${Math.round(powerW)}</text>`,
    ),
    ...days.map(
      (day) =>
        `<path d="M${x(day.startMs)} ${EDGE.top}V${HEIGHT - EDGE.bottom}" stroke="#eee"/><text x="${middle(day)}" y="${HEIGHT - 10}" text-anchor="middle">${new Date(day.startMs + DAY_MS / 2).toISOString().slice(5, 10)}</text>`,
    ),
    `<polygon points="${outline.join(' ')}" fill="#2b6cb0" fill-opacity="0.18"/>`,
    `<path d="${line(({ p50 }) => p50)}" fill="none" stroke="#2b6cb0" stroke-dasharray="6 4"/>`,
    `<path d="${line(({ actualW }) => actualW)}" fill="none" stroke="#222" stroke-width="1.4"/>`,
    '</svg>\n',
  ].join('\n');
};
