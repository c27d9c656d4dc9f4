import { Fragment } from 'react';

import type { PowerSeries } from '../api/types.js';
import type { Format } from '../design/format.js';
import { ScrollTable } from '../design/parts.js';
import { useText } from '../messages/text.js';
import type { ChartWords } from './chart-words.js';
import { expectedKind, rowsOf } from './series.js';

interface PowerTableProps {
  series: PowerSeries;
  words: ChartWords;
  format: Format;
  digits: number;
  title: string;
}

/** The chart for those who read rather than look: quarter-hour means, measured beside expected. */
export const PowerTable = ({ series, words, format, digits, title }: PowerTableProps) => {
  const text = useText();
  const rows = rowsOf(series);
  const flows = words.flows.filter((flow) =>
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
              {`${text(words.names[flow])}, kW`}
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
