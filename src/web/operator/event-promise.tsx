import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { call } from '../api/client.js';
import { keys } from '../api/queries.js';
import type { EventAnswer, EventRequest, EventShortfall } from '../api/types.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { missingOf } from './event-figures.js';

const TYPED_FOR_MS = 300;
const ASKED_AGAIN_MS = 10_000;

/** What the plant would say to a request, once nobody has typed for a moment. */
export const useEventAnswer = (request: EventRequest | undefined): UseQueryResult<EventAnswer> => {
  const typed = JSON.stringify(request);
  const [asked, setAsked] = useState(typed);
  useEffect(() => {
    const wait = setTimeout(() => setAsked(typed), TYPED_FOR_MS);
    return () => clearTimeout(wait);
  }, [typed]);
  return useQuery({
    queryKey: [...keys.eventAnswer, asked],
    queryFn: ({ signal }) => call<EventAnswer>('POST', '/events/answer', JSON.parse(asked), signal),
    enabled: request !== undefined && asked !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ASKED_AGAIN_MS,
  });
};

/** What is missing and why: requested → offline → reserve → opted out → limits → the rest. */
export const Missing = ({ shortfall, rest }: { shortfall: EventShortfall; rest: 'event.missing.beyond' | 'event.missing.otherW' }) => {
  const text = useText();
  const format = useFormat();
  const parts = missingOf(shortfall);
  if (parts.length === 0) return null;
  return (
    <ul className="event-missing" data-testid="event-missing">
      {parts.map(({ part, powerW }) => (
        <li key={part}>{text(part === 'otherW' ? rest : `event.missing.${part}`, { power: format.power(powerW) })}</li>
      ))}
    </ul>
  );
};

/** What the plant says it can deliver of so much. */
export const Promised = ({
  answer,
  powerW,
  words,
}: {
  answer: EventAnswer;
  powerW: number;
  words: 'event.accepted' | 'event.expected';
}) => {
  const text = useText();
  const format = useFormat();
  return (
    <div
      className="event-promise"
      data-verdict={answer.verdict}
      data-testid={words === 'event.accepted' ? 'event-accepted' : 'event-expected'}
    >
      <p>{text(words, { accepted: format.power(answer.acceptedW), asked: format.power(powerW) })}</p>
      <Missing shortfall={answer.shortfall} rest="event.missing.beyond" />
    </div>
  );
};
