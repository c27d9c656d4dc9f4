import { useAlarms } from '../api/queries.js';
import type { Alarm } from '../api/types.js';
import { Answer, Empty, Panel } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { inOrder } from './alarm-order.js';

const AlarmRow = ({ alarm }: { alarm: Alarm }) => {
  const text = useText();
  const format = useFormat();
  return (
    <li className="alarm" data-severity={alarm.severity} data-cleared={alarm.clearedAtMs !== undefined}>
      <span className="alarm-severity">{text(`alarm.${alarm.severity}`)}</span>
      <span className="alarm-what">
        <strong>{alarm.subject}</strong> {alarm.message}
      </span>
      <span className="alarm-when">
        {format.dayTime(alarm.raisedAtMs)}
        {alarm.clearedAtMs === undefined ? '' : ` · ${text('alarm.cleared', { time: format.time(alarm.clearedAtMs) })}`}
      </span>
    </li>
  );
};

export const AlarmsPanel = () => {
  const text = useText();
  const query = useAlarms();
  const open = query.data?.filter(({ clearedAtMs }) => clearedAtMs === undefined).length;
  return (
    <Panel title={text('alarms.title')} testId="alarms" aside={open === undefined ? undefined : text('alarms.open', { count: open })}>
      <Answer query={query}>
        {(alarms) =>
          alarms.length === 0 ? (
            <Empty title={text('alarms.none')} next={text('alarms.none.next')} />
          ) : (
            <ul className="alarm-list" tabIndex={0} aria-label={text('alarms.title')}>
              {inOrder(alarms).map((alarm) => (
                <AlarmRow key={alarm.id} alarm={alarm} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
};
