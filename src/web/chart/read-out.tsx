import { LineSample } from '../design/flow.js';
import type { Format } from '../design/format.js';
import { type MessageId, useText } from '../messages/text.js';
import { type Band, bandAt, CHART_FLOWS, type ChartFlow, expectedKind, type Trace, traceFor, valueAt } from './series.js';

interface ReadOutProps {
  traces: readonly Trace[];
  bands: readonly Band[];
  names: Record<ChartFlow, MessageId>;
  /** The moment read: under the cursor, or now. */
  atMs?: number;
  format: Format;
  digits: number;
  hidden: ReadonlySet<ChartFlow>;
  onToggle: (flow: ChartFlow) => void;
}

const FlowReadOut = ({ flow, traces, bands, names, atMs, format, digits, hidden, onToggle }: ReadOutProps & { flow: ChartFlow }) => {
  const text = useText();
  const kind = expectedKind(flow);
  const shown = !hidden.has(flow);
  const within = bandAt(
    bands.find((band) => band.flow === flow),
    atMs,
  );
  const value = (of: 'actual' | 'forecast' | 'plan') =>
    format.power(atMs === undefined ? undefined : valueAt(traceFor(traces, flow, of), atMs), 'kW', digits);
  return (
    <li data-flow={flow} data-shown={shown}>
      <button type="button" aria-pressed={shown} onClick={() => onToggle(flow)}>
        {text(names[flow])}
      </button>
      <span className="read-line">
        <LineSample flow={flow} kind="actual" />
        <span className="read-kind">{text('kind.actual')}</span>
        <span className="read-value">{value('actual')}</span>
      </span>
      <span className="read-line">
        <LineSample flow={flow} kind={kind} />
        <span className="read-kind">{text(`kind.${kind}`)}</span>
        <span className="read-value">{value(kind)}</span>
      </span>
      {within ? (
        <span className="read-line">
          <span aria-hidden="true" />
          <span className="read-kind">{text('kind.band')}</span>
          <span className="read-value">{`${format.power(within.lowW, 'kW', digits)}–${format.power(within.highW, 'kW', digits)}`}</span>
        </span>
      ) : null}
    </li>
  );
};

/** Legend and read-out in one: each flow with its lines, and their values at one moment. Names switch flows on and off. */
export const ReadOut = (props: ReadOutProps & { isNow: boolean }) => {
  const text = useText();
  const { atMs, format, isNow } = props;
  return (
    <div className="read-out">
      <p className="read-time">
        <span className="read-clock">{atMs === undefined ? '--:--' : format.time(atMs)}</span>
        <span>{isNow ? text('chart.now') : text('chart.atCursor')}</span>
        <span className="muted">kW</span>
      </p>
      <ul>
        {CHART_FLOWS.filter((flow) => props.traces.some((trace) => trace.flow === flow)).map((flow) => (
          <FlowReadOut key={flow} flow={flow} {...props} />
        ))}
      </ul>
    </div>
  );
};

/** The same, in a sentence. */
export const spokenReadOut = (
  { traces, atMs, format, digits }: Pick<ReadOutProps, 'traces' | 'atMs' | 'format' | 'digits'>,
  names: Record<ChartFlow, string>,
): string =>
  atMs === undefined
    ? ''
    : [
        format.time(atMs),
        ...CHART_FLOWS.map((flow) => {
          const powerW = valueAt(traceFor(traces, flow, 'actual'), atMs) ?? valueAt(traceFor(traces, flow, expectedKind(flow)), atMs);
          return powerW === undefined ? undefined : `${names[flow]} ${format.power(powerW, 'kW', digits)} kW`;
        }).filter((part) => part !== undefined),
      ].join(', ');
