import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useId, useState } from 'react';

import { call } from '../api/client.js';
import { keys, useHome } from '../api/queries.js';
import type { HomeNow } from '../api/household-types.js';
import { Answer, Panel, Problem } from '../design/parts.js';
import { useText } from '../messages/text.js';

type Consent = Pick<HomeNow, 'optedOut' | 'reserveFloorPct'>;

const ConsentForm = ({ held }: { held: Consent }) => {
  const text = useText();
  const queries = useQueryClient();
  const id = useId();
  // What was not touched follows the plant; what was, waits to be saved.
  const [draft, setDraft] = useState<Partial<Consent>>({});
  const wished: Consent = { optedOut: draft.optedOut ?? held.optedOut, reserveFloorPct: draft.reserveFloorPct ?? held.reserveFloorPct };
  const changed = wished.optedOut !== held.optedOut || wished.reserveFloorPct !== held.reserveFloorPct;
  const save = useMutation({
    mutationFn: (consent: Consent) => call<void>('PUT', '/me/consent', consent),
    onSuccess: async (_, consent) => {
      queries.setQueryData<HomeNow>(keys.home, (home) => (home ? { ...home, ...consent } : home));
      setDraft({});
      await queries.invalidateQueries({ queryKey: keys.homeEvents });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate(wished);
  };
  return (
    <form className="consent" data-testid="consent-form" onSubmit={submit}>
      <label className="check">
        <input
          type="checkbox"
          data-testid="consent-takes-part"
          checked={!wished.optedOut}
          onChange={(event) => setDraft({ ...draft, optedOut: !event.target.checked })}
        />
        <span>
          {text('consent.takePart')}
          <span className="muted">{text('consent.takePart.what')}</span>
        </span>
      </label>
      <label htmlFor={id}>{text('consent.floor')}</label>
      <div className="floor">
        <input
          id={id}
          type="range"
          min={0}
          max={90}
          step={5}
          data-testid="consent-floor"
          value={wished.reserveFloorPct}
          aria-describedby={`${id}-what`}
          onChange={(event) => setDraft({ ...draft, reserveFloorPct: Number(event.target.value) })}
        />
        <output htmlFor={id}>{`${wished.reserveFloorPct} %`}</output>
      </div>
      <p className="muted" id={`${id}-what`}>
        {text('consent.floor.what', { pct: wished.reserveFloorPct })}
      </p>
      {save.error ? <Problem error={save.error} /> : null}
      <div className="consent-save">
        <button type="submit" className="button" data-tone="accent" data-testid="consent-save" disabled={!changed || save.isPending}>
          {text('consent.save')}
        </button>
        <span className="muted" role="status">
          {changed ? text('consent.unsaved') : save.isSuccess ? text('consent.saved') : ''}
        </span>
      </div>
    </form>
  );
};

export const ConsentPanel = () => {
  const text = useText();
  const query = useHome();
  return (
    <Panel title={text('consent.title')}>
      <Answer query={query}>{(home) => <ConsentForm held={home} />}</Answer>
    </Panel>
  );
};
