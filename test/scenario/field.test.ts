import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device, DeviceRole } from '../../src/fleet/plant.js';
import { MINUTE_MS, SECOND_MS } from '../../src/kernel/units.js';
import { ManualClock } from '../../src/platform/clock.js';
import { type RunningFleet, startFleet, type VirtualSite } from '../../src/simulator/index.js';
import { SupervisorSocket } from '../../src/field/adapters/supervisor-socket.js';
import { ModbusSerialLinks } from '../../src/field/adapters/modbus-serial-link.js';
import { ModbusFieldControl } from '../../src/field/field-control.js';
import { HeldControls } from '../../src/field/held-controls.js';
import { FieldDevices } from '../../src/field/field-devices.js';
import { FieldService } from '../../src/field/field.service.js';
import { loadProfiles, profileNamed } from '../../src/field/profiles.js';
import type { Lease, Setpoint } from '../../src/field/setpoint.js';
import { RecordingSink } from '../../src/field/testing/recording-sink.js';

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
const array = { peakW: 8_000, tiltDeg: 30, azimuthDeg: 180 };
const profiles = loadProfiles();
const place = { zone: 'Europe/Berlin', latitude: 48, longitude: 11, host: '127.0.0.1', port: 0 };

const SITES: VirtualSite[] = [
  {
    id: 'plain',
    seed: 1,
    kind: 'home',
    ...place,
    load: { kind: 'made-up', meanW: 600 },
    meter: { id: 'plain-meter', unitId: 1, map: 'sunspec-203' },
    pv: { id: 'plain-pv', unitId: 2, models: '113', ratedW: 7_000, array },
    battery: { id: 'plain-battery', unitId: 3, models: '124', ratedW: 5_000, pack },
  },
  {
    id: 'hybrid',
    seed: 2,
    kind: 'home',
    ...place,
    load: { kind: 'made-up', meanW: 800 },
    meter: { id: 'hybrid-meter', unitId: 1, map: profileNamed(profiles, 'eastron-sdm630'), direction: -1 },
    hybrid: { id: 'hybrid-hybrid', unitId: 2, ratedW: 8_000, array, pack },
  },
  {
    id: 'community',
    seed: 3,
    kind: 'community-battery',
    ...place,
    load: { kind: 'made-up' },
    meter: { id: 'community-meter', unitId: 1, map: 'sunspec-203' },
    battery: {
      id: 'community-battery',
      unitId: 2,
      models: '704',
      ratedW: 50_000,
      pack: { ...pack, capacityWh: 100_000, maxChargeW: 50_000, maxDischargeW: 50_000 },
    },
  },
  {
    id: 'gensets',
    seed: 4,
    kind: 'generators',
    ...place,
    load: { kind: 'made-up' },
    meter: { id: 'gensets-meter', unitId: 1, map: 'sunspec-203' },
    generators: [
      {
        id: 'gensets-generator',
        unitId: 2,
        map: profileNamed(profiles, 'virtual-genset'),
        minW: 3_000,
        maxW: 20_000,
        rampWPerS: 2_000,
        warmUpS: 3,
        coolDownS: 2,
        minUpS: 0,
        minDownS: 0,
        noLoadLitresPerH: 1,
        litresPerKwh: 0.3,
        tankLitres: 100,
      },
    ],
  },
];

const ROLES: readonly [string, DeviceRole, string][] = [
  ['plain-meter', 'grid-meter', 'sunspec'],
  ['plain-pv', 'pv', 'sunspec'],
  ['plain-battery', 'battery', 'sunspec'],
  ['hybrid-meter', 'grid-meter', 'eastron-sdm630'],
  ['hybrid-hybrid', 'hybrid', 'sunspec'],
  ['community-meter', 'grid-meter', 'sunspec'],
  ['community-battery', 'battery', 'sunspec'],
  ['gensets-meter', 'grid-meter', 'sunspec'],
  ['gensets-generator', 'generator', 'virtual-genset'],
];

