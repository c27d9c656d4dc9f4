import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../fleet/plant.js';
import { ManualClock } from '../platform/clock.js';
import { ModbusSerialLinks } from './adapters/modbus-serial-link.js';
import { SupervisorSocket } from './adapters/supervisor-socket.js';
import { ModbusFieldControl } from './field-control.js';
import { FieldDevices } from './field-devices.js';
import { HeldControls } from './held-controls.js';
import type { Lease, Setpoint } from './setpoint.js';
import { Reverter } from './supervisor/reverter.js';
import { supervisorSocket } from './supervisor/supervised-lease.js';
import { SupervisedTable } from './supervisor/supervised-table.js';
import { Supervisor } from './supervisor/supervisor.js';
import { SupervisorServer } from './supervisor/supervisor-server.js';
import { ScriptedServer, unitRegisters, type UnitRegisters } from './testing/scripted-server.js';
import { type ModelValues, sunspecRegisters } from './testing/sunspec-registers.js';
import { DEVICES as TOLD, keba, loadLimit } from './testing/told-devices.js';
import { until } from '../../test/until.js';

const NOW = 1_700_000_000_000;
const [GOODWE_MODE, AUTOMATIC, CHARGING] = [47_511, 1, 11];

/** An inverter of the newer models: limits in tenths of a percent, and a value to fall back to. */
const DER: ModelValues[] = [
  { id: 1, values: { Mn: 'Helios', SN: 'D' } },
  { id: 701, values: { W: 0, W_SF: 0 } },
  { id: 702, values: { WMax: 5_000, WMaxRtg: 5_000, W_SF: 0 } },
  {
    id: 704,
    values: { WMaxLimPctEna: 0, WMaxLimPct: 1_000, WMaxLimPctRvrt: 1_000, WMaxLimPctEnaRvrt: 0, WMaxLimPctRvrtTms: 0, WMaxLimPct_SF: -1 },
  },
];
const [CHARGE, LIMIT]: Setpoint[] = [
  { kind: 'battery-power', powerW: -2_000 },
  { kind: 'pv-limit', maxW: 4_000 },
] as const;
const FALLBACK = { kind: 'pv-limit', maxW: 1_500 } as const;

