import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SupervisorSocket } from '../../src/field/adapters/supervisor-socket.js';
import { ModbusSerialLinks } from '../../src/field/adapters/modbus-serial-link.js';
import { ModbusFieldControl } from '../../src/field/field-control.js';
import { HeldControls } from '../../src/field/held-controls.js';
import { FieldDevices } from '../../src/field/field-devices.js';
import { FieldService } from '../../src/field/field.service.js';
import { RecordingSink } from '../../src/field/testing/recording-sink.js';
import type { Device, DeviceRole } from '../../src/fleet/plant.js';
import { MINUTE_MS, SECOND_MS } from '../../src/kernel/units.js';
import { ManualClock } from '../../src/platform/clock.js';
import { FaultProxy, parseWireFault, type RunningFleet, startFleet, type VirtualSite } from '../../src/simulator/index.js';
import { WireClient } from '../../src/simulator/wire.fixture.js';

const NOON = Date.UTC(2025, 5, 21, 11, 0, 0);
const pack = {
  capacityWh: 10_000,
  maxChargeW: 5_000,
  maxDischargeW: 5_000,
  chargeEfficiency: 0.95,
  dischargeEfficiency: 0.95,
  minSocPct: 5,
  maxSocPct: 100,
};
const site = (id: string, seed: number): VirtualSite => ({
  id,
  seed,
  kind: 'home',
  zone: 'Europe/Berlin',
  latitude: 48,
  longitude: 11,
  host: '127.0.0.1',
  port: 0,
  load: { kind: 'made-up', meanW: 600 },
  meter: { id: `${id}-meter`, unitId: 1, map: 'sunspec-203' },
  pv: { id: `${id}-pv`, unitId: 2, models: '113', ratedW: 7_000, array: { peakW: 8_000, tiltDeg: 30, azimuthDeg: 180 } },
  battery: { id: `${id}-battery`, unitId: 3, models: '124', ratedW: 5_000, pack },
});
const ROLES: readonly [string, DeviceRole, number][] = [
  ['meter', 'grid-meter', 1],
  ['pv', 'pv', 2],
  ['battery', 'battery', 3],
];
const PERIOD_MS = 200;

