import { useState } from 'react';

import { useEvents, usePlan, useSites } from '../api/queries.js';
import type { PlanView } from '../api/types.js';
import type { ChartWords } from '../chart/chart-words.js';
import { DayPower } from '../chart/day-power.js';
import { CHART_FLOWS } from '../chart/series.js';
import { flowName } from '../design/flow.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';

const words: ChartWords = { flows: CHART_FLOWS, names: flowName, axes: 'chart.axes' };

const PlanNote = ({ plan }: { plan: PlanView }) => {
  const text = useText();
  const format = useFormat();
  return (
    <p className="plan-note">
      {text('plan.note', {
        time: format.time(plan.issuedAtMs),
        solver: plan.solver === 'highs' ? 'HiGHS' : text('plan.meritOrder'),
        status: plan.status,
        seconds: format.number(plan.seconds, 2),
        cost: format.money(plan.costMicro),
      })}
      {plan.breaches.length > 0 ? <strong>{` ${text('plan.breaches', { breaches: plan.breaches.join('; ') })}`}</strong> : null}
    </p>
  );
};

/** Does the fleet do what was foreseen and planned? For the whole fleet or one site, a day at a time. */
export const FleetPowerPanel = () => {
  const text = useText();
  const { data: sites } = useSites();
  const { data: events } = useEvents();
  const { data: plan } = usePlan();
  const [siteId, setSiteId] = useState('');
  const chooseSite = (
    <label className="site-choice">
      <span className="visually-hidden">{text('chart.site')}</span>
      <select value={siteId} onChange={(event) => setSiteId(event.target.value)}>
        <option value="">{text('chart.wholeFleet')}</option>
        {sites?.map((site) => (
          <option key={site.id} value={site.id}>
            {site.name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <DayPower
      path="/fleet/power"
      siteId={siteId === '' ? undefined : siteId}
      digits={siteId === '' ? 1 : 2}
      words={words}
      title={text('chart.title')}
      events={events?.filter(({ state }) => state !== 'cancelled') ?? []}
      choose={chooseSite}
      foot={plan ? <PlanNote plan={plan} /> : plan === null ? <p className="plan-note">{text('plan.none')}</p> : null}
    />
  );
};
