import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';

import { type Interval, SLOT_MS } from '../../kernel/interval.js';
import { clamp } from '../../kernel/units.js';
import type { Format } from '../design/format.js';
import { useDark } from '../design/preferences.js';
import { type Backdrop, chartOptions } from './chart-options.js';
import { columnsOf, type Trace } from './series.js';

interface PowerChartProps {
  label: string;
  traces: readonly Trace[];
  day: Interval;
  format: Format;
  backdrop: Backdrop;
  cursorMs?: number;
  /** What the read-out says of the moment under the cursor, for those who hear it. */
  spoken: string;
  onCursor: (atMs: number | undefined) => void;
}

const useWidth = () => {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!place.current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return { place, width };
};

const heightFor = (width: number): number => Math.round(clamp(width * 0.38, 230, 340));

/** Keeps one uPlot standing: built anew when its lines, day, size or colours change, fed when only numbers do. */
const useChart = (props: PowerChartProps) => {
  const { place, width } = useWidth();
  const chart = useRef<uPlot>(undefined);
  const dark = useDark();
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { traces, day, format, backdrop } = props;
  const shape = [traces.map(({ flow, kind }) => `${flow}-${kind}`).join(' '), day.startMs, width, dark, format.locale, format.zone].join(
    '|',
  );
  useEffect(() => {
    if (!place.current || width === 0) return undefined;
    const now = latest.current;
    const options = chartOptions({
      ...now,
      size: { width, height: heightFor(width) },
      backdrop: () => latest.current.backdrop,
      onCursor: (atMs) => latest.current.onCursor(atMs),
    });
    chart.current = new uPlot(options, columnsOf(now.traces), place.current);
    return () => {
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [shape, place, width]);
  useEffect(() => {
    chart.current?.setData(columnsOf(traces));
  }, [traces]);
  useEffect(() => {
    chart.current?.redraw(false);
  }, [backdrop]);
  return { place, chart, width };
};

/** A day of power as lines. Arrow keys move the cursor a quarter-hour at a time, as the pointer does. */
export const PowerChart = (props: PowerChartProps) => {
  const { place, chart, width } = useChart(props);
  const { day, cursorMs, label, spoken, backdrop } = props;
  const moveTo = (atMs: number) => {
    const shown = chart.current;
    if (shown) shown.setCursor({ left: shown.valToPos(clamp(atMs, day.startMs, day.endMs - 1), 'x'), top: 1 });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -4, PageUp: 4 };
    const fromMs = cursorMs ?? backdrop.nowMs ?? day.startMs;
    const step = steps[event.key];
    if (step !== undefined) moveTo(fromMs + step * SLOT_MS);
    else if (event.key === 'Home') moveTo(day.startMs);
    else if (event.key === 'End') moveTo(day.endMs);
    else if (event.key === 'Escape') chart.current?.setCursor({ left: -10, top: -10 });
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={place}
      className="power-chart"
      style={{ height: heightFor(width === 0 ? 800 : width) }}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={day.startMs}
      aria-valuemax={day.endMs}
      aria-valuenow={Math.round(cursorMs ?? backdrop.nowMs ?? day.startMs)}
      aria-valuetext={spoken}
      onKeyDown={onKeyDown}
    />
  );
};