/** Devices of many kinds on one gateway, the plant's control over them, and a supervisor beside it. */
describe('keeping leases', () => {
  let folder: string;
  let gateway: ScriptedServer;
  let devices: FieldDevices;
  let clock: ManualClock;
  let control: ModbusFieldControl;
  let supervisor: Supervisor;
  let server: SupervisorServer;

  const device = (id: string, profile: string, unitId: number, changes: Partial<Device> = {}): Device => ({
    id,
    siteId: 'home',
    name: '',
    role: profile === 'sunspec' ? 'pv' : profile === 'deep-sea-gencomm' ? 'generator' : 'hybrid',
    profile,
    address: { host: '127.0.0.1', port: gateway.port, unitId },
    direction: 1,
    pollPeriodMs: 1_000,
    reversion: profile === 'sunspec' ? 'device' : 'supervisor',
    ratedW: 10_000,
    ...changes,
  });
  const lease = (deviceId: string, setpoint: Setpoint, changes: Partial<Lease> = {}): Lease => ({
    deviceId,
    owner: 'plan',
    setpoint,
    expiresAtMs: clock.now() + 60_000,
    ...changes,
  });
  const start = (plant: readonly Device[]): void => {
    devices = new FieldDevices(new ModbusSerialLinks());
    devices.open(plant);
    const held = new HeldControls(join(folder, 'held.json'), clock.now());
    control = new ModbusFieldControl(devices, new SupervisorSocket(folder), held, clock);
  };
  const kindOf = async (asked: Lease): Promise<string> => (await control.assert([asked]))[0]!.kind;
  const writesTo = (unitId: number, address?: number): number =>
    gateway.requests.filter((one) => one.functionCode === 16 && one.unitId === unitId && (address ?? one.address) === one.address).length;
  const unit = (unitId: number, registers: UnitRegisters): UnitRegisters => {
    gateway.units.set(unitId, registers);
    return registers;
  };
  const goodwe = (unitId: number): UnitRegisters => unit(unitId, unitRegisters({ [GOODWE_MODE]: [AUTOMATIC, 0] }));

  const startSupervisor = async (): Promise<void> => {
    const reverter = new Reverter(new ModbusSerialLinks());
    supervisor = new Supervisor(new SupervisedTable(folder), (due) => reverter.end(due), pino({ level: 'silent' }));
    server = new SupervisorServer(supervisor);
    await server.listen(supervisorSocket(folder));
  };
  const stopSupervisor = async (): Promise<void> => {
    await supervisor.stop();
    await server.close();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heliograph-'));
    gateway = await ScriptedServer.listening();
    clock = new ManualClock(NOW);
    await startSupervisor();
  });
  afterEach(async () => {
    await stopSupervisor();
    control.close();
    await devices.close();
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  it('takes up a supervised setpoint that its predecessor renewed and left, however long ago', async () => {
    const registers = goodwe(1);
    const plant = [device('goodwe', 'goodwe-et', 1)];
    start(plant);
    expect(await kindOf(lease('goodwe', CHARGE))).toBe('confirmed');
    clock.set(NOW + 600_000);
    expect(await kindOf(lease('goodwe', CHARGE))).toBe('confirmed');
    control.close();
    await devices.close();
    clock.set(NOW + 7_200_000);
    start(plant);
    expect(await kindOf(lease('goodwe', CHARGE))).toBe('confirmed');
    expect(supervisor.leases()).toHaveLength(1);
    expect(await control.releaseAll()).toEqual({ released: ['goodwe'], unknown: [] });
    expect(registers.holding.get(GOODWE_MODE)).toBe(AUTOMATIC);
  });

  it('takes up a charger that shows its predecessor’s word still, though its timer has ended it long since', async () => {
    const registers = unit(1, keba());
    const plant = [device('wallbox', 'keba-kecontact', 1, { role: 'flexible-load', reversion: 'device' })];
    start(plant);
    expect(await kindOf(lease('wallbox', loadLimit(4_200)))).toBe('confirmed');
    control.close();
    await devices.close();
    clock.set(NOW + 7_200_000);
    start(plant);
    expect(await kindOf(lease('wallbox', loadLimit(8_400)))).toBe('confirmed');
    expect(registers.holding.get(5_004)).toBe(12_173);
    expect(await control.releaseAll()).toEqual({ released: ['wallbox'], unknown: [] });
    expect(registers.holding.get(1_603)).toBe(0);
  });

  it('leaves to the supervisor what it does not know for its own, and never forgets it there', async () => {
    goodwe(1);
    const plant = [device('goodwe', 'goodwe-et', 1)];
    start(plant);
    await kindOf(lease('goodwe', CHARGE));
    control.close();
    await devices.close();
    rmSync(join(folder, 'held.json'));
    start(plant);
    expect(await kindOf(lease('goodwe', CHARGE))).toBe('yielded');
    expect(await kindOf(lease('goodwe', CHARGE))).toBe('yielded');
    expect(supervisor.leases()).toHaveLength(1);
  });

  it('writes nothing after everything was handed back, though a device took its time to be read', async () => {
    goodwe(1);
    start([device('goodwe', 'goodwe-et', 1)]);
    gateway.script = ({ functionCode }) => (functionCode === 3 ? { kind: 'late', afterMs: 300 } : undefined);
    const asserted = control.assert([lease('goodwe', CHARGE)]);
    await pause(50);
    expect(await control.releaseAll()).toEqual({ released: [], unknown: [] });
    expect(await asserted).toMatchObject([{ kind: 'refused', reason: 'everything was handed back in the meantime' }]);
    expect([writesTo(1), control.leases(), supervisor.leases()]).toEqual([0, [], []]);
    // What is asked for after that is another matter.
    gateway.script = () => undefined;
    expect(await kindOf(lease('goodwe', CHARGE))).toBe('confirmed');
  });

  it('puts off only what may wait: a limit goes through at once, whatever the budget', async () => {
    goodwe(1);
    start([device('goodwe', 'goodwe-et', 1, { writesPerDay: 24 })]);
    const wish = (powerW: number): Lease => lease('goodwe', { kind: 'battery-power', powerW }, { mayWait: true });
    expect([await kindOf(wish(5_000)), await kindOf(wish(4_000))]).toEqual(['confirmed', 'deferred']);
    expect(await kindOf(lease('goodwe', { kind: 'battery-power', powerW: 0 }))).toBe('confirmed');
  });

  it('counts what comes and goes against the budget as well', async () => {
    goodwe(1);
    start([device('goodwe', 'goodwe-et', 1, { writesPerDay: 24 })]);
    const wish = (): Lease => lease('goodwe', CHARGE, { mayWait: true });
    expect(await kindOf(wish())).toBe('confirmed');
    await control.release('goodwe', 'battery-power');
    const before = writesTo(1);
    for (let i = 0; i < 5; i += 1) expect(await kindOf(wish())).toBe('deferred');
    expect(writesTo(1)).toBe(before);
  });

  it('knows its own fallback again after an outage, and a stranger’s limit too', async () => {
    const registers = unit(1, unitRegisters({ 40_000: sunspecRegisters(DER) }));
    start([device('der', 'sunspec', 1, { ratedW: 5_000 })]);
    const short = (): Lease => lease('der', LIMIT, { fallback: FALLBACK, expiresAtMs: clock.now() + 1_000 });
    expect(await kindOf(short())).toBe('confirmed');
    const [limit] = [...registers.holding].find(([, word]) => word === 800)!;
    // The network was away for so long that the inverter went over to its fallback.
    await pause(1_100);
    registers.holding.set(limit, 300);
    expect(await kindOf(short())).toBe('confirmed');
    expect(registers.holding.get(limit)).toBe(800);
    registers.holding.set(limit, 300);
    expect(await kindOf(lease('der', LIMIT, { fallback: FALLBACK }))).toBe('yielded');
  });

  it('leaves what a site owes on a device whose supervisor is gone, and takes it up again', async () => {
    const registers = unit(1, unitRegisters({ 40_000: sunspecRegisters(DER) }));
    const plant = [device('der', 'sunspec', 1, { ratedW: 5_000, reversion: 'supervisor' })];
    start(plant);
    const owed = (): Lease => lease('der', LIMIT, { fallback: FALLBACK });
    const left = { kind: 'refused', reason: expect.stringContaining('(left at its fallback of 1500 W)'), leftAtW: 1_500 };
    expect(await kindOf(owed())).toBe('confirmed');
    const [limit] = [...registers.holding].find(([, word]) => word === 800)!;
    await stopSupervisor();
    expect(await control.assert([owed()])).toMatchObject([left]);
    expect([registers.holding.get(limit), registers.holding.get(limit - 1)]).toEqual([300, 1]);
    // Neither the next cycle nor the next plant takes it for a stranger's, or writes it anew.
    const before = writesTo(1);
    expect(await control.assert([owed()])).toMatchObject([left]);
    control.close();
    await devices.close();
    start(plant);
    expect(await control.assert([owed()])).toMatchObject([left]);
    expect([writesTo(1), control.leases()]).toEqual([before, []]);
    await startSupervisor();
    expect(await kindOf(owed())).toBe('confirmed');
    expect(registers.holding.get(limit)).toBe(800);
  });

  it('keeps the timers of a device alive whose other control needs the supervisor', async () => {
    const { registers } = TOLD['sungrow-sh']!;
    unit(1, registers());
    start([device('sungrow', 'sungrow-sh', 1)]);
    expect(await kindOf(lease('sungrow', CHARGE))).toBe('confirmed');
    expect(supervisor.leases()).toEqual([]);
    expect(await kindOf(lease('sungrow', CHARGE, { expiresAtMs: NOW + 150_000 }))).toBe('confirmed');
    expect(writesTo(1, 13_079)).toBe(2);
    expect(await kindOf(lease('sungrow', LIMIT))).toBe('confirmed');
    expect(supervisor.leases()).toMatchObject([{ control: 'pv-limit' }]);
  });

  it('takes back the call to start of an engine that has tripped', async () => {
    const registers = unit(1, TOLD['deep-sea-gencomm']!.registers());
    start([device('genset', 'deep-sea-gencomm', 1)]);
    expect(await kindOf(lease('genset', { kind: 'generator', run: true, powerW: 10_000 }))).toBe('confirmed');
    registers.holding.set(1_408, 0);
    const before = writesTo(1);
    expect(await control.releaseAll()).toEqual({ released: ['genset'], unknown: [] });
    expect(writesTo(1)).toBeGreaterThan(before);
    expect(supervisor.leases()).toEqual([]);
  });

  it('frees some devices of a slow bus where the time does not do for all', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => i + 1);
    const all = ids.map((unitId) => goodwe(unitId));
    start(ids.map((unitId) => device(`goodwe-${unitId}`, 'goodwe-et', unitId)));
    await control.assert(ids.map((unitId) => lease(`goodwe-${unitId}`, CHARGE)));
    expect(all.every(({ holding }) => holding.get(GOODWE_MODE) === CHARGING)).toBe(true);
    gateway.script = () => ({ kind: 'late', afterMs: 30 });
    const { released, unknown } = await control.releaseAll(1_200);
    expect(released.length).toBeGreaterThan(1);
    expect(released.length + unknown.length).toBe(12);
    // Nobody waits for the rest, but it is released all the same.
    await until(() => expect(all.every(({ holding }) => holding.get(GOODWE_MODE) === AUTOMATIC)).toBe(true));
  });

  it('asks a device that wrote, refused and undid it again only after a pause, longer each time', async () => {
    const registers = unit(1, unitRegisters({ 40_000: sunspecRegisters(DER) }));
    start([device('der', 'sunspec', 1, { ratedW: 5_000 })]);
    const timers = new Set<number>();
    // It keeps no timer: whatever is written to it reads as nothing.
    registers.onWrite = (address, words) => {
      if (words.includes(60)) timers.add(address + words.indexOf(60));
      for (const timer of timers) registers.holding.set(timer, 0);
    };
    expect(await kindOf(lease('der', LIMIT))).toBe('refused');
    const before = writesTo(1);
    for (let i = 0; i < 4; i += 1) expect(await kindOf(lease('der', LIMIT))).toBe('refused');
    expect(writesTo(1)).toBe(before);
    expect(await kindOf(lease('der', LIMIT, { owner: 'operator' }))).toBe('refused');
    expect(writesTo(1)).toBeGreaterThan(before);
  });

  it('believes no clock that would make a lease of an hour, nor one that says it has not begun', async () => {
    const registers = unit(1, unitRegisters({ 40_000: sunspecRegisters(DER) }));
    start([device('der', 'sunspec', 1, { ratedW: 5_000 })]);
    await kindOf(lease('der', LIMIT, { expiresAtMs: clock.now() + 3_600_000 }));
    expect([...registers.holding.values()]).toContain(300);
    await control.releaseAll();
    await kindOf(lease('der', LIMIT, { expiresAtMs: clock.now() + 1_000 }));
    clock.set(NOW - 3_600_000);
    expect(control.leases()).toHaveLength(1);
    await pause(1_100);
    expect(control.leases()).toEqual([]);
  });
});
