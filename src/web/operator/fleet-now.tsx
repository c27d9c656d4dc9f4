import { useLiveKind } from '../api/live.js';
import { useFleet, useSites } from '../api/queries.js';
import type { FleetNow } from '../api/types.js';
import { CHART_FLOWS, type ChartFlow } from '../chart/series.js';
import { flowName, FlowMark } from '../design/flow.js';
import { flowDirection } from '../design/flow-direction.js';
import { type PowerUnit, powerUnitFor } from '../design/format.js';
import { Answer, ChargeBar, Figure, Panel } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';

const powerOf = (fleet: FleetNow, flow: ChartFlow): number => (flow === 'load' ? fleet.loadW : fleet.powersW[flow]);

const FlowTile = ({ flow, powerW, unit }: { flow: ChartFlow; powerW: number; unit: PowerUnit }) => {
  const text = useText();
  const format = useFormat();
  return (
    <div className="tile" data-flow={flow}>
      <dt>
        <FlowMark flow={flow} />
        {text(flowName[flow])}
      </dt>
      <dd>
        <Figure value={format.power(powerW, unit)} unit={unit} size="large" testId={`power-${flow}`} />
        <span className="tile-note">{text(`direction.${flowDirection(flow, powerW)}`)}</span>
      </dd>
    </div>
  );
};

const StoredTile = ({ fleet }: { fleet: FleetNow }) => {
  const text = useText();
  const format = useFormat();
  const pct = fleet.capacityWh > 0 ? (100 * fleet.storedWh) / fleet.capacityWh : undefined;
  return (
    <div className="tile" data-flow="stored">
      <dt>{text('fleet.stored')}</dt>
      <dd>
        <Figure value={format.energy(fleet.storedWh)} unit="kWh" size="large" testId="stored" />
        <ChargeBar pct={pct} />
        <span className="tile-note">
          {text('fleet.storedOf', { capacity: format.energy(fleet.capacityWh, 0), pct: format.percent(pct) })}
        </span>
      </dd>
    </div>
  );
};

const Completeness = ({ fleet }: { fleet: FleetNow }) => {
  const text = useText();
  const { data: sites } = useSites();
  const live = useLiveKind();
  const format = useFormat();
  if (live === 'lost' || live === 'quiet')
    return (
      <p className="completeness" data-warn="true">
        {text('fleet.staleSince', { time: format.time(fleet.atMs, true) })}
      </p>
    );
  if (fleet.complete) return <p className="completeness">{text('fleet.complete')}</p>;
  const names = fleet.sitesMissing.map((id) => sites?.find((site) => site.id === id)?.name ?? id);
  return (
    <p className="completeness" data-warn="true">
      {text('fleet.incomplete', { count: names.length, names: names.slice(0, 4).join(', ') + (names.length > 4 ? ' …' : '') })}
    </p>
  );
};

/** What the fleet gives and takes at this moment, large enough to read across a room. */
export const FleetNowPanel = () => {
  const text = useText();
  const query = useFleet();
  const live = useLiveKind();
  return (
    <Panel title={text('fleet.now')} className="fleet-now" aside={query.data ? <Completeness fleet={query.data} /> : undefined}>
      <Answer query={query} lines={2}>
        {(fleet) => {
          const unit = powerUnitFor(CHART_FLOWS.map((flow) => powerOf(fleet, flow)));
          return (
            <dl className="tiles" data-testid="fleet-now" data-stale={live === 'lost' || live === 'quiet'}>
              {CHART_FLOWS.map((flow) => (
                <FlowTile key={flow} flow={flow} powerW={powerOf(fleet, flow)} unit={unit} />
              ))}
              <StoredTile fleet={fleet} />
            </dl>
          );
        }}
      </Answer>
    </Panel>
  );
};
