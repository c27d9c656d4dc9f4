import { type ReactNode, useMemo, useState } from 'react';

import type { Interval } from '../../kernel/interval.js';
import { localDate } from '../../kernel/local-day.js';
import { type PowerQuestion, usePower } from '../api/queries.js';
import type { PowerSeries } from '../api/types.js';
import type { Format } from '../design/format.js';
import { Answer, Choice, Empty, Panel } from '../design/parts.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import type { ChartWords } from './chart-words.js';
import { dayAfter, dayBefore, dayOf } from './day-axis.js';
import { PowerChart } from './power-chart.js';
import { PowerTable } from './power-table.js';
import { ReadOut, spokenReadOut } from './read-out.js';
import { bandsOf, CHART_FLOWS, type ChartFlow, lastMeasuredMs, missingSpans, tracesOf } from './series.js';

interface DayPowerProps {
  path: PowerQuestion['path'];
  title: string;
  siteId?: string;
  /** The site's own zone, where it is not the plant's. */
  zone?: string;
  digits: number;
  words: ChartWords;
  events: readonly Interval[];
  choose?: ReactNode;
  foot?: ReactNode;
}

const DayChoice = ({
  date,
  today,
  format,
  onChange,
}: {
  date: string;
  today: string;
  format: Format;
  onChange: (date: string) => void;
}) => {
  const text = useText();
  return (
    <div className="day-choice" role="group" aria-label={text('chart.day')}>
      <button type="button" className="button small" aria-label={text('chart.dayBefore')} onClick={() => onChange(dayBefore(date))}>
        ‹
      </button>
      <span className="day-name" aria-live="polite">
        {date === today ? text('chart.today', { date: format.date(date) }) : format.date(date)}
      </span>
      <button
        type="button"
        className="button small"
        aria-label={text('chart.dayAfter')}
        disabled={date > today}
        onClick={() => onChange(dayAfter(date))}
      >
        ›
      </button>
    </div>
  );
};

interface DayViewProps {
  series: PowerSeries;
  day: Interval;
  title: string;
  digits: number;
  words: ChartWords;
  events: readonly Interval[];
  format: Format;
  nowMs?: number;
}

const DayView = ({ series, day, title, digits, words, events, format, nowMs }: DayViewProps) => {
  const text = useText();
  const [hidden, setHidden] = useState<ReadonlySet<ChartFlow>>(new Set());
  const [cursorMs, setCursorMs] = useState<number>();
  const all = useMemo(() => tracesOf(series).filter(({ flow }) => words.flows.includes(flow)), [series, words]);
  const traces = useMemo(() => all.filter(({ flow }) => !hidden.has(flow)), [all, hidden]);
  const bands = useMemo(() => bandsOf(series).filter(({ flow }) => words.flows.includes(flow)), [series, words]);
  const backdrop = useMemo(
    () => ({
      nowMs,
      missing: missingSpans(series, Math.min(nowMs ?? series.toMs, day.endMs)),
      events,
      bands: bands.filter(({ flow }) => !hidden.has(flow)),
    }),
    [nowMs, series, events, day.endMs, bands, hidden],
  );
  const toggle = (flow: ChartFlow) => {
    const next = new Set(hidden);
    if (!next.delete(flow)) next.add(flow);
    setHidden(next);
  };
  const inDay = nowMs !== undefined && nowMs >= day.startMs && nowMs < day.endMs;
  // The step that is running may have no mean yet: "now" reads the last one that has.
  const lastMs = inDay ? lastMeasuredMs(series) : undefined;
  const latestMs = lastMs !== undefined && nowMs !== undefined && nowMs < lastMs + series.stepMs ? nowMs : lastMs;
  const atMs = cursorMs ?? latestMs;
  const names = Object.fromEntries(CHART_FLOWS.map((flow) => [flow, text(words.names[flow])])) as Record<ChartFlow, string>;
  return (
    <>
      <ReadOut
        traces={all}
        bands={bands}
        names={words.names}
        atMs={atMs}
        isNow={cursorMs === undefined}
        format={format}
        digits={digits}
        hidden={hidden}
        onToggle={toggle}
      />
      <PowerChart
        label={text('chart.label', { title })}
        traces={traces}
        day={day}
        format={format}
        backdrop={backdrop}
        cursorMs={cursorMs}
        spoken={spokenReadOut({ traces: all, atMs, format, digits }, names)}
        onCursor={setCursorMs}
      />
      <p className="chart-foot">
        {text(words.axes, { zone: format.zoneName(day.startMs) })}
        {series.forecast.length > 0 ? ` ${text('chart.model', { model: series.forecastModel })}` : ''}
        {bands.length > 0 ? ` ${text('chart.band')}` : ''}
      </p>
    </>
  );
};

/** One local day of power: measured, forecast and planned in one chart, and the same as a table. */
export const DayPower = ({ path, title, siteId, zone, digits, words, events, choose, foot }: DayPowerProps) => {
  const text = useText();
  const format = useFormat(zone);
  const nowMs = usePlantNow(10_000);
  const [chosen, setChosen] = useState<string>();
  const [shape, setShape] = useState<'chart' | 'table'>('chart');
  const today = nowMs === undefined ? undefined : localDate(format.zone, nowMs);
  const date = chosen ?? today ?? '2000-01-01';
  const day = useMemo(() => dayOf(format.zone, date), [format.zone, date]);
  const query = usePower({ path, fromMs: day.startMs, toMs: day.endMs, siteId }, today !== undefined);
  const aside = (
    <>
      {choose}
      {today === undefined ? null : (
        <DayChoice date={date} today={today} format={format} onChange={(next) => setChosen(next === today ? undefined : next)} />
      )}
      <Choice
        label={text('chart.shape')}
        value={shape}
        onChange={setShape}
        options={[
          { value: 'chart', text: text('chart.asChart') },
          { value: 'table', text: text('chart.asTable') },
        ]}
      />
    </>
  );
  return (
    <Panel title={title} aside={aside} testId="chart-power" className="day-power">
      <Answer query={query} lines={9}>
        {(series) => {
          if (series.actual.length + series.forecast.length + series.plan.length === 0)
            return <Empty title={text('chart.none')} next={text('chart.none.next')} />;
          return shape === 'table' ? (
            <PowerTable series={series} words={words} format={format} digits={digits} title={`${title}, ${format.date(date, 'long')}`} />
          ) : (
            <DayView series={series} day={day} title={title} digits={digits} words={words} events={events} format={format} nowMs={nowMs} />
          );
        }}
      </Answer>
      {foot}
    </Panel>
  );
};
