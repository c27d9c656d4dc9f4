import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';

import { LiveContext, type LiveHandlers, useLive } from '../api/live.js';
import { mergeById } from '../api/live-state.js';
import { keys, useHome, useHomeEvents, useHistoryAsItComes } from '../api/queries.js';
import type { HomeEvent, HomeNow } from '../api/household-types.js';
import type { Session } from '../api/types.js';
import type { ChartWords } from '../chart/chart-words.js';
import { DayPower } from '../chart/day-power.js';
import { flowName } from '../design/flow.js';
import { useText } from '../messages/text.js';
import { PageHead } from '../shell/page-head.js';
import { ConsentPanel } from './consent-panel.js';
import { EarningsPanel } from './earnings-panel.js';
import { EnergyPanel } from './energy-panel.js';
import { HomeEventsPanel } from './home-events-panel.js';
import { HomeNowPanel } from './home-now.js';
import { ProofPanel } from './proof-panel.js';

const handlersFor = (queries: QueryClient): LiveHandlers => ({
  home: (data) => queries.setQueryData<HomeNow>(keys.home, data as HomeNow),
  'home-event': (data) => {
    const event = data as HomeEvent;
    queries.setQueryData<HomeEvent[]>(keys.homeEvents, (rows) => mergeById(rows, event));
    if (event.state === 'settled') void queries.invalidateQueries({ queryKey: keys.statements });
  },
});

const words: ChartWords = {
  flows: ['load', 'pv', 'battery', 'grid'],
  names: { ...flowName, load: 'home.yourHome' },
  axes: 'chart.axes.home',
};

const HomePower = () => {
  const text = useText();
  const { data: home } = useHome();
  const { data: events } = useHomeEvents();
  return (
    <DayPower
      path="/me/power"
      zone={home?.zone}
      digits={2}
      words={words}
      title={text('home.day')}
      events={events?.filter(({ takesPart, state }) => takesPart && state !== 'cancelled') ?? []}
    />
  );
};

const HouseholdPage = ({ session }: { session: Session }) => {
  const queries = useQueryClient();
  useHistoryAsItComes();
  const handlers = useMemo(() => handlersFor(queries), [queries]);
  const live = useLive('/api/me/live', handlers, () => void queries.invalidateQueries());
  const { data: home } = useHome();
  return (
    <LiveContext value={live}>
      <PageHead session={session} title={home?.householdName} />
      <main className="household" data-live={live}>
        <div className="household-column">
          <HomeNowPanel />
          <EarningsPanel />
          <HomeEventsPanel />
          <ConsentPanel />
        </div>
        <div className="household-column">
          <HomePower />
          <EnergyPanel />
          <ProofPanel />
        </div>
      </main>
    </LiveContext>
  );
};

export default HouseholdPage;