/** Two homes on the wire; what lies between the plant and the first can be made faulty. The second has a wire of its own. */
describe('a fault on the wire', () => {
  let clock: ManualClock;
  let fleet: RunningFleet;
  let proxy: FaultProxy;
  let sink: RecordingSink;
  let field: FieldService;

  beforeEach(async () => {
    clock = new ManualClock(NOON);
    fleet = await startFleet([site('faulty', 1), site('sound', 2)], { now: () => clock.now(), ticks: 'caller' });
    pass(5 * MINUTE_MS);
    proxy = await FaultProxy.listen(fleet.addresses.get('faulty')!, { host: '127.0.0.1', port: 0 });
    sink = new RecordingSink();
    const wired = new FieldDevices(new ModbusSerialLinks());
    field = new FieldService(
      wired,
      new ModbusFieldControl(wired, new SupervisorSocket('nowhere'), new HeldControls(undefined, 0), clock),
      sink,
      clock,
    );
    field.start([...devicesOf('faulty', proxy.address), ...devicesOf('sound', fleet.addresses.get('sound')!)]);
    await sink.next(['faulty', 'sound'].flatMap((id) => ROLES.map(([role]) => `${id}-${role}`)));
  });
  afterEach(async () => {
    await field.stop();
    await proxy.close();
    await fleet.stop();
  });

  const devicesOf = (siteId: string, address: { host: string; port: number }): Device[] =>
    ROLES.map(([name, role, unitId]) => ({
      id: `${siteId}-${name}`,
      siteId,
      name,
      role,
      profile: 'sunspec',
      pollPeriodMs: PERIOD_MS,
      reversion: 'device',
      ratedW: 7_000,
      direction: 1,
      address: { ...address, unitId },
    }));
  const pass = (ms: number): void => {
    for (const endMs = clock.now() + ms; clock.now() < endMs;) {
      clock.set(clock.now() + SECOND_MS);
      fleet.tick(clock.now());
    }
  };
  /** Time stands still for the virtual hardware unless a test moves it: there is one right answer at each moment. */
  const sunW = (): number => fleet.stateOf('faulty').powers.pvW!;
  const valuesOf = (id: string, from: number) =>
    sink.samples.slice(from).flatMap(({ deviceId, values }) => (deviceId === id ? [values] : []));
  const sunOfFaulty = (from: number): (number | undefined)[] => valuesOf('faulty-pv', from).map((values) => values['pv.powerW']);
  const wrongOf = (powers: readonly (number | undefined)[], truthW = sunW()): (number | undefined)[] =>
    powers.filter((powerW) => powerW === undefined || Math.abs(powerW - truthW) >= 1);
  const times = (id: string, count: number): Promise<void> => {
    const from = sink.samples.length;
    return sink.until(() => valuesOf(id, from).length >= count);
  };
  const soundHealth = () => sink.changes.filter(({ deviceId, health }) => deviceId.startsWith('sound') && health !== 'online');
  const fallsSilent = (from: number): Promise<void> =>
    sink.until(() => sink.changes.slice(from).some(({ deviceId, health }) => deviceId === 'faulty-pv' && health !== 'online'));

  interface Borne {
    /** Powers that were told and not so, while the fault was on and after it. */
    readonly wrong: readonly (number | undefined)[];
    /** Changes of health of devices that the fault is no concern of. */
    readonly disturbed: readonly unknown[];
  }
  const UNSHAKEN: Borne = { wrong: [], disturbed: [] };

  /** Puts the fault on, waits until it is felt, lets others be polled for a while, takes it off and waits for the device. */
  const bear = async (text: string, unitId?: number): Promise<Borne> => {
    const [samples, changes] = [sink.samples.length, sink.changes.length];
    await proxy.set(parseWireFault(text), unitId);
    await fallsSilent(changes);
    await times('sound-meter', 5);
    if (unitId !== undefined) await times('faulty-meter', 3);
    const wrong = wrongOf(sunOfFaulty(samples));
    pass(30 * SECOND_MS);
    const from = sink.samples.length;
    await proxy.set(undefined);
    await sink.next(['faulty-meter', 'faulty-pv', 'faulty-battery']);
    return { wrong: [...wrong, ...wrongOf(sunOfFaulty(from).slice(-1))], disturbed: soundHealth() };
  };

  it.each(['exception:1', 'exception:2', 'exception:4', 'exception:6', 'exception:11'])(
    '%s concerns the unit that says it',
    { timeout: 30_000 },
    async (text) => {
      expect(await bear(text, 2)).toEqual(UNSHAKEN);
    },
  );

  it.each(['late:1500', 'wrong-transaction', 'wrong-function', 'short-frame', 'garbage', 'byte-swapped', 'half-open'])(
    '%s of one unit makes no number up, and its gateway serves the others',
    { timeout: 30_000 },
    async (text) => {
      expect(await bear(text, 2)).toEqual(UNSHAKEN);
    },
  );

  it.each(['late:1500', 'garbage', 'half-open', 'refused', 'byte-swapped'])(
    '%s of a whole connection leaves other connections alone',
    { timeout: 30_000 },
    async (text) => {
      expect(await bear(text)).toEqual(UNSHAKEN);
    },
  );

  it('a device that boots again in the middle of an answer comes back by itself', { timeout: 30_000 }, async () => {
    const [samples, changes] = [sink.samples.length, sink.changes.length];
    await proxy.set(parseWireFault('reboot:600'));
    await fallsSilent(changes);
    expect(wrongOf(sunOfFaulty(samples))).toEqual([]);
    pass(30 * SECOND_MS);
    const from = sink.samples.length;
    await sink.next(['faulty-meter', 'faulty-pv', 'faulty-battery']);
    expect(wrongOf(sunOfFaulty(from))).toEqual([]);
    expect(soundHealth()).toEqual([]);
  });

  it('a device that serves one client serves the plant on, and turns a second one away', async () => {
    await proxy.set(parseWireFault('single-client'));
    const second = await WireClient.connect(proxy.address)
      .then(
        (client) => client.holding(2, 40_000, 2),
        (error: unknown) => Promise.reject(error as Error),
      )
      .catch(() => 'turned away');
    expect(second).toBe('turned away');
    await times('faulty-pv', 3);
    expect(sink.changes.filter(({ health }) => health !== 'online')).toEqual([]);
  });

  it('values that are stuck are told as the device tells them, and right again afterwards', async () => {
    const stuckW = sunW();
    await proxy.set(parseWireFault('stuck'), 2);
    await times('faulty-pv', 2);
    pass(10 * MINUTE_MS);
    const from = sink.samples.length;
    await times('faulty-pv', 2);
    // That they are old is for the quality gate to notice; the field makes up nothing in their place.
    expect(wrongOf(sunOfFaulty(from), stuckW)).toEqual([]);
    await proxy.set(undefined);
    await times('faulty-pv', 2);
    expect(wrongOf(sunOfFaulty(0).slice(-1))).toEqual([]);
  });

  it('a counter that begins anew is told as it is, beside the power it has nothing to do with', async () => {
    const client = await WireClient.connect(fleet.addresses.get('faulty')!);
    const at = (await client.chain(1)).get(203)!;
    await client.close();
    const importCounter = at + 2 + 44;
    await proxy.set(parseWireFault(`counter-reset:${importCounter}:2`), 1);
    await times('faulty-meter', 2);
    const from = sink.samples.length;
    pass(10 * MINUTE_MS);
    await times('faulty-meter', 2);
    const last = valuesOf('faulty-meter', from).at(-1)!;
    expect(last['grid.toBusCounterWh']).toBeLessThan(2_000);
    expect(last['grid.powerW']).toBeCloseTo(fleet.stateOf('faulty').powers.gridW!, -1);
  });

  it('is not believed to be one when it is written wrongly', () => {
    expect(() => parseWireFault('late')).toThrow('late:1500');
    expect(() => parseWireFault('exception:999')).toThrow('exception:6');
    expect(() => parseWireFault('gremlin')).toThrow(/fault "gremlin": give one like late:1500.*half-open/);
  });
});
