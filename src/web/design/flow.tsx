import type { ChartFlow, TraceKind } from '../chart/series.js';
import type { MessageId } from '../messages/text.js';

/** What a device's readings and proofs speak of: what the chart draws, and flexible loads, which are a part of the load there. */
export type DeviceFlow = ChartFlow | 'flexible';

export const flowName: Record<DeviceFlow, MessageId> = {
  pv: 'flow.pv',
  battery: 'flow.battery',
  grid: 'flow.grid',
  generator: 'flow.generator',
  load: 'flow.load',
  flexible: 'flow.flexible',
};

const paths: Record<DeviceFlow, string> = {
  pv: 'M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v3M12 19v3M2 12h3M19 12h3M4.9 4.9 7 7M17 17l2.1 2.1M19.1 4.9 17 7M7 17l-2.1 2.1',
  battery: 'M5 7h14v13H5zM9.5 7V4h5v3M8.5 16h7M8.5 12h7',
  grid: 'M12 2 6.5 22M12 2l5.5 20M8 9h8M4 9l4-1.8M20 9l-4-1.8M7.3 18.5 14.7 12M16.7 18.5 9.3 12',
  generator: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM15.8 9.6A4.2 4.2 0 1 0 16 14h-3.4',
  load: 'M3.5 11.5 12 4l8.5 7.5M6 9.5V20h12V9.5M10 20v-5.5h4V20',
  flexible: 'M9 3v5M15 3v5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0ZM12 17v4',
};

/** The sign of a flow: its own shape as well as its own colour, for those who do not tell the colours apart. */
export const FlowMark = ({ flow, size = 18 }: { flow: DeviceFlow; size?: number }) => (
  <svg className="flow-mark" data-flow={flow} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
    <path d={paths[flow]} />
  </svg>
);

/** A sample of the line by which a kind of value is drawn. */
export const LineSample = ({ flow, kind }: { flow: ChartFlow; kind: TraceKind }) => (
  <svg className="line-sample" data-flow={flow} data-kind={kind} viewBox="0 0 26 8" width="26" height="8" aria-hidden="true">
    <path d="M0 4h26" />
  </svg>
);
