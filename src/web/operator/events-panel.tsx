import { useMutation, useQueryClient } from '@tanstack/react-query';

import { call } from '../api/client.js';
import { keys, useEvents } from '../api/queries.js';
import type { GridEvent } from '../api/types.js';
import { Answer, Empty, Panel, Problem } from '../design/parts.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { EventForm } from './event-form.js';
import { Missing, Promised } from './event-promise.js';
import { deliveredShare, meanDeliveredW, newestFirst } from './event-figures.js';

const CancelButton = ({ id }: { id: string }) => {
  const text = useText();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => call<void>('DELETE', `/events/${encodeURIComponent(id)}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.events }),
  });
  return (
    <>
      <button type="button" className="link" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
        {text('event.cancel', { id })}
      </button>
      {cancel.error ? <Problem error={cancel.error} /> : null}
    </>
  );
};

const Delivery = ({ event }: { event: GridEvent }) => {
  const text = useText();
  const format = useFormat();
  // Right after the end nothing has been counted yet: that is not known, and not a zero.
  const counted = event.state !== 'ended' || (event.deliveredWh ?? 0) > 0;
  const nowW = event.state === 'active' ? event.deliveredW : counted ? meanDeliveredW(event) : undefined;
  const share = deliveredShare(event, nowW);
  return (
    <div className="delivery">
      <p>
        <span className="delivery-asked">{text('event.asked', { power: format.power(event.powerW) })}</span>
        <span aria-hidden="true"> → </span>
        <strong data-testid="event-delivered">{`${format.power(nowW)} kW`}</strong>{' '}
        {text(event.state === 'active' ? 'event.deliveredNow' : 'event.deliveredMean')}
      </p>
      <span className="share-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(share ?? 0, 1) * 100}%` }} />
      </span>
      <p className="event-foot">
        <span>{`${format.energy(counted ? event.deliveredWh : undefined, 2)} kWh`}</span>
        <span>
          {text(event.state === 'settled' ? 'event.paid' : 'event.pays', { amount: format.money(counted ? event.paidMicro : undefined) })}
        </span>
        {event.participants === undefined ? null : <span>{text('event.homes', { count: event.participants })}</span>}
      </p>
      {event.shortfall ? <Missing shortfall={event.shortfall} rest="event.missing.otherW" /> : null}
    </div>
  );
};

const EventRow = ({ event }: { event: GridEvent }) => {
  const text = useText();
  const format = useFormat();
  const nowMs = usePlantNow(10_000);
  const canCancel = (event.state === 'announced' || event.state === 'active') && nowMs !== undefined && nowMs < event.endMs;
  return (
    <li className="event" data-state={event.state} data-testid={`event-row-${event.id}`}>
      <div className="event-head">
        <h3>{event.id}</h3>
        <span className="event-state" data-state={event.state} data-testid="event-state">
          {text(`event.state.${event.state}`)}
        </span>
        <span className="event-when">{text('event.fromTo', { from: format.dayTime(event.startMs), to: format.time(event.endMs) })}</span>
      </div>
      <p className="event-wish">
        {text(event.direction === 'up' ? 'event.wish.up' : 'event.wish.down', {
          power: format.power(event.powerW),
          price: format.money(event.priceMicroPerKwh),
        })}
      </p>
      {event.answer && event.state !== 'cancelled' ? <Promised answer={event.answer} powerW={event.powerW} words="event.accepted" /> : null}
      {event.state === 'announced' || event.state === 'cancelled' ? null : <Delivery event={event} />}
      {canCancel ? <CancelButton id={event.id} /> : null}
    </li>
  );
};

export const EventsPanel = () => {
  const text = useText();
  const query = useEvents();
  return (
    <Panel title={text('events.title')} className="events">
      <EventForm />
      <Answer query={query}>
        {(events) =>
          events.length === 0 ? (
            <Empty title={text('events.none')} next={text('events.none.next')} />
          ) : (
            <ul className="event-list" tabIndex={0} aria-label={text('events.title')}>
              {newestFirst(events).map((event) => (
                <EventRow key={event.id} event={event} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
};
