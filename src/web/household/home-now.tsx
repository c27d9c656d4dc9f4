import { useLiveKind } from '../api/live.js';
import { useHome } from '../api/queries.js';
import type { HomeNow } from '../api/household-types.js';
import type { ChartFlow } from '../chart/series.js';
import { FlowMark, flowName } from '../design/flow.js';
import { flowDirection } from '../design/flow-direction.js';
import type { Format } from '../design/format.js';
import { Answer, Panel } from '../design/parts.js';
import { useFormat } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { FlowDiagram } from './flow-diagram.js';
import { sayingsOf } from './home-figures.js';

const flows: readonly ChartFlow[] = ['load', 'pv', 'battery', 'grid'];

const Figures = ({ home, format }: { home: HomeNow; format: Format }) => {
  const text = useText();
  const powerOf = (flow: ChartFlow) => (flow === 'load' ? home.loadW : home.powersW[flow]);
  return (
    <dl className="home-figures">
      {flows.map((flow) => {
        const powerW = powerOf(flow);
        return (
          <div key={flow} data-flow={flow}>
            <dt>{text(flow === 'load' ? 'home.yourHome' : flowName[flow])}</dt>
            <dd>
              <span className="home-figure" data-testid={flow === 'load' ? 'home-load' : `home-${flow}`}>
                {format.plainPower(powerW === undefined ? undefined : Math.abs(powerW))}
              </span>
              <span className="muted">
                {powerW === undefined ? text('state.noReading') : text(`direction.${flowDirection(flow, powerW)}`)}
                {flow === 'battery' && home.socPct !== undefined ? ` · ${format.percent(home.socPct)} %` : ''}
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
};

/** Homes without any say nothing of them. */
const Loads = ({ home, format }: { home: HomeNow; format: Format }) => {
  const text = useText();
  if (home.loads.length === 0) return null;
  return (
    <ul className="home-loads" aria-label={text('loads.title')}>
      {home.loads.map(({ id, name, state, drawsW, held }) => (
        <li key={id} data-testid={`home-load-${id}`}>
          <FlowMark flow="flexible" size={16} />
          <span>{name}</span>
          <span>{`${format.power(drawsW)} kW`}</span>
          <span className="muted">
            {[
              text(state ? `load.${state}` : 'state.noReading'),
              ...(held && state !== 'nothingThere' ? [text(`load.heldBy.${held.by}`, { power: format.power(held.toW) })] : []),
            ].join(' · ')}
          </span>
        </li>
      ))}
    </ul>
  );
};

const EventNow = ({ event, format }: { event: NonNullable<HomeNow['activeEvent']>; format: Format }) => {
  const text = useText();
  return (
    <p className="event-now" role="status">
      {text(event.takesPart ? 'home.event.now' : 'home.event.without', {
        from: format.time(event.startMs),
        to: format.time(event.endMs),
        energy: format.energy(event.deliveredWh, 2),
      })}
    </p>
  );
};

export const HomeNowPanel = () => {
  const text = useText();
  const query = useHome();
  const live = useLiveKind();
  const format = useFormat(query.data?.zone);
  const stale = live === 'lost' || live === 'quiet';
  return (
    <Panel title={text('home.now')} testId="home-now" className="home-now">
      <Answer query={query} lines={8}>
        {(home) => (
          <div data-stale={stale}>
            {stale ? <p className="stale-note">{text('fleet.staleSince', { time: format.time(home.atMs, true) })}</p> : null}
            {home.missing.length > 0 ? <p className="stale-note">{text('home.missing', { names: home.missing.join(', ') })}</p> : null}
            {home.activeEvent ? <EventNow event={home.activeEvent} format={format} /> : null}
            <FlowDiagram home={home} format={format} />
            <Figures home={home} format={format} />
            <Loads home={home} format={format} />
            <p className="home-sentence">
              {sayingsOf(home)
                .map(({ id, powerW }) => text(id, { power: `${format.power(powerW, 'kW', 1)} kW` }))
                .join(' ')}
            </p>
          </div>
        )}
      </Answer>
    </Panel>
  );
};
