import type { HomeNow } from '../api/household-types.js';
import type { ChartFlow } from '../chart/series.js';
import { FlowMark } from '../design/flow.js';
import type { Format } from '../design/format.js';
import { useText } from '../messages/text.js';
import { flowLine } from './home-figures.js';

interface Node {
  flow: ChartFlow;
  x: number;
  y: number;
  /** Where the power stands, beside its line. */
  labelX: number;
  labelY: number;
  anchor: 'start' | 'middle' | 'end';
}

const HOME = { x: 180, y: 168 };
const RADIUS = 34;
const nodes: readonly Node[] = [
  { flow: 'pv', x: 180, y: 40, labelX: 192, labelY: 108, anchor: 'start' },
  { flow: 'grid', x: 42, y: 168, labelX: 111, labelY: 156, anchor: 'middle' },
  { flow: 'battery', x: 318, y: 168, labelX: 249, labelY: 156, anchor: 'middle' },
];

const Line = ({ node, powerW, format }: { node: Node; powerW?: number; format: Format }) => {
  const line = flowLine(node.flow, powerW);
  const length = Math.hypot(HOME.x - node.x, HOME.y - node.y) - 2 * RADIUS - 8;
  const angle = (Math.atan2(HOME.y - node.y, HOME.x - node.x) * 180) / Math.PI;
  const head = 6 + line.width;
  return (
    <>
      <g
        transform={`translate(${node.x} ${node.y}) rotate(${angle}) translate(${RADIUS + 4} 0)`}
        data-flow={node.flow}
        className="flow-line"
        data-still={line.width === 0}
      >
        {line.width === 0 ? (
          <path d={`M0 0h${length}`} />
        ) : (
          <g transform={line.toHome ? undefined : `translate(${length} 0) scale(-1 1)`}>
            <path d={`M0 0h${length - head}`} strokeWidth={line.width} />
            <path className="flow-head" d={`M${length - head} ${-head * 0.8}L${length} 0L${length - head} ${head * 0.8}Z`} />
          </g>
        )}
      </g>
      <text x={node.labelX} y={node.labelY} textAnchor={node.anchor} className="flow-power">
        {powerW === undefined ? '–' : `${format.power(Math.abs(powerW), 'kW', 1)} kW`}
      </text>
    </>
  );
};

const Place = ({ flow, x, y, label }: { flow: ChartFlow; x: number; y: number; label: string }) => (
  <g transform={`translate(${x} ${y})`} data-flow={flow} className="flow-place">
    <circle r={RADIUS} />
    <g transform="translate(-13 -19)">
      <FlowMark flow={flow} size={26} />
    </g>
    <text y="21" textAnchor="middle">
      {label}
    </text>
  </g>
);

/** Where power comes from and goes to, as arrows: wider is more. The same figures stand below it, for those who do not see it. */
export const FlowDiagram = ({ home, format }: { home: HomeNow; format: Format }) => {
  const text = useText();
  const short: Partial<Record<ChartFlow, string>> = {
    battery: home.socPct === undefined ? undefined : `${format.percent(home.socPct)} %`,
    load: home.loadW === undefined ? undefined : `${format.power(home.loadW, 'kW', 1)} kW`,
    pv: text('home.short.pv'),
    grid: text('home.short.grid'),
  };
  return (
    <svg className="flow-diagram" viewBox="0 0 360 210" aria-hidden="true">
      {nodes.map((node) => (
        <Line key={node.flow} node={node} powerW={node.flow === 'load' ? undefined : home.powersW[node.flow]} format={format} />
      ))}
      {nodes.map(({ flow, x, y }) => (
        <Place key={flow} flow={flow} x={x} y={y} label={short[flow] ?? ''} />
      ))}
      <Place flow="load" x={HOME.x} y={HOME.y} label={short.load ?? '–'} />
    </svg>
  );
};
