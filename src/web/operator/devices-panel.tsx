import { Fragment, useMemo, useState } from 'react';

import { useDevices } from '../api/queries.js';
import type { DeviceRow } from '../api/types.js';
import { FlowMark } from '../design/flow.js';
import { type Format, readingOf, roughSpan } from '../design/format.js';
import { Answer, Choice, Empty, Panel, ScrollTable } from '../design/parts.js';
import { useFormat, usePlantNow } from '../design/plant-clock.js';
import { type Text, useText } from '../messages/text.js';
import { devicesShown, flowsOfRole, loadStateOf, powerOf } from './device-figures.js';

const ageText = (text: Text, atMs: number | undefined, nowMs: number | undefined): string => {
  if (atMs === undefined) return text('device.neverRead');
  if (nowMs === undefined) return '';
  const { value, unit } = roughSpan(Math.max(0, nowMs - atMs));
  return text(`span.short.${unit}`, { value });
};

const readingText = (format: Format, name: string, value: number): string => {
  const { unit, scale } = readingOf(name);
  const digits = unit === 'kWh' || unit === 'V' ? 1 : unit === 'Hz' || unit === 'A' ? 2 : Number.isInteger(value) ? 0 : 1;
  return `${format.number(value * scale, digits)} ${unit}`.trim();
};

const AllValues = ({ device }: { device: DeviceRow }) => {
  const text = useText();
  const format = useFormat();
  return (
    <tr className="device-more">
      <td colSpan={7}>
        <dl>
          {device.decided.map(({ control, reason, cuts }) => (
            <div key={control} className="device-why" data-testid={`why-${device.id}`}>
              <dt>{text('device.why')}</dt>
              <dd>{[reason, ...cuts.map(({ by, why }) => `${by}: ${why}`)].join(' · ')}</dd>
            </div>
          ))}
          <div>
            <dt>{text('device.profile')}</dt>
            <dd>{device.profile}</dd>
          </div>
          <div>
            <dt>{text('device.address')}</dt>
            <dd>{device.address}</dd>
          </div>
          {Object.entries(device.values).map(([name, value]) => (
            <div key={name}>
              <dt>{readingOf(name).label}</dt>
              <dd>{readingText(format, name, value)}</dd>
            </div>
          ))}
        </dl>
      </td>
    </tr>
  );
};

const LeaseCell = ({ device, nowMs }: { device: DeviceRow; nowMs?: number }) => {
  const text = useText();
  if (device.lockedOut) return <td className="device-lease">{text('device.lockedOut')}</td>;
  if (!device.lease) return <td className="device-lease muted">{text('device.noLease')}</td>;
  const leftS = nowMs === undefined ? undefined : Math.max(0, Math.round((device.lease.expiresAtMs - nowMs) / 1_000));
  return (
    <td className="device-lease">
      {device.lease.setpoint} <span className="muted">{text('device.leaseBy', { owner: device.lease.owner, left: leftS ?? 0 })}</span>
    </td>
  );
};

const DeviceLine = ({ device, nowMs }: { device: DeviceRow; nowMs?: number }) => {
  const text = useText();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const socPct = device.values['battery.socPct'];
  const loadState = loadStateOf(device);
  return (
    <Fragment>
      <tr data-health={device.health} data-testid={`device-${device.id}`}>
        <th scope="row">
          <button type="button" className="unfold" aria-expanded={open} onClick={() => setOpen(!open)}>
            <span className="visually-hidden">{text(open ? 'device.less' : 'device.more')}</span> {device.name}
          </button>
        </th>
        <td className="device-health" data-health={device.health} title={device.reason}>
          {text(`health.${device.health}`)}
          {device.reason && device.health !== 'online' ? <span className="device-reason"> {device.reason}</span> : null}
        </td>
        <td>{device.siteName}</td>
        <td className="device-role">
          {flowsOfRole[device.role].map((flow) => (
            <FlowMark key={flow} flow={flow} size={15} />
          ))}
          {text(`role.${device.role}`)}
        </td>
        <td className="number">{ageText(text, device.readAtMs, nowMs)}</td>
        <td className="number" data-stale={device.health !== 'online'}>
          {format.power(powerOf(device), 'kW', 2)}
          <span className="device-soc">
            {socPct === undefined ? '' : `${format.percent(socPct)} %`}
            {loadState ? text(`load.${loadState}`) : ''}
          </span>
        </td>
        <LeaseCell device={device} nowMs={nowMs} />
      </tr>
      {open ? <AllValues device={device} /> : null}
    </Fragment>
  );
};

const DeviceTable = ({ devices, all }: { devices: DeviceRow[]; all: DeviceRow[] }) => {
  const text = useText();
  const nowMs = usePlantNow(1_000);
  if (all.length === 0) return <Empty title={text('devices.none')} next={text('devices.none.next')} />;
  if (devices.length === 0) return <Empty title={text('devices.noMatch')} next={text('devices.noMatch.next')} />;
  return (
    <ScrollTable caption={text('devices.title')} className="devices" testId="devices-table">
      <thead>
        <tr>
          <th scope="col">{text('device.name')}</th>
          <th scope="col">{text('device.state')}</th>
          <th scope="col">{text('device.site')}</th>
          <th scope="col">{text('device.role')}</th>
          <th scope="col" className="number">
            {text('device.age')}
          </th>
          <th scope="col" className="number">
            {text('device.power')}
          </th>
          <th scope="col">{text('device.lease')}</th>
        </tr>
      </thead>
      <tbody>
        {devices.map((device) => (
          <DeviceLine key={device.id} device={device} nowMs={nowMs} />
        ))}
      </tbody>
    </ScrollTable>
  );
};

export const DevicesPanel = () => {
  const text = useText();
  const query = useDevices();
  const [words, setWords] = useState('');
  const [which, setWhich] = useState<'all' | 'attention'>('all');
  const shown = useMemo(() => devicesShown(query.data ?? [], words, which === 'attention'), [query.data, words, which]);
  const filter = (
    <>
      <Choice
        label={text('devices.which')}
        value={which}
        onChange={setWhich}
        options={[
          { value: 'all', text: text('devices.all') },
          { value: 'attention', text: text('devices.attention') },
        ]}
      />
      <input
        type="search"
        className="search"
        aria-label={text('devices.search')}
        placeholder={text('devices.search')}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
    </>
  );
  return (
    <Panel title={text('devices.title')} aside={filter}>
      <Answer query={query} lines={8}>
        {(devices) => <DeviceTable devices={shown} all={devices} />}
      </Answer>
    </Panel>
  );
};
