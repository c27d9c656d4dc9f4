import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { call } from '../api/client.js';
import { keys, useFleet } from '../api/queries.js';
import type { DispatchState, FleetNow } from '../api/types.js';
import { AskDialog } from '../design/ask-dialog.js';
import { Problem } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';

const useDispatchOrder = (path: '/release-all' | '/resume', onDone?: () => void) => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (reason: string) => call<DispatchState>('POST', path, { reason }),
    onSuccess: (dispatch) => {
      queries.setQueryData<FleetNow>(keys.fleet, (fleet) => (fleet ? { ...fleet, dispatch } : fleet));
      onDone?.();
    },
  });
};

const ReleaseDialog = ({ leases, onClose }: { leases: number; onClose: () => void }) => {
  const text = useText();
  const [reason, setReason] = useState('');
  const release = useDispatchOrder('/release-all', onClose);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // An emergency stop is never held up by an empty field.
    release.mutate(reason.trim() === '' ? text('release.noReason') : reason.trim());
  };
  return (
    <AskDialog title={text('release.title')} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{text('release.what', { leases })}</p>
        <label>
          {text('release.reason')}
          <input data-testid="release-reason" maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
        {release.error ? <Problem error={release.error} /> : null}
        <div className="ask-actions">
          <button type="button" className="button" onClick={onClose}>
            {text('release.keep')}
          </button>
          <button type="submit" className="button" data-tone="danger" data-testid="release-confirm" disabled={release.isPending}>
            {text('release.confirm')}
          </button>
        </div>
      </form>
    </AskDialog>
  );
};

const Stopped = ({ dispatch }: { dispatch: DispatchState }) => {
  const text = useText();
  const format = useFormat();
  const [reason, setReason] = useState('');
  const resume = useDispatchOrder('/resume');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    resume.mutate(reason.trim() === '' ? text('resume.noReason') : reason.trim());
  };
  return (
    <form className="stopped" onSubmit={submit} data-testid="dispatch-stopped">
      <p>
        <strong>{text(dispatch.mode === 'released' ? 'dispatch.released' : 'dispatch.holding')}</strong>{' '}
        {text('dispatch.since', { time: format.dayTime(dispatch.sinceMs) })}
        {dispatch.reason ? ` · ${dispatch.reason}` : ''}
      </p>
      <label>
        <span className="visually-hidden">{text('resume.reason')}</span>
        <input placeholder={text('resume.reason')} maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <button type="submit" className="button" data-tone="accent" data-testid="resume" disabled={resume.isPending}>
        {text('resume.do')}
      </button>
      {resume.error ? <Problem error={resume.error} /> : null}
    </form>
  );
};

const Standing = ({ fleet }: { fleet: FleetNow }) => {
  const text = useText();
  const { devices, dispatch, openAlarms } = fleet;
  return (
    <ul className="standing">
      <li data-testid="dispatch-mode" data-mode={dispatch.mode}>
        {text(`dispatch.mode.${dispatch.mode}`)}
      </li>
      <li data-testid="dispatch-leases">{text('dispatch.leases', { leases: dispatch.leases })}</li>
      <li>{text('devices.online', { count: devices.online })}</li>
      <li data-warn={devices.stale > 0}>{text('devices.stale', { count: devices.stale })}</li>
      <li data-warn={devices.offline > 0}>{text('devices.offline', { count: devices.offline })}</li>
      <li data-warn={openAlarms > 0}>{text('alarms.open', { count: openAlarms })}</li>
    </ul>
  );
};

/** What the plant is doing with its devices, and the one way to stop all of it. */
export const DispatchStrip = () => {
  const text = useText();
  const { data: fleet } = useFleet();
  const [asking, setAsking] = useState(false);
  return (
    <div className="dispatch-strip">
      {fleet ? <Standing fleet={fleet} /> : <p className="standing">{text('state.loading')}</p>}
      <button
        type="button"
        className="button release"
        data-tone="danger"
        data-testid="release-all"
        disabled={fleet?.dispatch.mode === 'released'}
        onClick={() => setAsking(true)}
      >
        {text('release.all')}
      </button>
      {fleet && fleet.dispatch.mode !== 'running' ? <Stopped dispatch={fleet.dispatch} /> : null}
      {asking ? <ReleaseDialog leases={fleet?.dispatch.leases ?? 0} onClose={() => setAsking(false)} /> : null}
    </div>
  );
};
