import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';

import { ApiError } from '../api/client.js';
import { useText } from '../messages/text.js';

interface PanelProps {
  title: string;
  /** What stands at the right of the title. */
  aside?: ReactNode;
  testId?: string;
  className?: string;
  children: ReactNode;
}

/** One subject of a page, under its heading. */
export const Panel = ({ title, aside, testId, className = '', children }: PanelProps) => {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id} data-testid={testId}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div className="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
};

/** A number and its unit. The number keeps the width of its longest self, so that nothing beside it moves. */
export const Figure = ({ value, unit, chars = 6, testId, size = 'medium' }: FigureProps) => (
  <span className="figure" data-size={size} data-testid={testId}>
    <span className="figure-value" style={{ minWidth: `${chars}ch` }}>
      {value}
    </span>{' '}
    <span className="figure-unit">{unit}</span>
  </span>
);
interface FigureProps {
  value: string;
  unit: string;
  chars?: number;
  testId?: string;
  size?: 'small' | 'medium' | 'large';
}

export const Empty = ({ title, next }: { title: string; next: string }) => (
  <div className="note-block">
    <p className="note-title">{title}</p>
    <p>{next}</p>
  </div>
);

/** What went wrong in the plant's own words, and what to do about it. */
export const useProblemText = () => {
  const text = useText();
  return (error: unknown): { title: string; detail: string } => {
    if (!(error instanceof ApiError)) return { title: text('error.page'), detail: error instanceof Error ? error.message : String(error) };
    const { status, title, detail, faults } = error.problem;
    if (status === 0) return { title: text('error.unreachable'), detail: text('error.unreachable.next') };
    return {
      title: text(status >= 500 ? 'error.failed' : 'error.refused', { title }),
      detail: [detail, ...(faults ?? [])].filter(Boolean).join(' · '),
    };
  };
};

export const Problem = ({ error, onRetry }: { error: unknown; onRetry?: () => void }) => {
  const text = useText();
  const { title, detail } = useProblemText()(error);
  return (
    <div className="note-block" data-tone="problem" role="alert">
      <p className="note-title">{title}</p>
      {detail === '' ? null : <p>{detail}</p>}
      {onRetry ? (
        <button type="button" className="button" onClick={onRetry}>
          {text('action.retry')}
        </button>
      ) : null}
    </div>
  );
};

/** What a query has to show: it waits, it failed, or here it is. Old data stays on the page when a refresh fails, marked as such. */
export const Answer = <Data,>({ query, lines = 3, children }: AnswerProps<Data>) => {
  const text = useText();
  const { data, error, refetch } = query;
  if (data === undefined)
    return error ? (
      <Problem error={error} onRetry={() => void refetch()} />
    ) : (
      <div className="waiting" role="status">
        <span className="visually-hidden">{text('state.loading')}</span>
        {Array.from({ length: lines }, (_, line) => (
          <span key={line} className="waiting-line" aria-hidden="true" />
        ))}
      </div>
    );
  return (
    <>
      {error ? (
        <p className="stale-note" role="status">
          {text('state.refreshFailed')}{' '}
          <button type="button" className="link" onClick={() => void refetch()}>
            {text('action.retry')}
          </button>
        </p>
      ) : null}
      {children(data)}
    </>
  );
};
interface AnswerProps<Data> {
  query: UseQueryResult<Data>;
  lines?: number;
  children: (data: Data) => ReactNode;
}

/** A table wider or longer than its place scrolls there, by keyboard too. */
export const ScrollTable = ({ caption, className = '', testId, children }: ScrollTableProps) => {
  const text = useText();
  return (
    <div className={`scroll-table ${className}`} role="region" aria-label={text('table.of', { title: caption })} tabIndex={0}>
      <table data-testid={testId}>
        <caption className="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  );
};
interface ScrollTableProps {
  caption: string;
  className?: string;
  testId?: string;
  children: ReactNode;
}

/** How full a battery is, and the part its owner keeps back. */
export const ChargeBar = ({ pct, floorPct }: { pct?: number; floorPct?: number }) => (
  <span className="charge-bar" data-missing={pct === undefined} aria-hidden="true">
    <span className="charge-fill" style={{ width: `${pct ?? 0}%` }} />
    {floorPct === undefined || floorPct <= 0 ? null : <span className="charge-floor" style={{ left: `${floorPct}%` }} />}
  </span>
);

export const Choice = <Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) => (
  <div className="choice" role="group" aria-label={label}>
    {options.map((option) => (
      <button
        key={option.value}
        type="button"
        aria-pressed={option.value === value}
        aria-label={option.spoken}
        title={option.spoken}
        onClick={() => onChange(option.value)}
      >
        {option.text}
      </button>
    ))}
  </div>
);
interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; text: ReactNode; spoken?: string }[];
  onChange: (value: Value) => void;
}
