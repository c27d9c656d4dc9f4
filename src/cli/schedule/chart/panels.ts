import { clock, day, escaped, FRAME, momentsOf, plain, ticksOf, timeScale } from './axes.js';

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** A line or a layer of a panel; one value for each step, in the unit of the panel. */
export interface ChartSeries {
  readonly name: string;
  /** A class of the page's style: what kind of flow it is. */
  readonly flow: string;
  readonly values: readonly number[];
  /** Drawn as a stretch of a stack instead of a line. */
  readonly layer?: boolean;
  readonly dashed?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly ChartSeries[];
  readonly height: number;
  /** Ends of the axis where they are fixed. */
  readonly least?: number;
  readonly most?: number;
}

const TOP = 44;
const BOTTOM = 26;

interface Scales {
  readonly x: (atMs: number) => number;
  readonly y: (value: number) => number;
}

/** One panel as SVG: layers above and below zero, lines over them, axes with their units. */
export const panelSvg = (panel: Panel, steps: readonly Span[]): string => {
  const { title, unit, series, height } = panel;
  const [startMs, endMs] = [steps[0]!.startMs, steps.at(-1)!.endMs];
  const layers = stacked(series.filter(({ layer }) => layer));
  const lines = series.filter(({ layer }) => !layer);
  const all = [...layers.flatMap(({ from, to }) => [...from, ...to]), ...lines.flatMap(({ values }) => values), 0];
  const least = panel.least ?? all.reduce((a, b) => Math.min(a, b));
  const reach = Math.max(panel.most ?? all.reduce((a, b) => Math.max(a, b)), least + 1e-6);
  const pad = panel.most === undefined ? (reach - least) * 0.05 : 0;
  const most = reach + pad;
  const low = least < 0 ? least - pad : least;
  const scales: Scales = {
    x: timeScale(startMs, endMs),
    y: (value) => height - BOTTOM - ((value - low) / (most - low)) * (height - TOP - BOTTOM),
  };
  return [
    `<svg viewBox="0 0 ${FRAME.width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<text class="title" x="0" y="16">${escaped(title)}</text><text class="unit" x="${FRAME.left - 8}" y="${TOP - 10}" text-anchor="end">${escaped(unit)}</text>`,
    legend(series),
    axes(scales, { low, most, height, startMs, endMs }),
    ...layers.map((layer) => layerPath(layer, steps, scales)),
    `<path class="zero" d="M${FRAME.left} ${scales.y(0).toFixed(1)}H${FRAME.width - FRAME.right}"/>`,
    ...lines.map((line) => linePath(line, steps, scales)),
    '</svg>',
  ].join('\n');
};

