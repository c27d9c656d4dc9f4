import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';

import { call } from '../api/client.js';
import { useLiveKind } from '../api/live.js';
import { forgetSession, type HeldPlant, usePlant } from '../api/queries.js';
import type { Session } from '../api/types.js';
import { roughSpan } from '../design/format.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { Choice } from '../design/parts.js';
import { LOCALES, type Locale, type Theme, THEMES, usePreferences } from '../design/preferences.js';
import { useText } from '../messages/text.js';

/** What is made up says so, on every page. */
export const SimulatedBadge = ({ plant, long = false }: { plant: HeldPlant; long?: boolean }) => {
  const text = useText();
  return (
    <p className="simulated" data-testid="simulated-badge">
      <strong>{text('plant.simulated')}</strong>
      {plant.replay ? <span>{text('plant.replay', { name: plant.replay })}</span> : null}
      {long && !plant.replay ? <span>{text('plant.simulated.what')}</span> : null}
    </p>
  );
};

const PlantClock = ({ plant }: { plant: HeldPlant }) => {
  const text = useText();
  const format = useFormat();
  const nowMs = usePlantNow(1_000) ?? plant.nowMs;
  const offset = roughSpan(plant.clockOffsetMs);
  return (
    <p className="plant-clock" data-testid="plant-clock">
      <span className="plant-clock-label">{text('clock.plant')}</span>{' '}
      <time dateTime={new Date(nowMs).toISOString()}>{format.time(nowMs, true)}</time>{' '}
      <span className="plant-clock-zone">{format.zoneName(nowMs)}</span>
      {Math.abs(plant.clockOffsetMs) >= 1_000 ? (
        <span className="plant-clock-offset">
          {text(plant.clockOffsetMs < 0 ? 'clock.behind' : 'clock.ahead', {
            span: text(`span.short.${offset.unit}`, { value: offset.value }),
          })}
        </span>
      ) : null}
    </p>
  );
};

const HistoryProgress = ({ history }: { history: NonNullable<HeldPlant['history']> }) => {
  const text = useText();
  const id = useId();
  if (history.daysDone >= history.daysTotal) return null;
  return (
    <div className="history" data-testid="history-progress">
      <label htmlFor={id}>{text('plant.history', { done: history.daysDone, total: history.daysTotal })}</label>
      <progress id={id} max={history.daysTotal} value={history.daysDone} />
    </div>
  );
};

const LiveMark = () => {
  const text = useText();
  const kind = useLiveKind();
  return (
    <p className="live-mark" data-kind={kind} data-testid="live-mark" role="status">
      {text(`live.${kind}`)}
    </p>
  );
};

/** Half and half, a sun, a moon. */
const themeIcons: Record<Theme, string> = {
  system: 'M8 2a6 6 0 1 0 0 12ZM8 2a6 6 0 0 1 0 12',
  light: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  dark: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
};
const ThemeIcon = ({ theme }: { theme: Theme }) => (
  <svg className="theme-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={themeIcons[theme]} />
  </svg>
);

const languageNames: Record<Locale, string> = { en: 'English', de: 'Deutsch' };

export const PreferenceControls = () => {
  const text = useText();
  const { locale, setLocale, theme, setTheme } = usePreferences();
  return (
    <div className="preferences">
      <Choice
        label={text('preferences.language')}
        value={locale}
        onChange={setLocale}
        options={LOCALES.map((value) => ({ value, text: value.toUpperCase(), spoken: languageNames[value] }))}
      />
      <Choice
        label={text('preferences.theme')}
        value={theme}
        onChange={setTheme}
        options={THEMES.map((value) => ({ value, text: <ThemeIcon theme={value} />, spoken: text(`preferences.theme.${value}`) }))}
      />
    </div>
  );
};

const Logout = ({ session }: { session: Session }) => {
  const text = useText();
  const queries = useQueryClient();
  const logout = useMutation({
    // The pages go first, or they would go on asking while the plant ends the session. Whether or not it hears of it, they are done with it.
    onMutate: () => forgetSession(queries),
    mutationFn: () => call<void>('DELETE', '/session'),
  });
  return (
    <>
      <span className="logout-name">{session.name}</span>
      <button type="button" className="button small" data-testid="logout" disabled={logout.isPending} onClick={() => logout.mutate()}>
        {text('login.out')}
      </button>
    </>
  );
};

/** The top of both faces: which plant, which time, how real, how fresh. */
export const PageHead = ({ session, title, children }: { session: Session; title?: string; children?: ReactNode }) => {
  const { data: plant } = usePlant();
  return (
    <header className="page-head">
      <div className="page-head-what">
        <img src="./heliograph.svg" alt="" width="24" height="24" />
        <h1>{title ?? plant?.name ?? 'Heliograph'}</h1>
        {plant?.simulated ? <SimulatedBadge plant={plant} /> : null}
        {plant ? <PlantClock plant={plant} /> : null}
        {plant?.history ? <HistoryProgress history={plant.history} /> : null}
      </div>
      <div className="page-head-who">
        <LiveMark />
        <PreferenceControls />
        <Logout session={session} />
      </div>
      {children}
    </header>
  );
};
