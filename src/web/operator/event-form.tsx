import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { MINUTE_MS } from '../../kernel/units.js';
import { call } from '../api/client.js';
import { mergeById } from '../api/live-state.js';
import { keys, usePlant } from '../api/queries.js';
import type { EventRequest, GridEvent } from '../api/types.js';
import type { Format } from '../design/format.js';
import { Choice, Problem, useProblemText } from '../design/parts.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { Promised, useEventAnswer } from './event-promise.js';
import { type DraftFault, type EventDraft, requestOf } from './event-figures.js';

/** What stands in the form before anyone typed: small, soon and short. */
const firstDraft = (format: Format): EventDraft => ({
  direction: 'up',
  powerKw: '20',
  startInMinutes: '1',
  durationMinutes: '5',
  pricePerKwh: format.number(0.4, 2),
});

interface FieldProps {
  field: DraftFault;
  label: string;
  unit: string;
  faulty: boolean;
  value: string;
  onChange: (value: string) => void;
}
const Field = ({ field, label, unit, faulty, value, onChange }: FieldProps) => (
  <label className="field">
    {label}
    <span className="field-box">
      <input
        inputMode="decimal"
        name={field}
        data-testid={`event-${field}`}
        value={value}
        aria-invalid={faulty}
        aria-describedby={faulty ? 'event-fault' : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="field-unit">{unit}</span>
    </span>
  </label>
);

const useAnnounce = () => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (request: EventRequest) => call<GridEvent>('POST', '/events', request),
    onSuccess: (event) => queries.setQueryData<GridEvent[]>(keys.events, (rows) => mergeById(rows, event)),
  });
};

/** Before anything is announced: how much of it the plant would accept now, and why not the rest. */
const Expected = ({ answer: { data, error }, powerW }: { answer: ReturnType<typeof useEventAnswer>; powerW: number }) => {
  const text = useText();
  const problem = useProblemText();
  if (error) return <p className="event-promise">{problem(error).detail}</p>;
  return data ? <Promised answer={data} powerW={powerW} words="event.expected" /> : <p className="event-promise">{text('event.asking')}</p>;
};

/** Asks the fleet for a change of its net import, and says beforehand exactly when that will be. */
export const EventForm = () => {
  const text = useText();
  const format = useFormat();
  const { data: plant } = usePlant();
  const nowMs = usePlantNow(1_000);
  const [draft, setDraft] = useState(() => firstDraft(format));
  const [tried, setTried] = useState(false);
  const announce = useAnnounce();
  const outcome = nowMs === undefined ? undefined : requestOf(draft, nowMs, plant?.intervalMinutes ?? 15);
  const request = outcome?.kind === 'request' ? outcome.request : undefined;
  const expected = useEventAnswer(request);
  const fault = tried && outcome?.kind === 'fault' ? outcome.field : undefined;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (request) announce.mutate(request);
  };
  const field = (name: DraftFault, unit: string) => (
    <Field
      field={name}
      label={text(`event.${name}`)}
      unit={unit}
      faulty={fault === name}
      value={draft[name]}
      onChange={(value) => setDraft({ ...draft, [name]: value })}
    />
  );
  const window = request && {
    from: format.time(request.startMs),
    to: format.time(request.startMs + request.durationMinutes * MINUTE_MS),
  };
  return (
    <form className="event-form" data-testid="event-form" onSubmit={submit} noValidate>
      <Choice
        label={text('event.direction')}
        value={draft.direction}
        onChange={(direction) => setDraft({ ...draft, direction })}
        options={[
          { value: 'up', text: text('event.up') },
          { value: 'down', text: text('event.down') },
        ]}
      />
      <div className="event-fields">
        {field('powerKw', 'kW')}
        {field('pricePerKwh', `${plant?.currency ?? ''}/kWh`)}
        {field('startInMinutes', 'min')}
        {field('durationMinutes', 'min')}
      </div>
      {fault ? (
        <p className="form-fault" id="event-fault" role="alert">
          {text(`event.fault.${fault}`)}
        </p>
      ) : null}
      {request ? <Expected answer={expected} powerW={request.powerW} /> : null}
      {announce.error ? <Problem error={announce.error} /> : null}
      <div className="event-send">
        <span>{window ? text('event.window', window) : text('event.window.none')}</span>
        <button type="submit" className="button" data-tone="accent" data-testid="event-submit" disabled={announce.isPending || !outcome}>
          {text('event.submit')}
        </button>
      </div>
    </form>
  );
};