describe('the field, on simulated hardware', () => {
  let clock: ManualClock;
  let fleet: RunningFleet;
  let sink: RecordingSink;
  let control: ModbusFieldControl;
  let field: FieldService;

  const unitOf = (id: string): number =>
    SITES.flatMap(({ meter, pv, battery, hybrid, generators }) => [meter, pv, battery, hybrid, ...(generators ?? [])]).find(
      (device) => device?.id === id,
    )!.unitId;

  const devices = (): Device[] =>
    ROLES.map(([id, role, profile]) => {
      const siteId = id.split('-')[0]!;
      return {
        id,
        siteId,
        name: id,
        role,
        profile,
        pollPeriodMs: 500,
        reversion: 'device',
        ratedW: 5_000,
        direction: id === 'hybrid-meter' ? -1 : 1,
        address: { ...fleet.addresses.get(siteId)!, unitId: unitOf(id) },
      };
    });

  beforeEach(async () => {
    clock = new ManualClock(NOON);
    fleet = await startFleet(SITES, { now: () => clock.now(), ticks: 'caller' });
    sink = new RecordingSink();
    const wired = new FieldDevices(new ModbusSerialLinks());
    control = new ModbusFieldControl(wired, new SupervisorSocket('nowhere'), new HeldControls(undefined, 0), clock);
    field = new FieldService(wired, control, sink, clock);
    pass(5 * MINUTE_MS);
    field.start(devices());
  });
  afterEach(async () => {
    await field.stop();
    await fleet.stop();
  });

  const pass = (ms: number): void => {
    for (const endMs = clock.now() + ms; clock.now() < endMs;) {
      clock.set(clock.now() + SECOND_MS);
      fleet.tick(clock.now());
    }
  };
  const lease = (deviceId: string, setpoint: Setpoint, forMs = MINUTE_MS): Lease => ({
    deviceId,
    owner: 'plan',
    setpoint,
    expiresAtMs: clock.now() + forMs,
  });

  it('tells what is so at every site, in the house’s signs', async () => {
    const samples = await sink.next(ROLES.map(([id]) => id));
    const value = (id: string, quantity: 'grid.powerW' | 'pv.powerW' | 'battery.powerW'): number => samples.get(id)!.values[quantity]!;
    const plain = fleet.stateOf('plain').powers;
    expect(value('plain-meter', 'grid.powerW')).toBeCloseTo(plain.gridW!, -1);
    expect(value('plain-pv', 'pv.powerW')).toBeCloseTo(plain.pvW!, -1);
    expect(value('plain-pv', 'pv.powerW')).toBeGreaterThan(500);
    expect(value('plain-battery', 'battery.powerW')).toBeCloseTo(plain.batteryW!, -1);
    const hybrid = fleet.stateOf('hybrid').powers;
    expect(value('hybrid-meter', 'grid.powerW')).toBeCloseTo(hybrid.gridW!, -1);
    expect(Math.abs(value('hybrid-hybrid', 'pv.powerW') - hybrid.pvW!)).toBeLessThan(0.01 * hybrid.pvW! + 10);
    const balance = value('hybrid-meter', 'grid.powerW') + value('hybrid-hybrid', 'pv.powerW') + value('hybrid-hybrid', 'battery.powerW');
    expect(Math.abs(balance - hybrid.loadW!)).toBeLessThan(10);
    expect(samples.get('gensets-generator')!.values).toMatchObject({ 'generator.state': 0, 'generator.powerW': 0 });
    expect(samples.get('community-battery')!.values['battery.socPct']).toBeCloseTo(50, -1);
    for (const sample of samples.values()) expect(sample.atMs).toBe(clock.now());
    expect(sink.changes.every(({ health }) => health === 'online')).toBe(true);
  });

  it('holds setpoints as leases, which the devices themselves end', async () => {
    const leases = [
      lease('plain-battery', { kind: 'battery-power', powerW: -1_500 }),
      lease('plain-pv', { kind: 'pv-limit', maxW: 700 }),
      lease('hybrid-hybrid', { kind: 'battery-power', powerW: 1_000 }),
      lease('community-battery', { kind: 'battery-power', powerW: 20_000 }),
      lease('gensets-generator', { kind: 'generator', run: true, powerW: 8_000 }),
    ];
    const outcomes = await control.assert(leases);
    expect(outcomes.map(({ kind }) => kind)).toEqual(leases.map(() => 'confirmed'));
    const byDevice = (all: readonly Lease[]): Lease[] => all.toSorted((a, b) => a.deviceId.localeCompare(b.deviceId));
    expect(byDevice(control.leases())).toEqual(byDevice(leases));
    pass(40 * SECOND_MS);
    const held = await sink.next(ROLES.map(([id]) => id));
    expect(held.get('plain-battery')!.values['battery.powerW']).toBeCloseTo(-1_500, -2);
    expect(held.get('plain-pv')!.values).toMatchObject({ 'device.limitPct': 10 });
    expect(held.get('plain-pv')!.values['pv.powerW']).toBeLessThanOrEqual(701);
    expect(held.get('community-battery')!.values['battery.powerW']).toBeCloseTo(20_000, -2);
    expect(held.get('gensets-generator')!.values['generator.powerW']).toBeCloseTo(8_000, -2);
    pass(40 * SECOND_MS);
    expect(control.leases()).toEqual([]);
    const after = await sink.next(ROLES.map(([id]) => id));
    expect(after.get('plain-pv')!.values).toMatchObject({ 'device.limitPct': 100 });
    expect(after.get('plain-pv')!.values['pv.powerW']).toBeGreaterThan(701);
    expect(after.get('community-battery')!.values['battery.powerW']).toBeCloseTo(0, -3);
    expect(after.get('gensets-generator')!.values['generator.state']).not.toBe(2);
  });

  it('hands everything back when it stops, and says which devices did not answer', async () => {
    await control.assert([
      lease('plain-pv', { kind: 'pv-limit', maxW: 700 }),
      lease('community-battery', { kind: 'battery-power', powerW: 9_000 }),
    ]);
    fleet.inject('plain', { kind: 'offline', deviceId: 'plain-pv', afterMs: 0, forMs: 60 * MINUTE_MS, answer: 'silence' });
    const beganAt = performance.now();
    expect(await field.stop()).toEqual({ released: ['community-battery'], unknown: ['plain-pv'] });
    expect(performance.now() - beganAt).toBeLessThan(5_000);
    pass(3 * SECOND_MS);
    expect(fleet.stateOf('community').powers.batteryW).toBeCloseTo(0, -3);
  });

  it('goes on with the rest of a bus when one unit falls silent, and comes back with it', async () => {
    await sink.next(['plain-pv', 'plain-meter', 'plain-battery']);
    fleet.inject('plain', { kind: 'offline', deviceId: 'plain-pv', afterMs: 0, forMs: 10 * SECOND_MS, answer: 'silence' });
    await sink.until(() => sink.changes.some(({ deviceId, health }) => deviceId === 'plain-pv' && health === 'stale'));
    for (let i = 0; i < 6; i += 1) await sink.next(['plain-meter', 'plain-battery']);
    expect(sink.changes.some(({ deviceId, health }) => deviceId === 'plain-meter' && health !== 'online')).toBe(false);
    pass(11 * SECOND_MS);
    await sink.until(() => sink.changes.filter(({ deviceId, health }) => deviceId === 'plain-pv' && health === 'online').length === 2);
  });
});
