import { Fragment } from 'react';

import type { PowerSeries } from '../api/types.js';
import { flowName } from '../design/flow.js';
import type { Format } from '../design/format.js';
import { ScrollTable } from '../design/parts.js';
import { useText } from '../messages/text.js';
import { CHART_FLOWS, expectedKind, rowsOf } from './series.js';

/** The chart for those who read rather than look: quarter-hour means, measured beside expected. */
export const PowerTable = ({ series, format, digits, title }: { series: PowerSeries; format: Format; digits: number; title: string }) => {
  const text = useText();
  const rows = rowsOf(series);
  const flows = CHART_FLOWS.filter((flow) =>
    rows.some(({ actualW, expectedW }) => actualW[flow] !== undefined || expectedW[flow] !== undefined),
  );
  return (
    <ScrollTable caption={title} className="power-table">
      <thead>
        <tr>
          <th scope="col" rowSpan={2}>
            {text('table.time')}
          </th>
          {flows.map((flow) => (
            <th key={flow} scope="colgroup" colSpan={2} className="number">
              {`${text(flowName[flow])}, kW`}
            </th>
          ))}
        </tr>
        <tr>
          {flows.map((flow) => (
            <Fragment key={flow}>
              <th scope="col" className="number">
                {text('kind.actual')}
              </th>
              <th scope="col" className="number">
                {text(`kind.${expectedKind(flow)}`)}
              </th>
            </Fragment>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ startMs, actualW, expectedW }) => (
          <tr key={startMs}>
            <th scope="row">{format.time(startMs)}</th>
            {flows.map((flow) => (
              <Fragment key={flow}>
                <td className="number">{format.power(actualW[flow], 'kW', digits)}</td>
                <td className="number expected">{format.power(expectedW[flow], 'kW', digits)}</td>
              </Fragment>
            ))}
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
};
