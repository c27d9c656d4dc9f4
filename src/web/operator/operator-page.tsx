import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';

import { LiveContext, type LiveHandlers, useLive } from '../api/live.js';
import { mergeById } from '../api/live-state.js';
import { keys, useHistoryAsItComes } from '../api/queries.js';
import type { Alarm, DeviceRow, FleetNow, GridEvent, Session, SiteRow } from '../api/types.js';
import { PageHead } from '../shell/page-head.js';
import { AlarmsPanel } from './alarms-panel.js';
import { DevicesPanel } from './devices-panel.js';
import { DispatchStrip } from './dispatch-strip.js';
import { EventsPanel } from './events-panel.js';
import { FleetNowPanel } from './fleet-now.js';
import { LimitsPanel } from './limits-panel.js';
import { MachinesPanel } from './machines-panel.js';
import { ProofStatePanel } from './proof-state-panel.js';
import { FleetPowerPanel } from './fleet-power-panel.js';

const handlersFor = (queries: QueryClient): LiveHandlers => ({
  fleet: (data) => queries.setQueryData<FleetNow>(keys.fleet, data as FleetNow),
  sites: (data) => queries.setQueryData<SiteRow[]>(keys.sites, data as SiteRow[]),
  devices: (data) => queries.setQueryData<DeviceRow[]>(keys.devices, data as DeviceRow[]),
  alarm: (data) => queries.setQueryData<Alarm[]>(keys.alarms, (rows) => mergeById(rows, data as Alarm)),
  'grid-event': (data) => {
    const event = data as GridEvent;
    const before = queries.getQueryData<GridEvent[]>(keys.events)?.find(({ id }) => id === event.id);
    queries.setQueryData<GridEvent[]>(keys.events, (rows) => mergeById(rows, event));
    // An event that came, began or ended has changed the plan.
    if (before?.state !== event.state) void queries.invalidateQueries({ queryKey: keys.plan });
  },
});

const OperatorPage = ({ session }: { session: Session }) => {
  const queries = useQueryClient();
  useHistoryAsItComes();
  const handlers = useMemo(() => handlersFor(queries), [queries]);
  const live = useLive('/api/live', handlers, () => void queries.invalidateQueries());
  return (
    <LiveContext value={live}>
      <PageHead session={session}>
        <DispatchStrip />
      </PageHead>
      <main className="operator" data-live={live}>
        <FleetNowPanel />
        <div className="operator-wide">
          <FleetPowerPanel />
          <DevicesPanel />
        </div>
        <div className="operator-side">
          <EventsPanel />
          <AlarmsPanel />
          <LimitsPanel />
          <MachinesPanel />
          <ProofStatePanel />
        </div>
      </main>
    </LiveContext>
  );
};

export default OperatorPage;
