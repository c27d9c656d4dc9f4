import { useLimits, useLockOuts } from '../api/queries.js';
import type { HeldLimit, LockOut } from '../api/types.js';
import { Answer, Empty, Panel } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import './limits.css';

/** How a limit is kept, in one word for the eye and the test. */
const stateOf = ({ powerW, exceeded, compliedAtMs }: HeldLimit): 'passed' | 'kept' | 'coming' | 'unknown' => {
  if (exceeded) return 'passed';
  if (powerW === undefined) return 'unknown';
  return compliedAtMs === undefined ? 'coming' : 'kept';
};

const LimitRow = ({ limit }: { limit: HeldLimit }) => {
  const text = useText();
  const format = useFormat();
  const state = stateOf(limit);
  const { scope, kind, valueW, powerW, setBy, reason, endMs, compliedAtMs, unknownMs } = limit;
  return (
    <li className="limit" data-state={state}>
      <span className="limit-what">
        <strong>{scope === 'fleet' ? text('limit.fleet') : scope}</strong> {text(`limit.${kind}`)}
      </span>
      <span className="limit-power">{`${format.power(powerW)} / ${format.power(valueW)} kW`}</span>
      <span className="limit-state">
        {state === 'kept' ? text('limit.kept', { time: format.time(compliedAtMs!, true) }) : text(`limit.${state}`)}
        {unknownMs === undefined ? '' : ` · ${text('limit.notKnownFor', { seconds: Math.round(unknownMs / 1_000) })}`}
      </span>
      <span className="limit-whose">
        {endMs === undefined ? text('limit.owed') : `${text('limit.by', { by: setBy, time: format.dayTime(endMs) })} · ${reason}`}
      </span>
    </li>
  );
};

const LockOutRow = ({ lockOut: { subject, reason, byUser, sinceMs } }: { lockOut: LockOut }) => {
  const text = useText();
  const format = useFormat();
  return (
    <li className="limit">
      <span className="limit-what">
        <strong>{subject}</strong> {reason}
      </span>
      <span className="limit-whose">{text('lockOut.by', { by: byUser, time: format.dayTime(sinceMs) })}</span>
    </li>
  );
};

const LockOuts = () => {
  const text = useText();
  const lockOuts = useLockOuts();
  return (
    <Answer query={lockOuts} lines={1}>
      {(rows) =>
        rows.length === 0 ? (
          <p className="limits-none">{text('lockOuts.none')}</p>
        ) : (
          <ul className="limit-list" tabIndex={0} aria-label={text('lockOuts.title')}>
            {rows.map((lockOut) => (
              <LockOutRow key={lockOut.subject} lockOut={lockOut} />
            ))}
          </ul>
        )
      }
    </Answer>
  );
};

/** What the plant is held to now, by whom and until when, and whether it keeps to it; and what is taken out of control, and why. */
export const LimitsPanel = () => {
  const text = useText();
  const limits = useLimits();
  return (
    <Panel title={text('limits.title')} testId="limits" className="limits">
      <Answer query={limits} lines={2}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={text('limits.none')} next={text('limits.none.next')} />
          ) : (
            <ul className="limit-list" tabIndex={0} aria-label={text('limits.title')}>
              {rows.map((limit) => (
                <LimitRow key={limit.id ?? `${limit.scope} ${limit.kind}`} limit={limit} />
              ))}
            </ul>
          )
        }
      </Answer>
      <h3>{text('lockOuts.title')}</h3>
      <LockOuts />
    </Panel>
  );
};
