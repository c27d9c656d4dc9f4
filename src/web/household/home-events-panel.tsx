import { useMutation, useQueryClient } from '@tanstack/react-query';

import { call } from '../api/client.js';
import { keys, useHomeEvents } from '../api/queries.js';
import type { HomeEvent } from '../api/household-types.js';
import type { Format } from '../design/format.js';
import { Answer, Empty, Panel, Problem, ScrollTable } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { eventStory, isQuality } from './home-figures.js';

const OptOut = ({ event }: { event: HomeEvent }) => {
  const text = useText();
  const queries = useQueryClient();
  const optOut = useMutation({
    mutationFn: () => call<void>('POST', `/me/events/${encodeURIComponent(event.id)}/opt-out`),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.homeEvents }),
  });
  return (
    <>
      <button
        type="button"
        className="button small"
        data-testid="event-opt-out"
        disabled={optOut.isPending}
        onClick={() => optOut.mutate()}
      >
        {text('homeEvent.optOut', { id: event.id })}
      </button>
      {optOut.error ? <Problem error={optOut.error} /> : null}
    </>
  );
};

const Slots = ({ event, format }: { event: HomeEvent; format: Format }) => {
  const text = useText();
  return (
    <details className="event-slots">
      <summary>{text('homeEvent.how', { id: event.id })}</summary>
      <p className="muted">{text('homeEvent.how.text', { days: event.baselineDays ?? 0 })}</p>
      <ScrollTable caption={text('homeEvent.how', { id: event.id })} className="slots">
        <thead>
          <tr>
            <th scope="col">{text('table.time')}</th>
            <th scope="col" className="number">
              {text('slot.baseline')}
            </th>
            <th scope="col" className="number">
              {text('slot.net')}
            </th>
            <th scope="col" className="number">
              {text('slot.delivered')}
            </th>
            <th scope="col">{text('energy.quality')}</th>
          </tr>
        </thead>
        <tbody>
          {event.slots.map((slot) => (
            <tr key={slot.startMs}>
              <th scope="row">{format.time(slot.startMs)}</th>
              <td className="number">{format.energy(slot.baselineWh, 3)}</td>
              <td className="number">{format.energy(slot.netImportWh, 3)}</td>
              <td className="number">{format.energy(slot.deliveredWh, 3)}</td>
              <td data-quality={slot.quality}>{isQuality(slot.quality) ? text(`quality.${slot.quality}`) : slot.quality}</td>
            </tr>
          ))}
        </tbody>
      </ScrollTable>
    </details>
  );
};

/** Below this, cents hide what there is to see: one short event can be worth less than one. */
const SMALL_MICRO = 50_000;

const EventStory = ({ event, format }: { event: HomeEvent; format: Format }) => {
  const text = useText();
  const open = event.state === 'announced' || event.state === 'active';
  return (
    <li className="home-event" data-state={event.state} data-testid={`home-event-${event.id}`}>
      <h3>{format.dayTime(event.startMs)}</h3>
      <p>
        {text(eventStory(event), {
          from: format.time(event.startMs),
          to: format.time(event.endMs),
          energy: format.energy(event.deliveredWh, 2),
          amount: format.money(event.earnedMicro, (event.earnedMicro ?? 0) < SMALL_MICRO ? 4 : 2),
        })}
      </p>
      {open && event.takesPart ? <OptOut event={event} /> : null}
      {event.slots.length > 0 ? <Slots event={event} format={format} /> : null}
    </li>
  );
};

const SHOWN = 12;

export const HomeEventsPanel = () => {
  const text = useText();
  const format = useFormat();
  const query = useHomeEvents();
  return (
    <Panel title={text('homeEvents.title')} testId="home-events">
      <Answer query={query}>
        {(events) =>
          events.length === 0 ? (
            <Empty title={text('homeEvents.none')} next={text('homeEvents.none.next')} />
          ) : (
            <ul className="home-event-list">
              {[...events]
                .sort((a, b) => b.startMs - a.startMs)
                .slice(0, SHOWN)
                .map((event) => (
                  <EventStory key={event.id} event={event} format={format} />
                ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
};
