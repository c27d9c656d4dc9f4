import { useState } from 'react';

import { useEnergy } from '../api/queries.js';
import type { EnergyDay } from '../api/household-types.js';
import { roundTicks } from '../chart/day-axis.js';
import type { Format } from '../design/format.js';
import { Answer, Choice, Empty, Panel, ScrollTable } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { type MessageId, useText } from '../messages/text.js';
import { barsOf } from './home-figures.js';

const HEIGHT = 150;

/** Two bars a day, what the sun gave and what the home used; hatched where estimated, an outline where nothing is known. */
const DayBars = ({ days, format }: { days: EnergyDay[]; format: Format }) => {
  const text = useText();
  const { bars, topWh } = barsOf(days);
  const ticks = roundTicks(0, topWh, 4);
  const top = Math.max(topWh, ticks.at(-1) ?? 0) * 1.04;
  return (
    <div className="day-bars" role="img" aria-label={text('energy.label', { days: days.length })}>
      <div className="bar-axis" aria-hidden="true">
        {ticks.map((energyWh) => (
          <span key={energyWh} style={{ bottom: `${(100 * energyWh) / top}%` }}>
            {format.energy(energyWh, topWh < 4_000 ? 1 : 0)}
          </span>
        ))}
        <span className="bar-unit">kWh</span>
      </div>
      <div className="bar-plot" style={{ height: HEIGHT }} aria-hidden="true">
        {ticks.map((energyWh) => (
          <span key={energyWh} className="bar-rule" style={{ bottom: `${(100 * energyWh) / top}%` }} />
        ))}
        {days.map(({ date }, index) => (
          <span key={date} className="bar-day" data-every={days.length > 10 && index % 5 !== (days.length - 1) % 5 ? 'hidden' : undefined}>
            {bars.slice(2 * index, 2 * index + 2).map(({ kind, energyWh, quality }) => (
              <span
                key={kind}
                className="bar"
                data-kind={kind}
                data-quality={energyWh === undefined ? 'missing' : quality}
                style={{ height: `${energyWh === undefined ? 12 : (100 * energyWh) / top}%` }}
              />
            ))}
            <span className="bar-date">{format.date(date)}</span>
          </span>
        ))}
      </div>
    </div>
  );
};

const columns: [keyof EnergyDay & `${string}Wh`, MessageId][] = [
  ['producedWh', 'energy.produced'],
  ['consumedWh', 'energy.used'],
  ['importedWh', 'energy.imported'],
  ['exportedWh', 'energy.exported'],
  ['chargedWh', 'energy.charged'],
  ['dischargedWh', 'energy.discharged'],
];

const DayTable = ({ days, format }: { days: EnergyDay[]; format: Format }) => {
  const text = useText();
  return (
    <ScrollTable caption={text('energy.title')} className="energy-table">
      <thead>
        <tr>
          <th scope="col">{text('table.day')}</th>
          {columns.map(([key, name]) => (
            <th key={key} scope="col" className="number">
              {text(name)}
            </th>
          ))}
          <th scope="col">{text('energy.quality')}</th>
        </tr>
      </thead>
      <tbody>
        {days.toReversed().map((day) => (
          <tr key={day.date}>
            <th scope="row">{format.date(day.date)}</th>
            {columns.map(([key]) => (
              <td key={key} className="number">
                {format.energy(day[key], 2)}
              </td>
            ))}
            <td data-quality={day.quality}>
              {text(`quality.${day.quality}`)}
              {day.missingSlots > 0 ? ` ${text('energy.missingSlots', { count: day.missingSlots })}` : ''}
            </td>
          </tr>
        ))}
      </tbody>
    </ScrollTable>
  );
};

const Today = ({ day, format }: { day: EnergyDay; format: Format }) => {
  const text = useText();
  return (
    <p className="energy-today">
      {text('energy.today', { produced: format.energy(day.producedWh), used: format.energy(day.consumedWh) })}{' '}
      {text('energy.grid', { imported: format.energy(day.importedWh), exported: format.energy(day.exportedWh) })}
    </p>
  );
};

export const EnergyPanel = () => {
  const text = useText();
  const format = useFormat();
  const [days, setDays] = useState<'7' | '30'>('7');
  const [shape, setShape] = useState<'chart' | 'table'>('chart');
  const query = useEnergy(Number(days));
  const aside = (
    <>
      <Choice
        label={text('energy.howLong')}
        value={days}
        onChange={setDays}
        options={(['7', '30'] as const).map((value) => ({ value, text: text('energy.days', { count: Number(value) }) }))}
      />
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
    <Panel title={text('energy.title')} aside={aside} testId="home-energy">
      <Answer query={query} lines={6}>
        {(rows) => {
          const today = rows.at(-1);
          if (!today) return <Empty title={text('energy.none')} next={text('energy.none.next')} />;
          return (
            <>
              <Today day={today} format={format} />
              {shape === 'table' ? <DayTable days={rows} format={format} /> : <DayBars days={rows} format={format} />}
              <ul className="bar-legend" hidden={shape === 'table'}>
                <li data-kind="produced">{text('energy.produced')}</li>
                <li data-kind="used">{text('energy.used')}</li>
                <li data-kind="estimated">{text('quality.estimated')}</li>
                <li data-kind="missing">{text('quality.missing')}</li>
              </ul>
            </>
          );
        }}
      </Answer>
    </Panel>
  );
};
