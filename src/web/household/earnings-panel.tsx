import { useState } from 'react';

import { localDate } from '../../kernel/local-day.js';
import { useStatements } from '../api/queries.js';
import type { Statement, StatementLine } from '../api/household-types.js';
import type { Format } from '../design/format.js';
import { Answer, Empty, Panel } from '../design/parts.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { earnedIn } from './home-figures.js';

const Line = ({ line, format }: { line: StatementLine; format: Format }) => {
  const text = useText();
  return (
    <li className="statement-line">
      <span>
        {text(`line.${line.kind}`)}{' '}
        <span className="muted" lang="en">
          {line.text}
        </span>
      </span>
      <span className="number">{format.money(line.amountMicro, 4)}</span>
      <code className="arithmetic">{line.arithmetic}</code>
      {(line.slotsUnpaid ?? 0) > 0 ? (
        <span className="muted">{text('line.unpaid', { count: line.slotsUnpaid ?? 0, paid: line.slotsPaid ?? 0 })}</span>
      ) : null}
    </li>
  );
};

const StatementRow = ({ statement, today, format }: { statement: Statement; today?: string; format: Format }) => {
  const text = useText();
  return (
    <li>
      <details className="statement" data-state={statement.state}>
        <summary>
          <span>{statement.date === today ? text('earnings.today') : format.date(statement.date)}</span>
          <span className="chip">{text(`statement.${statement.state}`)}</span>
          <span className="number">{format.money(statement.totalMicro)}</span>
        </summary>
        {statement.lines.length === 0 ? (
          <p className="muted">{text('statement.empty')}</p>
        ) : (
          <ul>
            {statement.lines.map((line, index) => (
              <Line key={`${line.kind}-${line.eventId ?? ''}-${index}`} line={line} format={format} />
            ))}
          </ul>
        )}
      </details>
    </li>
  );
};

const Sums = ({ statements, today, format }: { statements: Statement[]; today?: string; format: Format }) => {
  const text = useText();
  const ofToday = statements.find(({ date }) => date === today);
  const all = earnedIn(statements);
  return (
    <dl className="earned">
      <div>
        <dt>{text('earnings.today')}</dt>
        <dd className="earned-figure">{format.money(ofToday?.totalMicro)}</dd>
      </div>
      <div>
        <dt>{text('earnings.days', { count: statements.length })}</dt>
        <dd className="earned-figure">{format.money(all.totalMicro)}</dd>
      </div>
      <div>
        <dt>{text('earnings.ofWhich')}</dt>
        <dd>
          {text('earnings.parts', { feedIn: format.money(all.feedInMicro), events: format.money(all.eventMicro) })}
          {all.adjustmentMicro === 0 ? '' : ` · ${text('earnings.adjusted', { amount: format.money(all.adjustmentMicro) })}`}
        </dd>
      </div>
    </dl>
  );
};

const FIRST_SHOWN = 7;

export const EarningsPanel = () => {
  const text = useText();
  const format = useFormat();
  const nowMs = usePlantNow(60_000);
  const today = nowMs === undefined ? undefined : localDate(format.zone, nowMs);
  const query = useStatements(30);
  const [all, setAll] = useState(false);
  return (
    <Panel title={text('earnings.title')} testId="home-earnings">
      <Answer query={query} lines={5}>
        {(statements) =>
          statements.length === 0 ? (
            <Empty title={text('earnings.none')} next={text('earnings.none.next')} />
          ) : (
            <>
              <Sums statements={statements} today={today} format={format} />
              <ul className="statements">
                {statements.slice(0, all ? undefined : FIRST_SHOWN).map((statement) => (
                  <StatementRow key={statement.id} statement={statement} today={today} format={format} />
                ))}
              </ul>
              {statements.length > FIRST_SHOWN && !all ? (
                <button type="button" className="link" onClick={() => setAll(true)}>
                  {text('earnings.more', { count: statements.length - FIRST_SHOWN })}
                </button>
              ) : null}
            </>
          )
        }
      </Answer>
    </Panel>
  );
};
