import { DAY_MS } from '../../kernel/units.js';
import { useDevices, usePlan, useSites } from '../api/queries.js';
import type { DeviceRow, PlanView, SiteRow } from '../api/types.js';
import { FlowMark } from '../design/flow.js';
import { flowDirection } from '../design/flow-direction.js';
import { Answer, ChargeBar, Empty, Panel } from '../design/parts.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { useText } from '../messages/text.js';
import { batterySites, flexibleLoads, loadStateOf, onStrip, powerOf } from './device-figures.js';

type Runs = PlanView['generators'][number]['runs'];

const RunStrip = ({ runs, fromMs }: { runs: Runs; fromMs: number }) => (
  <span className="run-strip" aria-hidden="true">
    {runs.map((run) => {
      const place = onStrip(run, fromMs, fromMs + DAY_MS);
      return place ? <span key={run.startMs} style={{ left: `${place.leftPct}%`, width: `${place.widthPct}%` }} /> : null;
    })}
  </span>
);

const GeneratorRow = ({ device, planned, runs }: { device: DeviceRow; planned: boolean; runs?: Runs }) => {
  const text = useText();
  const format = useFormat();
  const nowMs = usePlantNow(60_000);
  const powerW = powerOf(device);
  const ahead = runs?.filter(({ endMs }) => nowMs === undefined || endMs > nowMs) ?? [];
  return (
    <li className="machine generator">
      <span className="machine-name">
        <FlowMark flow="generator" size={15} />
        {device.name}
      </span>
      <span className="machine-state">
        {powerW === undefined ? text('state.noReading') : text(`direction.${flowDirection('generator', powerW)}`)}
      </span>
      <span className="machine-power">{`${format.power(powerW)} kW`}</span>
      {nowMs === undefined ? null : <RunStrip runs={ahead} fromMs={nowMs} />}
      <span className="machine-runs">
        {ahead.length === 0
          ? text(planned ? 'generator.noRuns' : 'plan.none')
          : ahead.map(({ startMs, endMs }) => `${format.time(startMs)}–${format.time(endMs)}`).join(', ')}
      </span>
    </li>
  );
};

const BatteryRow = ({ site }: { site: SiteRow }) => {
  const text = useText();
  const format = useFormat();
  const powerW = site.powersW.battery;
  return (
    <li className="machine battery" data-optedout={site.optedOut}>
      <span className="machine-name">{site.name}</span>
      <ChargeBar pct={site.socPct} floorPct={site.reserveFloorPct} />
      <span className="machine-soc">{`${format.percent(site.socPct)} %`}</span>
      <span className="machine-power">{`${format.power(powerW)} kW`}</span>
      <span className="visually-hidden">
        {powerW === undefined ? text('state.noReading') : text(`direction.${flowDirection('battery', powerW)}`)}
        {`, ${text('battery.floor', { pct: format.percent(site.reserveFloorPct) })}`}
      </span>
      {site.optedOut ? <span className="chip">{text('site.optedOut')}</span> : null}
    </li>
  );
};

const LoadRow = ({ device }: { device: DeviceRow }) => {
  const text = useText();
  const format = useFormat();
  const powerW = powerOf(device);
  const state = loadStateOf(device);
  return (
    <li className="machine load" data-testid={`load-${device.id}`}>
      <span className="machine-name">
        <FlowMark flow="flexible" size={15} />
        {`${device.siteName} · ${device.name}`}
      </span>
      <span className="machine-state">{text(state ? `load.${state}` : 'state.noReading')}</span>
      <span className="machine-power">{`${format.power(powerW === undefined ? undefined : Math.abs(powerW))} kW`}</span>
    </li>
  );
};

/** Plants without any say nothing of them. */
const Loads = () => {
  const text = useText();
  const { data: devices = [] } = useDevices();
  const loads = flexibleLoads(devices);
  if (loads.length === 0) return null;
  return (
    <>
      <h3>{text('loads.title')}</h3>
      <ul className="machine-list" aria-label={text('loads.title')}>
        {loads.map((device) => (
          <LoadRow key={device.id} device={device} />
        ))}
      </ul>
    </>
  );
};

const Generators = () => {
  const text = useText();
  const devices = useDevices();
  const { data: plan } = usePlan();
  return (
    <Answer query={devices}>
      {(rows) => {
        const generators = rows.filter(({ role }) => role === 'generator');
        if (generators.length === 0) return <Empty title={text('generators.none')} next={text('generators.none.next')} />;
        return (
          <ul className="machine-list">
            {generators.map((device) => (
              <GeneratorRow
                key={device.id}
                device={device}
                planned={Boolean(plan)}
                runs={plan?.generators.find(({ deviceId }) => deviceId === device.id)?.runs}
              />
            ))}
          </ul>
        );
      }}
    </Answer>
  );
};

const Batteries = () => {
  const text = useText();
  const sites = useSites();
  return (
    <Answer query={sites} lines={6}>
      {(rows) => {
        const batteries = batterySites(rows);
        if (batteries.length === 0) return <Empty title={text('batteries.none')} next={text('batteries.none.next')} />;
        return (
          <ul className="machine-list" tabIndex={0} aria-label={text('batteries.title')}>
            {batteries.map((site) => (
              <BatteryRow key={site.id} site={site} />
            ))}
          </ul>
        );
      }}
    </Answer>
  );
};

/** What can be commanded: generators with the runs planned for the next 24 hours, flexible loads, batteries with their charge. */
export const MachinesPanel = () => {
  const text = useText();
  return (
    <Panel title={text('machines.title')} className="machines">
      <h3>{text('generators.title')}</h3>
      <Generators />
      <Loads />
      <h3>{text('batteries.title')}</h3>
      <Batteries />
    </Panel>
  );
};
