import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { ManualClock } from '../platform/clock.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { FieldDevices } from './field-devices.js';
import { Poller } from './poller.js';
import { RecordingSink } from './testing/recording-sink.js';
import { ScriptedServer, unitRegisters } from './testing/scripted-server.js';
import { modelAddresses, sunspecRegisters } from './testing/sunspec-registers.js';

const METER = sunspecRegisters([
  { id: 1, values: { Mn: 'Helios', SN: 'M' } },
  { id: 203, values: { W: 250, W_SF: 0 } },
]);

describe('the poller', () => {
  let server: ScriptedServer;
  let devices: FieldDevices;
  let sink: RecordingSink;
  let poller: Poller;

  const device = (unitId: number, profile = 'sunspec'): Device => ({
    id: `meter-${unitId}`,
    siteId: 'home',
    name: '',
    role: 'grid-meter',
    profile,
    address: { host: '127.0.0.1', port: server.port, unitId },
    direction: 1,
    pollPeriodMs: 100,
    reversion: 'device',
    ratedW: 1,
  });
  const samplesOf = (id: string) => sink.samples.filter(({ deviceId }) => deviceId === id);
  const healthOf = (id: string) => sink.changes.filter(({ deviceId }) => deviceId === id).map(({ health }) => health);

  beforeEach(async () => {
    const units = [1, 2].map((id): [number, ReturnType<typeof unitRegisters>] => [id, unitRegisters({ 40_000: METER })]);
    server = await ScriptedServer.listening(Object.fromEntries(units));
    devices = new FieldDevices(new ModbusSerialLinks());
    sink = new RecordingSink();
    poller = new Poller(sink, new ManualClock(1_000), () => 0.5);
  });
  afterEach(async () => {
    await poller.stop();
    await devices.close();
    await server.close();
  });

  const start = (...polled: Device[]): void => {
    devices.open(polled);
    poller.start(devices.all());
  };

  it('reads the devices of a site right after one another, again and again', async () => {
    start(device(1), device(2));
    await sink.until(() => samplesOf('meter-2').length >= 5);
    server.requests.length = 0;
    await sink.next(['meter-1', 'meter-2']);
    await sink.next(['meter-1', 'meter-2']);
    expect(server.requests.slice(0, 4).map(({ unitId }) => unitId)).toEqual([1, 2, 1, 2]);
    expect(sink.samples.at(-1)).toMatchObject({ atMs: 1_000, values: { 'grid.powerW': 250 } });
    expect(sink.changes.map(({ health }) => health)).toEqual(['online', 'online']);
  });

  it('leaves a silent unit more and more alone, and keeps reading its neighbour', async () => {
    start(device(1), device(2));
    await sink.next(['meter-1', 'meter-2']);
    server.script = ({ unitId }) => (unitId === 2 ? { kind: 'silent' } : undefined);
    await sink.until(() => healthOf('meter-2').includes('offline'));
    server.requests.length = 0;
    const before = samplesOf('meter-1').length;
    await sink.until(() => samplesOf('meter-1').length >= before + 20);
    const asked = server.requests.filter(({ unitId }) => unitId === 2).length;
    expect(asked).toBeLessThanOrEqual(5);
    expect(healthOf('meter-1')).toEqual(['online']);
    expect(sink.changes.at(-1)).toMatchObject({ health: 'offline', reason: expect.stringContaining('no answer within') });
  });

  it('calls one lost poll stale, and has the device back with the fast retry', async () => {
    start(device(1));
    await sink.next(['meter-1']);
    let lost = 1;
    server.script = () => (lost-- > 0 ? { kind: 'exception', code: 4 } : undefined);
    await sink.until(() => healthOf('meter-1').length === 3);
    expect(healthOf('meter-1')).toEqual(['online', 'stale', 'online']);
  });

  it('tells of a device that was never there, and of one that is something else', async () => {
    server.units.set(2, unitRegisters({ 40_000: sunspecRegisters([{ id: 1, values: {} }]) }));
    start(device(7), device(2));
    await sink.until(() => sink.changes.length === 4);
    const reasons = new Map(sink.changes.map(({ deviceId, reason }) => [deviceId, reason]));
    expect(reasons.get('meter-7')).toContain('no answer behind the gateway');
    expect(reasons.get('meter-2')).toBe('unit 2 is no grid-meter: it has the models 1');
    expect(healthOf('meter-7')).toEqual(['stale', 'offline']);
    expect(sink.samples).toEqual([]);
  });

  it('says nothing more once it has stopped', async () => {
    start(device(1));
    await sink.next(['meter-1']);
    server.script = () => ({ kind: 'late', afterMs: 100 });
    const asked = server.requests.length;
    await sink.until(() => true);
    while (server.requests.length === asked) await new Promise((resolve) => setImmediate(resolve));
    const told = sink.samples.length;
    await poller.stop();
    expect(sink.samples).toHaveLength(told);
    expect(sink.changes).toHaveLength(1);
  });

  it('never reads a device faster than its profile allows', () => {
    devices.open([device(1, 'eastron-sdm630')]);
    expect(devices.get('meter-1')!.periodMs).toBe(1_000);
  });

  it('gives a device that is slow by its profile its time, also after it has failed', async () => {
    start({ ...device(7, 'huawei-sun2000'), role: 'hybrid' });
    await sink.until(() => healthOf('meter-7').includes('stale'));
    expect(devices.get('meter-7')!.unit.timeoutMs).toBe(5_000);
  });

  describe('what devices say of themselves', () => {
    const NOW_MS = Date.UTC(2026, 5, 1, 12);
    const inverter = (clockS: number) =>
      sunspecRegisters([
        { id: 1, values: { Mn: 'Helios', SN: 'I' } },
        { id: 103, values: { W: 250, W_SF: 0 } },
        { id: 121, values: { WMax: 5_000, WMax_SF: 0 } },
        { id: 122, values: { Tms: clockS } },
      ]);
    const clockS = (NOW_MS - Date.UTC(2000, 0, 1)) / 1_000 + 90;
    const pv = (): Device => ({ ...device(1), role: 'pv' });

    beforeEach(() => {
      poller = new Poller(sink, new ManualClock(NOW_MS), () => 0);
      server.units.set(1, unitRegisters({ 40_000: inverter(clockS) }));
    });

    it('is asked for beside the readings: the rating, and how far the clock is off', async () => {
      start(pv());
      await sink.until(() => sink.words.length > 0);
      await sink.next(['meter-1']);
      expect(sink.words).toEqual([{ deviceId: 'meter-1', ratedW: 5_000, clockAheadMs: 90_500 }]);
    });

    it('is not the time where the clock was never set', async () => {
      server.units.set(1, unitRegisters({ 40_000: inverter(3_600) }));
      start(pv());
      await sink.until(() => sink.words.length > 0);
      expect(sink.words).toEqual([{ deviceId: 'meter-1', ratedW: 5_000 }]);
    });

    it('is done without where a device refuses it, which is no missed poll', async () => {
      const clockAt = modelAddresses([
        { id: 1, values: { Mn: 'Helios', SN: 'I' } },
        { id: 103, values: {} },
        { id: 121, values: {} },
        { id: 122, values: {} },
      ]).get(122)!;
      server.script = ({ address }) => (address >= clockAt + 2 && address < clockAt + 46 ? { kind: 'exception', code: 4 } : undefined);
      start(pv());
      await sink.until(() => samplesOf('meter-1').length >= 3);
      expect([healthOf('meter-1'), sink.words]).toEqual([['online'], []]);
    });
  });
});