interface Layer extends ChartSeries {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** What is above zero is stacked up, what is below down. */
const stacked = (series: readonly ChartSeries[]): Layer[] => {
  const up = (series[0]?.values ?? []).map(() => 0);
  const down = [...up];
  return series.map((one) => {
    const from = one.values.map((value, step) => (value >= 0 ? up[step]! : down[step]!));
    const to = one.values.map((value, step) => from[step]! + value);
    one.values.forEach((value, step) => ((value >= 0 ? up : down)[step]! += value));
    return { ...one, from, to };
  });
};

const layerPath = ({ flow, name, from, to }: Layer, steps: readonly Span[], { x, y }: Scales): string => {
  const boxes = steps.flatMap(({ startMs, endMs }, step) => {
    if (Math.abs(to[step]! - from[step]!) < 1e-9) return [];
    return [
      `M${x(startMs).toFixed(1)} ${y(from[step]!).toFixed(1)}V${y(to[step]!).toFixed(1)}H${x(endMs).toFixed(1)}V${y(from[step]!).toFixed(1)}Z`,
    ];
  });
  return `<path class="layer ${flow}" d="${boxes.join('')}"><title>${escaped(name)}</title></path>`;
};

const linePath = ({ flow, name, values, dashed }: ChartSeries, steps: readonly Span[], { x, y }: Scales): string => {
  const path = steps.map(
    ({ startMs, endMs }, step) => `${step === 0 ? 'M' : 'L'}${x(startMs).toFixed(1)} ${y(values[step]!).toFixed(1)}H${x(endMs).toFixed(1)}`,
  );
  return `<path class="line ${flow}${dashed ? ' dashed' : ''}" d="${path.join('')}"><title>${escaped(name)}</title></path>`;
};

const LETTER = 7;

const legend = (series: readonly ChartSeries[]): string => {
  let x = FRAME.left;
  return series
    .map(({ name, flow, layer, dashed }) => {
      const mark = layer
        ? `<rect class="layer ${flow}" x="${x}" y="24" width="12" height="10"/>`
        : `<path class="line ${flow}${dashed ? ' dashed' : ''}" d="M${x} 29h14"/>`;
      const text = `<text class="key" x="${x + 19}" y="33">${escaped(name)}</text>`;
      x += 34 + name.length * LETTER;
      return mark + text;
    })
    .join('');
};

const axes = (
  { x, y }: Scales,
  { low, most, height, startMs, endMs }: { low: number; most: number; height: number; startMs: number; endMs: number },
): string =>
  [
    ...ticksOf(low, most).map(
      (value) =>
        `<path class="grid-line" d="M${FRAME.left} ${y(value).toFixed(1)}H${FRAME.width - FRAME.right}"/><text class="tick" x="${FRAME.left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${plain(value)}</text>`,
    ),
    timeAxis(x, startMs, endMs, height),
  ].join('');

/** Moments below the panel; where a day begins, its date. */
const timeAxis = (x: (atMs: number) => number, startMs: number, endMs: number, height: number): string =>
  momentsOf(startMs, endMs)
    .map((atMs) => {
      const label = clock(atMs) === '00:00' ? day(atMs) : clock(atMs);
      return `<path class="grid-line" d="M${x(atMs).toFixed(1)} ${TOP}V${height - BOTTOM}"/><text class="tick" x="${x(atMs).toFixed(1)}" y="${height - 8}" text-anchor="middle">${label}</text>`;
    })
    .join('');

export interface Row {
  readonly name: string;
  readonly flow: string;
  /** How much of itself it does at each step, from 0 to 1; absent where it is off. */
  readonly share: readonly (number | undefined)[];
}

const ROW = 20;

/** Devices that run or stand, one bar each; the fuller, the more it gives. */
export const barsSvg = (title: string, rows: readonly Row[], steps: readonly Span[]): string => {
  const height = TOP + rows.length * ROW + BOTTOM;
  const [startMs, endMs] = [steps[0]!.startMs, steps.at(-1)!.endMs];
  const x = timeScale(startMs, endMs);
  const bars = rows.map(({ name, flow, share }, index) => {
    const y = TOP + index * ROW;
    const boxes = steps.flatMap(({ startMs: fromMs, endMs: toMs }, step) => {
      const part = share[step];
      if (part === undefined) return [];
      const box = `x="${x(fromMs).toFixed(1)}" y="${y + 3}" width="${(x(toMs) - x(fromMs)).toFixed(1)}" height="${ROW - 6}"`;
      return [`<rect class="layer ${flow}" ${box} fill-opacity="${(0.35 + 0.65 * Math.min(1, part)).toFixed(2)}"/>`];
    });
    const short = name.length > 14 ? `${name.slice(0, 13)}…` : name;
    return `<text class="tick" x="${FRAME.left - 8}" y="${y + 14}" text-anchor="end">${escaped(short)}<title>${escaped(name)}</title></text>${boxes.join('')}`;
  });
  return `<svg viewBox="0 0 ${FRAME.width} ${height}" role="img" aria-label="${escaped(title)}">
<text class="title" x="0" y="16">${escaped(title)}</text>
${timeAxis(x, startMs, endMs, height)}${bars.join('\n')}
</svg>`;
};
